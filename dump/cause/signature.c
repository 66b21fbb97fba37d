// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "dump/cause/signature.h"

/* What a compiler appends to a function that it split, copied or changed; numbers come behind. */
static const char *const suffixes[] = { ".isra", ".cold", ".constprop", ".part", ".llvm", ".lto_priv" };

/* The kernel was entered by these, or the thread began with them: what comes behind says nothing of this crash. */
static const char *const entries[] = {
	"do_syscall_64",
	"x64_sys_call",
	"entry_*",
	"asm_*",
	"ret_from_fork*",
	"kthread",
	"el0*",
	"el1*",
	"invoke_syscall*",
	"do_el0_svc*",
	"cpu_startup_entry*",
	"start_kernel*",
	"__do_softirq*",
	"handle_softirqs*",
};

/* A system call has several functions by turns, of which compilers keep one or the other. */
static const char *const syscalls[] = { "__x64_sys_*", "__ia32_sys_*", "__arm64_sys_*", "__se_sys_*",
					"__do_sys_*",  "ksys_*",       "do_sys_*" };

static int without_suffix(const struct named_function *f)
{
	int len = f->len;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		const char *found = memmem(f->name, (size_t)len, suffixes[i], strlen(suffixes[i]));

		if (found && found > f->name)
			len = (int)(found - f->name);
	}
	return len;
}

/* The name of the system call, or NULL. */
static const char *syscall_name(const char *name)
{
	struct captures c;

	for (size_t i = 0; i < ARRAY_LEN(syscalls); i++)
		if (line_matches(name, syscalls[i], &c))
			return c.start[0];
	return NULL;
}

static bool is_entry(const char *name)
{
	struct captures c;

	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (line_matches(name, entries[i], &c))
			return true;
	return false;
}

char *signature_of(const char *kind, const struct kernel_report *r, size_t from)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		out_of_memory();
	fprintf(out, "%s:", kind);
	for (size_t i = from; i < r->n; i++) {
		_cleanup_free_ char *name = xstrndup(r->frames[i].name, (size_t)without_suffix(&r->frames[i]));
		const char *call = syscall_name(name);

		if (i > from && function_same(&r->frames[i], &r->frames[i - 1]))
			continue;
		if (is_entry(name))
			break;
		fprintf(out, " %s%s", call ? "sys_" : "", call ?: name);
		if (call)
			break;
	}
	if (fclose(out))
		out_of_memory();
	if (from < r->n)
		return text;
	free(text);
	return NULL;
}
