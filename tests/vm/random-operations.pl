#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# In a guest: random-operations.pl FIRST_ADDRESS OPERATIONS [full]
# Registers, updates and unregisters through ./mdnl, at random; at the end, if it is to be full, fills the table, and
# sees the next one refused. Makes the file "done" and holds the regions until the machine dies.
#
#             random-operations.pl FIRST_ADDRESS until FILE
# Does the same with up to 40 regions until FILE is there; then says what it has, "id name address size" a line, and
# holds the regions until it is killed.
use strict;
use warnings;
use IPC::Open2;

my $base = hex($ARGV[0]);
my $until = $ARGV[1] eq 'until' ? $ARGV[2] : undef;
my $operations = $ARGV[1];
my $most = 40;
open2(my $from, my $to, './mdnl');
my (%held, $slots, $used);

sub ask {
	print $to "$_[0]\n";
	$to->flush();
	my $answer = '';
	while ($answer !~ /^(ok|error .*)$/m) {
		$answer .= <$from> // die "mdnl has ended\n";
	}
	return $answer;
}

sub any {
	return (sort keys %held)[rand(keys %held)];
}

sub range {
	my ($addr, $size) = ($base + 4096 * int(rand(4096)), 4 + 4 * int(rand(1000)));
	return (sprintf('paddr=%#x size=%d', $addr, $size), sprintf('%#x %d', $addr, $size));
}

sub add {
	my ($range, $said) = range();
	my $answer = ask("add name=$_[0] $range");
	$answer =~ /^region id=(\d+) / or die "$_[0]: $answer";
	$held{$1} = [$_[0], $said];
}

sub update {
	my ($range, $said) = range();
	my $answer = ask("update id=$_[0] $range");
	$answer =~ /^region / or die "update: $answer";
	$held{$_[0]}[1] = $said;
}

sub operate {
	my $what = rand();

	if ($what < 0.3 && %held < $most) {
		add('KRAND' . int(rand(100)));
	} elsif ($what < 0.5 && %held) {
		my $id = any();
		my $answer = ask("del id=$id");
		$answer eq "ok\n" or die "del $id: $answer";
		delete $held{$id};
	} elsif (%held) {
		update(any());
	}
}

if (defined($until)) {
	operate() while (! -e $until);
	print "$_ $held{$_}[0] $held{$_}[1]\n" for keys %held;
	close(STDOUT);
	sleep(1000);
}

sub fill {
	add('KFILL' . $_) for 1 .. $slots - $used - keys(%held);
	my $answer = ask('add name=KTOOMANY ' . (range())[0]);
	$answer =~ /^error ENOSPC: the table is full/ or die "one more than $slots: $answer";
	update(any());
}

srand(4711);
for my $object (qw(prb printk_ring printk_descs printk_infos printk_text)) {
	my $answer = ask("add object=$object");
	$answer =~ /^region / or die "$object: $answer";
}
($slots, $used) = `./mdnl backend` =~ /slots_max=(\d+).* slots_used=(\d+)/ or die 'no number of slots';
$most = $slots - $used - 12;
operate() for 1 .. $operations;
fill() if ($ARGV[2] // '') eq 'full';
open(my $done, '>', 'done');
close($done);
sleep(1000);
