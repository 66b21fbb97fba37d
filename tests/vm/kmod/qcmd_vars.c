// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variables to be saved by name: a text, one for each CPU, one that is there while the module starts only, and a
 * pointer to a buffer that is replaced by another one whenever the parameter "buffer" is written.
 */
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#define BUFFER_SIZE 512

static char qcmd_vars_text[64] = "a text in a module";
module_param_string(text, qcmd_vars_text, sizeof(qcmd_vars_text), 0644);

static char qcmd_vars_last[3 * PAGE_SIZE] __used;
static char qcmd_vars_init[64] __initdata = "only while it starts";
static DEFINE_PER_CPU(u64, qcmd_vars_cpu);
static char *qcmd_vars_buffer;

static int set_buffer(const char *val, const struct kernel_param *kp)
{
	char *fresh = kzalloc(BUFFER_SIZE, GFP_KERNEL), *old = qcmd_vars_buffer;

	if (!fresh)
		return -ENOMEM;
	strscpy(fresh, val, BUFFER_SIZE);
	qcmd_vars_buffer = fresh;
	kfree(old);
	return 0;
}

static const struct kernel_param_ops buffer_ops = {
	.set = set_buffer,
};
module_param_cb(buffer, &buffer_ops, NULL, 0200);

static int __init qcmd_vars_init_module(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(qcmd_vars_cpu, cpu) = 0x7163766172730000 + cpu;
	strscpy(qcmd_vars_last, qcmd_vars_init, sizeof(qcmd_vars_last));
	return 0;
}
module_init(qcmd_vars_init_module);

static void __exit qcmd_vars_exit(void)
{
	kfree(qcmd_vars_buffer);
}
module_exit(qcmd_vars_exit);

MODULE_DESCRIPTION("Variables to be saved, for tests");
MODULE_LICENSE("GPL");
