#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What a kernel and qcmdd themselves say shortly before the end, for check-dump.py. Lines of
#   symbol NAME=ADDRESS       what KernelTasks wants
#   kallsyms BASE64           all of them, compressed with gzip
#   kmsg RECORD               of the log, as /dev/kmsg has it
#   live PID NVCSW NIVCSW STATE PPID START CPU COMM     start in ticks
#   frame PID NAME+OFFSET/SIZE                          of that task, the newest first
#   status JSON               when all policies are whole, or after a minute
use strict;
use warnings;
use Fcntl;

sub slurp {
	open(my $file, '<', $_[0]) or return;
	local $/;
	return scalar <$file>;
}

my %wanted = map { $_ => 1 } qw(init_task runqueues __per_cpu_offset __start_BTF __stop_BTF);
my $kallsyms = slurp('/proc/kallsyms');
while ($kallsyms =~ /^(\S+) . (\S+)$/mg) {
	print "symbol $2=$1\n" if $wanted{$2};
}
print 'kallsyms ', `gzip -1 </proc/kallsyms | base64 -w 0`, "\n";

my $status = '';
for (1 .. 120) {
	$status = `qcmdctl --json=short status`;
	my $all_right = $? == 0;
	while ($status =~ /"wanted": *(\d+), *"registered": *(\d+)/g) {
		$all_right &&= $1 == $2;
	}
	last if $all_right;
	select(undef, undef, undef, 0.5);
}
$status =~ s/\n/ /g;
print "status $status\n";

# Nothing of it counts if the task has run meanwhile.
for my $folder (glob '/proc/[0-9]*/task/[0-9]*') {
	my ($before, $stack, $stat, $after) = map { slurp("$folder/$_") } qw(status stack stat status);
	next if !defined $after || !defined $stat || !defined $stack;
	my @switches = map { /^voluntary_ctxt_switches:\s+(\d+)\nnonvoluntary_ctxt_switches:\s+(\d+)/m ? "$1 $2" : '-' }
		$before, $after;
	next if $switches[0] ne $switches[1];
	my ($pid, $comm, $rest) = $stat =~ /^(\d+) \((.*)\) (.*)$/s or next;
	my @rest = split(' ', $rest);
	print "live $pid $switches[0] @rest[0, 1, 19, 36] $comm\n";
	print "frame $pid $1\n" while $stack =~ /^\[<0>\] (\S+)/mg;
}

sysopen(my $kmsg, '/dev/kmsg', O_RDONLY | O_NONBLOCK) or die;
while (sysread($kmsg, my $record, 8192)) {
	print 'kmsg ', (split(/\n/, $record))[0], "\n";
}
