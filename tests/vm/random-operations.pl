#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: random-operations.pl FIRST_ADDRESS [OPERATIONS]
# Registers, updates and unregisters through ./mdnl, at random, until the table is all but full; then fills it, and sees
# the next one refused. With OPERATIONS only so many, and the table is not filled. Makes the file "done" and holds the
# regions until the machine dies.
use strict;
use warnings;
use IPC::Open2;

my $base = hex($ARGV[0]);
my $operations = $ARGV[1] // 10000;
open2(my $from, my $to, './mdnl');
my (@ids, $slots, $used);

sub ask {
	print $to "$_[0]\n";
	$to->flush();
	my $answer = '';
	while ($answer !~ /^(ok|error .*)$/m) {
		$answer .= <$from> // die "mdnl has ended\n";
	}
	return $answer;
}

sub range {
	return sprintf('paddr=%#x size=%d', $base + 4096 * int(rand(4096)), 4 + 4 * int(rand(1000)));
}

sub add {
	my $answer = ask(sprintf('add name=%s %s', $_[0], range()));
	$answer =~ /^region id=(\d+) / or die "$_[0]: $answer";
	push @ids, $1;
}

sub fill {
	add('KFILL' . $_) for 1 .. $slots - $used - @ids;
	my $answer = ask('add name=KTOOMANY ' . range());
	$answer =~ /^error ENOSPC: the table is full/ or die "one more than $slots: $answer";
	$answer = ask('update id=' . $ids[-1] . ' ' . range());
	$answer =~ /^region / or die "in a full table: $answer";
}

srand(4711);
for my $object (qw(prb printk_ring printk_descs printk_infos printk_text init_uts_ns node_states)) {
	my $answer = ask("add object=$object");
	$answer =~ /^region / or die "$object: $answer";
}
($slots, $used) = `./mdnl backend` =~ /slots_max=(\d+).* slots_used=(\d+)/ or die 'no number of slots';
my $most = $slots - $used - 12;
for (1 .. $operations) {
	my $what = rand();

	if ($what < 0.3 && @ids < $most) {
		add('KRAND' . int(rand(100)));
	} elsif ($what < 0.5 && @ids) {
		my $id = splice(@ids, int(rand(@ids)), 1);
		my $answer = ask("del id=$id");
		$answer eq "ok\n" or die "del $id: $answer";
	} elsif (@ids) {
		my $answer = ask("update id=$ids[rand(@ids)] " . range());
		$answer =~ /^region / or die "update: $answer";
	}
}
fill() if @ARGV < 2;
open(my $done, '>', 'done');
close($done);
sleep(1000);
