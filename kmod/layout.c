// SPDX-License-Identifier: GPL-2.0-only
/*
 * The note by which readers of a dump find their way in what CPUs run, where qcmdd's is not there: include/qcmd_note.h.
 * What else there may be of the kernel in a dump is qcmdd's to describe.
 */
#include <linux/elf.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/qcom_minidump_table.h>
#include <linux/sched.h>
#include <linux/stddef.h>
#include <linux/utsname.h>
#ifdef CONFIG_X86
#include <asm/switch_to.h>
#endif
#include <qcmd_note.h>

#include "layout.h"
#include "region.h"

#define QMD_NOTE_SIZE	2048
#define QMD_NOTE_HEAD	(sizeof(struct elf_note) + ALIGN(sizeof(QCMD_NOTE_NAME), 4))

#define QMD_MEMBER(_struct, _member, _sign) \
	{ \
		.name = #_struct "." #_member, .bit = BITS_PER_BYTE * offsetof(struct _struct, _member), \
		.bits = BITS_PER_BYTE * sizeof_field(struct _struct, _member), .sign = _sign, \
	}

/* @sign: "s" if it is a number that may be negative */
static const struct {
	const char *name;
	u32 bit;
	u32 bits;
	const char *sign;
} qmd_members[] __initconst = {
	QMD_MEMBER(task_struct, pid, "s"),
	QMD_MEMBER(task_struct, tgid, "s"),
	QMD_MEMBER(task_struct, comm, ""),
	QMD_MEMBER(task_struct, __state, ""),
	QMD_MEMBER(task_struct, exit_state, "s"),
	QMD_MEMBER(task_struct, flags, ""),
	QMD_MEMBER(task_struct, real_parent, ""),
	QMD_MEMBER(task_struct, start_boottime, ""),
	QMD_MEMBER(task_struct, stack, ""),
#ifdef CONFIG_SMP
	QMD_MEMBER(task_struct, on_cpu, "s"),
	QMD_MEMBER(task_struct, thread_info, ""),
	QMD_MEMBER(thread_info, cpu, ""),
#endif
	QMD_MEMBER(task_struct, thread, ""),
#ifdef CONFIG_X86
	QMD_MEMBER(thread_struct, sp, ""),
	QMD_MEMBER(inactive_task_frame, bp, ""),
	QMD_MEMBER(inactive_task_frame, ret_addr, ""),
#elif defined(CONFIG_ARM64)
	QMD_MEMBER(thread_struct, cpu_context, ""),
	QMD_MEMBER(cpu_context, fp, ""),
	QMD_MEMBER(cpu_context, sp, ""),
	QMD_MEMBER(cpu_context, pc, ""),
#endif
};

static int __init qmd_layout_print(char *text, size_t size)
{
	int i, n;

	n = scnprintf(text, size, "QCMD_NOTE=1\nCREATOR=qcom_minidump " QCOM_MINIDUMP_VERSION "\nARCH=%s\n",
		      init_utsname()->machine);
	n += scnprintf(text + n, size - n, "SIZE(task_struct)=%zu\n", sizeof(struct task_struct));
	n += scnprintf(text + n, size - n, "SIZE(union thread_union)=%zu\n", sizeof(union thread_union));
#ifdef CONFIG_X86
	n += scnprintf(text + n, size - n, "SIZE(inactive_task_frame)=%zu\n", sizeof(struct inactive_task_frame));
#endif
	for (i = 0; i < ARRAY_SIZE(qmd_members); i++)
		n += scnprintf(text + n, size - n, "BITS(%s)=%u:%u%s\n", qmd_members[i].name, qmd_members[i].bit,
			       qmd_members[i].bits, qmd_members[i].sign);
	return n;
}

void __init qmd_layout_own(void)
{
	struct elf_note *note = alloc_pages_exact(QMD_NOTE_SIZE, GFP_KERNEL | __GFP_ZERO);
	struct qmd_spec spec = {
		.name = MINIDUMP_LAYOUT_NAME,
		.comment = "how tasks are laid out",
		.kind = &qmd_kind_data,
		.addr = note,
		.buf = note,
	};

	if (!note)
		return;
	note->n_namesz = sizeof(QCMD_NOTE_NAME);
	note->n_type = QCMD_NOTE_KERNEL;
	memcpy(note + 1, QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	note->n_descsz = qmd_layout_print((char *)note + QMD_NOTE_HEAD, QMD_NOTE_SIZE - QMD_NOTE_HEAD);
	spec.size = QMD_NOTE_HEAD + ALIGN(note->n_descsz, 4);
	qmd_region_own(&spec);
	if (spec.buf)
		free_pages_exact(spec.buf, spec.size);
}
