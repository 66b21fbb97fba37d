#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A machine dies in one way after the other, and each time the dump says in one sentence how. The signatures are the
# same on all kernels.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/vm/lib-dump.sh
. "$(dirname "$0")/lib-dump.sh"

wrong=0

# Its dump is $work/NAME.elf; the script is what kills it.
dies() { # name, words for the kernel's command line, script
	local name=$1 append=$2
	rm -rf "$work/crash"
	# shellcheck disable=SC2016
	vm --bare --product modules --mem 512 --crash "$work/crash" --append "qcom_minidump.own=1 $append" \
		>"$work/said" 2>&1 <<<'modprobe qcom_minidump_ram && modprobe qcom_minidump_panic || exit 1
sysctl() { echo "$2" >"/proc/sys/kernel/$1"; }
'"$3" || {
		cat "$work/said"
		fail "$name: the machine did not die as it was to"
	}
	"$qcmdump" collect "$work/crash/ram.bin" -f -o "$work/$name.elf" >"$work/said" 2>&1 ||
		fail "$name: $(cat "$work/said")"
	}

said() { # field of the cause
	"$qcmdump" info --json "$work/$name.elf" |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["cause"][sys.argv[1]])' "$1"
}

# What is wrong is counted, so that the first one does not hide the others.
says() { # name, kind, pattern of the sentence, pattern of the signature
	local name=$1 what field before=$wrong
	shift
	for field in kind sentence signature; do
		what=$(said $field)
		# shellcheck disable=SC2053
		[[ $what == $1 ]] || {
			echo "FAILED: $name: the $field is '$what', not '$1'"
			wrong=$((wrong + 1))
		}
		shift
	done
	[ "$wrong" != "$before" ] || echo "ok: $name: $(said sentence)"
}

by="by insmod (PID *) on CPU [01]."
loaded="qcmd_crash_init do_one_initcall do_init_module * sys_finit_module"

dies null '' 'crash null'
says null null-pointer "NULL pointer dereference (address 0x0000000000000008) in qcmd_null [[]qcmd_crash], called from \
qcmd_crash_init [[]qcmd_crash], $by" "null-pointer: qcmd_null $loaded"

dies interrupt '' 'crash interrupt'
says interrupt null-pointer "NULL pointer dereference (address 0x0000000000000008) in qcmd_null [[]qcmd_crash], called \
from *, in an interrupt on CPU [01]*." "null-pointer: qcmd_null *call_timer_fn*"

dies panic '' 'crash panic'
says panic panic "Panic: \"qcmd_crash: panic as asked\" in qcmd_crash_init [[]qcmd_crash], called from \
do_one_initcall, $by" "panic: $loaded"

dies stall 'rcupdate.rcu_cpu_stall_timeout=3' 'sysctl soft_watchdog 0; sysctl panic_on_rcu_stall 1; crash stall'
says stall rcu-stall "RCU stall in qcmd_stall [[]qcmd_crash], called from *" "rcu-stall: qcmd_stall $loaded"

dies mutex '' 'sysctl hung_task_timeout_secs 3; sysctl hung_task_panic 1; crash mutex'
says mutex hung-task "Task insmod:* had waited for * s in qcmd_waiter [[]qcmd_crash], called from * for a mutex*" \
	"hung-task: qcmd_waiter $loaded"

dies memory '' 'echo 1 >/proc/sys/vm/panic_on_oom; crash memory tail /dev/zero'
says memory out-of-memory 'Out of memory (*panic_on_oom is enabled); most of it had tail (PID *), * MiB.' \
	'out-of-memory: *out_of_memory*'

[ "${QCMD_LONG-}" ] && {
dies sysrq '' 'crash sysrq-c'
says sysrq sysrq 'A panic was asked for by sysrq: crash (PID *) wrote to /proc/sysrq-trigger.' \
	'sysrq: sysrq_handle_crash __handle_sysrq write_sysrq_trigger proc_reg_write vfs_write sys_write'

dies pointer '' 'crash pointer'
says pointer bad-pointer "Bad pointer (address 0xffff*) in qcmd_pointer [[]qcmd_crash], called from qcmd_crash_init \
[[]qcmd_crash], $by" "bad-pointer: qcmd_pointer $loaded"

dies bug '' 'crash bug'
says bug bug "BUG at *qcmd_crash.c:* in qcmd_bug [[]qcmd_crash], called from qcmd_crash_init [[]qcmd_crash], $by" \
	"bug: qcmd_bug $loaded"

dies divide '' 'crash divide'
says divide divide-error "Division by zero* in qcmd_divide [[]qcmd_crash], called from *, $by" \
	"divide-error: qcmd_divide $loaded"

dies list '' 'crash list'
says list list-corruption "Corrupted list (list_del) in qcmd_list [[]qcmd_crash], called from qcmd_crash_init \
[[]qcmd_crash], $by" "list-corruption: qcmd_list $loaded"

dies freed 'slub_debug=P slab_debug=P' 'crash freed'
says freed use-after-free "Use after free: * in qcmd_freed [[]qcmd_crash], called from qcmd_crash_init [[]qcmd_crash], \
$by" "use-after-free: qcmd_freed $loaded"

dies stack '' 'crash stack'
says stack stack-overflow "Overflow of a kernel stack in *, $by" "stack-overflow: *qcmd_recursion*"

dies warning '' 'sysctl panic_on_warn 1; crash warning'
says warning warning "Warning at *qcmd_crash.c:* in qcmd_warning [[]qcmd_crash], called from *, $by" \
	"warning: qcmd_warning $loaded"

dies soft '' 'sysctl watchdog_thresh 2; sysctl softlockup_panic 1; crash soft'
says soft soft-lockup "Soft lockup: CPU [01] ran the same task for * s in qcmd_soft [[]qcmd_crash], called from *, \
$by" \
	"soft-lockup: qcmd_soft $loaded"
}

((wrong == 0)) || fail "$wrong things are not as they should be"
