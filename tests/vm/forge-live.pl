#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# forge-live.pl N: in a guest, N processes of nobody, one after the other, each with a forged table of its own kind in a
# huge page, whereupon the harness collects the machine (`inspect KIND ADDRESS`). Worst case: they know the kernel's
# table and where their page is, which takes root here.
use strict;
use warnings;
no warnings 'portable';
use POSIX ();

use constant { HUGE => 2 << 20, PAGE => 4096, CHUNK => 1 << 20, NOBODY => 65534, HEADER => 48, TOC => 336, SLOT => 40 };
use constant { SYS_read => 0, SYS_mmap => 9, SYS_madvise => 28, MADV_HUGEPAGE => 14 };
my $magic = 'QCOM-MINIDUMP-1';
my %copied = map { $_ => 1 } qw(KELF_HEADER KVMCOREINFO KQCMD_NOTE);

sub crc32 {
	my $crc = 0xffffffff;
	for my $byte (unpack 'C*', shift) {
		$crc ^= $byte;
		$crc = ($crc >> 1) ^ (0xedb88320 & -($crc & 1)) & 0xffffffff for 1 .. 8;
	}
	return $crc ^ 0xffffffff;
}

# The kernel's memory by physical address
my (@ranges, $kcore);
sub open_kcore {
	open $kcore, '<:raw', '/proc/kcore' or die "kcore: $!\n";
	sysread $kcore, my $head, 64 or die;
	my $count = unpack 'x56 v', $head;
	sysseek $kcore, unpack('x32 Q<', $head), 0;
	sysread $kcore, my $headers, 56 * $count or die;
	for my $i (0 .. $count - 1) {
		my ($type, undef, $offset, $vaddr, $paddr, $size) =
			unpack 'V V Q< Q< Q< Q<', substr $headers, 56 * $i, 56;
		# The direct map alone: what is below the kernel's image
		push @ranges, [$paddr, $size, $offset] if $type == 1 && $paddr < 1 << 46 && $vaddr < 0xffffe00000000000;
	}
}

sub physical {
	my ($at, $size) = @_;
	for my $range (@ranges) {
		my ($start, $length, $offset) = @$range;
		next if $at < $start || $at + $size > $start + $length;
		sysseek $kcore, $offset + $at - $start, 0;
		my $n = sysread $kcore, my ($data), $size;
		return defined $n && $n == $size ? $data : undef;
	}
	return undef;
}

# The table, with copies of what its slots name: that of this boot, as an earlier one may have left its own.
sub read_table {
	my $header = shift;
	my %true = (header => $header, toc => physical(unpack('x24 Q<', $header), TOC));
	return undef unless defined $true{toc};
	my ($count, $base) = unpack 'x32 V x4 Q<', $true{toc};
	return undef if $count > 10000;
	my $slots = physical($base, $count * SLOT) // return undef;
	$true{slots} = [map { [unpack 'a16 V V Q< Q<', substr $slots, $_ * SLOT, SLOT] } 0 .. $count - 1];
	for my $slot (@{$true{slots}}) {
		my $name = $slot->[0] =~ s/\0.*//sr;
		$true{regions}{$name} = physical($slot->[3], $slot->[4]) if $copied{$name};
		$true{vmcoreinfo} = $slot->[3] if $name eq 'KVMCOREINFO';
	}
	return \%true;
}

sub find_table {
	open my $file, '<', '/sys/kernel/vmcoreinfo' or die "vmcoreinfo: $!\n";
	my ($vmcoreinfo) = map { hex } split ' ', scalar <$file>;
	for my $range (@ranges) {
		for (my $at = $range->[0]; $at < $range->[0] + $range->[1]; $at += CHUNK) {
			my $rest = $range->[0] + $range->[1] - $at;
			my $chunk = physical($at, $rest < CHUNK ? $rest : CHUNK) // next;
			for (my $page = 0; $page + PAGE <= length $chunk; $page += PAGE) {
				next unless substr($chunk, $page, length $magic) eq $magic;
				my $header = substr $chunk, $page, HEADER;
				next unless unpack('x16 Q<', $header) == $at + $page
					&& unpack('x44 V', $header) == crc32(substr $header, 0, 44);
				my $true = read_table($header);
				return $true if $true && ($true->{vmcoreinfo} // 0) == $vmcoreinfo;
			}
		}
	}
	die sprintf "no table with VMCOREINFO at %#x\n", $vmcoreinfo;
}

sub align { my ($n, $to) = @_; return int(($n + $to - 1) / $to) * $to }

sub with_line {
	my ($note, $line) = @_;
	my ($name_size, $size, $kind) = unpack 'V3', $note;
	my $start = 12 + align($name_size, 4);
	my $text = substr($note, $start, $size) . $line;
	return pack('V3', $name_size, length $text, $kind) . substr($note, 12, $start - 12) . $text
		. "\0" x (align(length $text, 4) - length $text);
}

# What all kinds are made of: tables from a place of the page on, with what is to be other than in the true one.
sub table {
	my ($true, $at, %o) = @_;
	my ($header, $toc, @slots) = ($true->{header}, $true->{toc});
	my $data = '';
	my $next = align($at + HEADER + TOC + SLOT * @{$true->{slots}}, PAGE);
	for my $slot (@{$true->{slots}}) {
		my ($name, $first, $second, $address, $size) = @$slot;
		my $short = $name =~ s/\0.*//sr;
		next if $o{only} && $short ne $o{only};
		if ($true->{regions}{$short} && !$o{share}) {
			my $bytes = $true->{regions}{$short};
			$bytes = with_line($bytes, $o{line}) if $o{line} && $short eq 'KVMCOREINFO';
			$bytes = with_line($bytes, 'X' x 60000 . "\n") if $o{large} && $short eq 'KVMCOREINFO';
			$bytes = "\0" x length $bytes if $o{blank} && $short eq $o{blank};
			($address, $size) = ($next, length $bytes);
			$data .= $bytes . "\0" x (align($size, PAGE) - $size);
			$next += align($size, PAGE);
		}
		push @slots, pack 'a16 V V Q< Q<', $name, $first, $second, $address, $size;
	}
	@slots = () if $o{empty};
	substr $toc, 32, 4, pack 'V', $o{count} // scalar @slots;
	substr $toc, 40, 8, pack 'Q<', $at + HEADER + TOC;
	substr $header, 16, 16, pack 'Q< Q<', $at, $o{true_toc} ? unpack('x24 Q<', $header) : $at + HEADER;
	substr $header, 44, 4, pack 'V', crc32(substr $header, 0, 44);
	my $all = $header . $toc . join '', @slots;
	return $all . "\0" x (align(length $all, PAGE) - length $all) . $data;
}

my @kinds = (
	['whole', line => "CRASHTIME=2000000000\n"],
	['copy'],
	['decoys', empty => 1, pages => 400],
	['later-crash', line => "CRASHTIME=4000000000\n"],
	['early-crash', line => "CRASHTIME=1\n"],
	['shares-toc', true_toc => 1],
	['shares-regions', share => 1],
	['no-slots', empty => 1],
	['too-many-slots', count => 1 << 20],
	['vmcoreinfo-alone', only => 'KVMCOREINFO'],
	['elf-header-alone', only => 'KELF_HEADER'],
	['note-alone', only => 'KQCMD_NOTE'],
	['no-vmcoreinfo', blank => 'KVMCOREINFO'],
	['no-elf-header', blank => 'KELF_HEADER'],
	['no-note', blank => 'KQCMD_NOTE'],
	['other-release', line => "OSRELEASE=9.9.9\n"],
	['other-offset', line => "KERNELOFFSET=0\n"],
	['other-base', line => "NUMBER(phys_base)=0\n"],
	['other-page-tables', line => "SYMBOL(swapper_pg_dir)=ffffffff80000000\n"],
	['large', large => 1],
	['tables-sharing-regions', share => 1, pages => 100],
);

sub forge {
	my ($true, $at, $name, %o) = @_;
	return table($true, $at, %o) unless $o{pages};
	return join '', map { substr table($true, $at + $_ * PAGE, %o), 0, PAGE } 0 .. $o{pages} - 1;
}

# A huge page, and where it is; undef: the kernel gave none
sub huge_page {
	my $pagemap = shift;
	my $zeros = "\0" x HUGE;
	open my $zero, '<:raw', '/dev/zero' or die "zero: $!\n";
	my $map = align(syscall(SYS_mmap, 0, 2 * HUGE, 3, 0x22, -1, 0), HUGE);
	syscall SYS_madvise, $map, HUGE, MADV_HUGEPAGE;
	syscall(SYS_read, fileno $zero, $map, HUGE) == HUGE or die "no memory\n";
	sysseek $pagemap, $map / PAGE * 8, 0;
	sysread $pagemap, my $entries, HUGE / PAGE * 8;
	my @frames = map { $_ & (1 << 55) - 1 } unpack 'Q<*', $entries;
	return $frames[0] && $frames[0] * PAGE % HUGE == 0 && $frames[-1] == $frames[0] + $#frames ?
		($map, $frames[0] * PAGE) : ();
}

sub be_nobody {
	my ($true, $kind, $ready, $go) = @_;
	open my $pagemap, '<:raw', '/proc/self/pagemap' or die "pagemap: $!\n";
	$) = NOBODY . ' ' . NOBODY;
	POSIX::setgid(NOBODY);
	POSIX::setuid(NOBODY) or die "setuid: $!\n";
	$< == NOBODY && $> == NOBODY or die "not nobody\n";
	my ($map, $at) = huge_page($pagemap) or die "no huge page\n";
	open my $file, '+>', undef or die "temporary file: $!\n";
	binmode $file;
	syswrite $file, forge($true, $at, @$kind);
	sysseek $file, 0, 0;
	syscall(SYS_read, fileno $file, $map, HUGE) > 0 or die "nothing forged\n";
	# That, and no other copy of it: neither of Perl's nor in the page cache
	close $file;
	syswrite $ready, sprintf "%#x\n", $at;
	sysread $go, my $word, 1;
	open my $zero, '<:raw', '/dev/zero';
	syscall SYS_read, fileno $zero, $map, HUGE;
	POSIX::_exit(0);
}

open_kcore();
my $true = find_table();
for my $kind (@kinds[0 .. $ARGV[0] - 1]) {
	pipe my $ready, my $tells or die;
	pipe my $go, my $says or die;
	my $pid = fork;
	if (!$pid) {
		close $says;
		eval { be_nobody($true, $kind, $tells, $go) };
		print STDERR $@;
		POSIX::_exit(1);
	}
	close $tells;
	defined(my $address = <$ready>) or die "$kind->[0]: it has forged nothing\n";
	chomp $address;
	system('inspect', $kind->[0], $address) == 0 or die "$kind->[0]: inspect\n";
	close $says;
	waitpid $pid, 0;
	$? == 0 or die "$kind->[0]: it ended with $?\n";
}
