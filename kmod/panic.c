// SPDX-License-Identifier: GPL-2.0-only
/*
 * qcom_minidump_panic: what runs at a panic. Registers of the CPUs, saved by notifiers of a panic and of an oops:
 * struct minidump_cpu_regs. They run where anything may be broken, an NMI included, so here is no lock, no allocation,
 * nothing to wait for, no name to look up, and no pointer that is followed unchecked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/device.h>
#include <linux/elfcore.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/panic_notifier.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/qcom_minidump.h>
#include <linux/qcom_minidump_table.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#ifdef CONFIG_VMCORE_INFO
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif
#if defined(CONFIG_X86) && defined(CONFIG_UNWINDER_ORC)
#include <asm/unwind.h>
#endif
#include <asm/barrier.h>

#define QMD_PRSTATUS_NAME	"CORE"
#define QMD_PRSTATUS_AT		(sizeof(struct elf_note) + ALIGN(sizeof(QMD_PRSTATUS_NAME), 4))
#define QMD_ENTRY_SIZE		ALIGN(sizeof(struct minidump_cpu_regs) + sizeof(note_buf_t), 8)
#define QMD_FRAMES_MAX		16

static struct minidump_cpu_regs_header *qmd_regs;
static size_t qmd_regs_size;
static int qmd_regs_id;

/* atomic_notifier_call_chain(), which panic() calls. */
static unsigned long qmd_chain_start, qmd_chain_end;

/* The task that the last oops of this CPU was in, and when that started: a panic may come of it. */
static DEFINE_PER_CPU(const struct task_struct *, qmd_oops_task);
static DEFINE_PER_CPU(u64, qmd_oops_start);

/* The kernel's crash_notes of each CPU, or NULL. */
static DEFINE_PER_CPU(const struct elf_note *, qmd_crash_note);

static struct minidump_cpu_regs *qmd_entry(int cpu)
{
	return (void *)(qmd_regs + 1) + cpu * QMD_ENTRY_SIZE;
}

static void qmd_entry_begin(struct minidump_cpu_regs *e)
{
	WRITE_ONCE(e->from, cpu_to_le32(MINIDUMP_CPU_REGS_NONE));
	dma_wmb();
	e->time = cpu_to_le64(ktime_get_boot_fast_ns());
}

static void qmd_entry_end(struct minidump_cpu_regs *e, u32 from)
{
	dma_wmb();
	WRITE_ONCE(e->from, cpu_to_le32(from));
}

/* Of this CPU and what it runs. */
static void qmd_save(u32 from, struct pt_regs *regs)
{
	struct minidump_cpu_regs *e = qmd_entry(smp_processor_id());
	struct elf_note *note = (struct elf_note *)e->note;
	struct elf_prstatus status = { .common.pr_pid = current->pid };

	/* The one begins as the other does; elf_core_copy_regs() is not for modules. */
	memcpy(&status.pr_reg, regs, min(sizeof(status.pr_reg), sizeof(*regs)));
	qmd_entry_begin(e);
	note->n_namesz = sizeof(QMD_PRSTATUS_NAME);
	note->n_descsz = sizeof(status);
	note->n_type = NT_PRSTATUS;
	memcpy(note + 1, QMD_PRSTATUS_NAME, sizeof(QMD_PRSTATUS_NAME));
	memcpy((void *)note + QMD_PRSTATUS_AT, &status, sizeof(status));
	qmd_entry_end(e, from);
}

static bool qmd_is_same_oops(void)
{
	return __this_cpu_read(qmd_oops_task) == current && __this_cpu_read(qmd_oops_start) == current->start_boottime;
}

/* The registers of a panic are there. */
static atomic_t qmd_panicked = ATOMIC_INIT(0);

/* What goes wrong in the course of an oops, or of a panic, says less than that. */
static int qmd_on_die(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct die_args *args = data;

	if (event != DIE_OOPS || !args->regs || qmd_is_same_oops() || atomic_read(&qmd_panicked))
		return NOTIFY_DONE;
	__this_cpu_write(qmd_oops_task, current);
	__this_cpu_write(qmd_oops_start, current->start_boottime);
	qmd_save(MINIDUMP_CPU_REGS_OOPS, args->regs);
	return NOTIFY_DONE;
}

/* Whether this is the frame that called the notifiers. @seen: their chain was passed. */
static bool qmd_is_caller(unsigned long ip, bool *seen)
{
	bool chain = ip >= qmd_chain_start && ip < qmd_chain_end;

	*seen |= chain;
	return *seen && !chain && ip;
}

/*
 * The function that called the notifiers. It never returns, so its frame and those above stay as they are, while what
 * it calls next runs over ours.
 */
#if defined(CONFIG_X86) && defined(CONFIG_UNWINDER_ORC)
static bool qmd_caller_regs(struct pt_regs *regs)
{
	struct unwind_state state;
	bool seen = false;
	int i = 0;

	for (unwind_start(&state, current, NULL, NULL); !unwind_done(&state) && i < QMD_FRAMES_MAX;
	     unwind_next_frame(&state), i++) {
		if (!qmd_is_caller(unwind_get_return_address(&state), &seen))
			continue;
		regs->ip = unwind_get_return_address(&state);
		regs->sp = state.sp;
		regs->bp = state.bp;
		regs->cs = __KERNEL_CS;
		regs->ss = __KERNEL_DS;
		return true;
	}
	return false;
}
#elif defined(CONFIG_ARM64)
/* A record of a frame may lead anywhere if the stack is damaged: the next one must be above it, on the same stack. */
static bool qmd_caller_regs(struct pt_regs *regs)
{
	unsigned long at = (unsigned long)__builtin_frame_address(0), end = round_up(at + 1, THREAD_SIZE), last = 0;
	unsigned long record[2];
	bool seen = false;

	for (; at > last && at <= end - sizeof(record) && IS_ALIGNED(at, sizeof(*record)); last = at, at = record[0]) {
		unsigned long ip;

		if (copy_from_kernel_nofault(record, (void *)at, sizeof(record)))
			return false;
		/* Without the signature that it may have. Code is where all of the bits above are set. */
		ip = record[1] | GENMASK_ULL(63, VA_BITS_MIN);
		if (!qmd_is_caller(ip, &seen))
			continue;
		regs->pc = ip;
		regs->sp = record[0];	/* where compilers keep the record of a frame */
		regs->regs[29] = record[0];
		regs->pstate = PSR_MODE_EL1h;
		return true;
	}
	return false;
}
#else
static bool qmd_caller_regs(struct pt_regs *regs)
{
	return false;
}
#endif

static void qmd_copy_crash_notes(void)
{
	int cpu;

	for_each_present_cpu(cpu) {
		const struct elf_note *note = per_cpu(qmd_crash_note, cpu);
		struct minidump_cpu_regs *e = qmd_entry(cpu);

		if (cpu == smp_processor_id() || !note || !note->n_type)
			continue;
		qmd_entry_begin(e);
		memcpy(e->note, note, sizeof(note_buf_t));
		qmd_entry_end(e, MINIDUMP_CPU_REGS_CRASH_NOTES);
	}
}

/* The other CPUs have stopped. */
static int qmd_on_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	struct pt_regs regs = {};

	/* A fault in here, against all care, is a panic in the panic: that one gets past, and on to pstore. */
	if (atomic_xchg(&qmd_panicked, 1))
		return NOTIFY_DONE;
	if (qmd_is_same_oops())
		qmd_entry_end(qmd_entry(smp_processor_id()), MINIDUMP_CPU_REGS_FATAL_OOPS);
	else if (qmd_caller_regs(&regs))
		qmd_save(MINIDUMP_CPU_REGS_PANIC, &regs);
	qmd_copy_crash_notes();
	return NOTIFY_DONE;
}

static struct notifier_block qmd_die_nb = {
	.notifier_call = qmd_on_die,
};

/* Before others, which may take the machine with them; this one can't: see the top of the file. */
static struct notifier_block qmd_panic_nb = {
	.notifier_call = qmd_on_panic,
	.priority = INT_MAX,
};

static struct device_attribute *__init qmd_find_attribute(const struct device *dev, const char *name)
{
	const struct attribute_group **group;
	struct attribute **attr;

	for (group = dev->groups; group && *group; group++)
		for (attr = (*group)->attrs; attr && *attr; attr++)
			if (!strcmp((*attr)->name, name))
				return container_of(*attr, struct device_attribute, attr);
	return NULL;
}

/* Their address is for user space, in /sys/devices/system/cpu/cpuN/crash_notes: no symbol of it is exported. */
static const struct elf_note *__init qmd_find_crash_note(int cpu, char *page)
{
	struct device *dev = get_cpu_device(cpu);
	struct device_attribute *attr = dev ? qmd_find_attribute(dev, "crash_notes") : NULL;
	u64 pa;

	if (!attr || !attr->show || attr->show(dev, attr, page) <= 0 || kstrtou64(page, 16, &pa) ||
	    !pfn_valid(PHYS_PFN(pa)))
		return NULL;
	return phys_to_virt(pa);
}

static void __init qmd_find_crash_notes(void)
{
	char *page = (char *)get_zeroed_page(GFP_KERNEL);
	int cpu;

	for_each_present_cpu(cpu)
		if (page)
			per_cpu(qmd_crash_note, cpu) = qmd_find_crash_note(cpu, page);
	free_page((unsigned long)page);
}

/* Now, as nothing is broken yet. A kernel without names: the caller of the notifiers is not found. */
static void __init qmd_find_chain(void)
{
	unsigned long start = (unsigned long)atomic_notifier_call_chain, size;
	char symbol[KSYM_SYMBOL_LEN];
	const char *slash;

	sprint_symbol(symbol, start);
	slash = strrchr(symbol, '/');
	if (!slash || sscanf(slash, "/%lx", &size) != 1)
		return;
	qmd_chain_start = start;
	qmd_chain_end = start + size;
}

static int __init qmd_panic_init(void)
{
	struct qcom_minidump_region region = {
		.name = MINIDUMP_CPU_REGS_NAME,
		.comment = "registers of CPUs that panic",
	};

	BUILD_BUG_ON(sizeof(note_buf_t) != QMD_PRSTATUS_AT + sizeof(struct elf_prstatus) + sizeof(struct elf_note));
	qmd_regs_size = sizeof(*qmd_regs) + nr_cpu_ids * QMD_ENTRY_SIZE;
	qmd_regs = alloc_pages_exact(qmd_regs_size, GFP_KERNEL | __GFP_ZERO);
	if (!qmd_regs)
		return -ENOMEM;
	qmd_regs->revision = cpu_to_le32(MINIDUMP_CPU_REGS_REVISION);
	qmd_regs->cpus = cpu_to_le32(nr_cpu_ids);
	qmd_regs->entry_size = cpu_to_le32(QMD_ENTRY_SIZE);
	region.addr = qmd_regs;
	region.size = qmd_regs_size;
	qmd_regs_id = qcom_minidump_register(&region, GFP_KERNEL);
	if (qmd_regs_id < 0) {
		free_pages_exact(qmd_regs, qmd_regs_size);
		return qmd_regs_id;
	}

	qmd_find_chain();
	qmd_find_crash_notes();
	register_die_notifier(&qmd_die_nb);
	atomic_notifier_chain_register(&panic_notifier_list, &qmd_panic_nb);
	return 0;
}

static void __exit qmd_panic_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &qmd_panic_nb);
	unregister_die_notifier(&qmd_die_nb);
	qcom_minidump_unregister(qmd_regs_id);
	free_pages_exact(qmd_regs, qmd_regs_size);
}

module_init(qmd_panic_init);
module_exit(qmd_panic_exit);

MODULE_DESCRIPTION("Minidump: registers of the CPUs at a panic or an oops");
MODULE_LICENSE("GPL");
MODULE_VERSION(QCOM_MINIDUMP_VERSION);
