// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "dump/stack/backtrace.h"
#include "dump/stack/kallsyms.h"
#include "dump/stack/names.h"
#include "lib/text.h"

#define RUNNING_NOTES_MAX (64 * KIB)

/* The kernel that runs here, and the very one of the dump: the list has its modules, too, if it was this boot. */
static bool is_running_kernel(const struct corefile *core)
{
	const char *wanted = kv_get(&core->vmcoreinfo, "BUILD-ID");
	_cleanup_free_ char *notes = xcalloc(RUNNING_NOTES_MAX, 1);
	_cleanup_close_ int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	char id[BUILD_ID_TEXT_MAX];
	ssize_t n;

	n = fd < 0 ? -1 : read(fd, notes, RUNNING_NOTES_MAX);
	return wanted && n > 0 && build_id_text(notes, n, id) && !strcmp(id, wanted);
}

static void open_installed_vmlinux(struct backtrace *b, const struct corefile *core)
{
	_cleanup_free_ char *path = vmlinux_find(core) ?: vmlinuz_find(core);
	struct derr err;

	if (path && vmlinux_open(&b->vmlinux, path, core, &b->vmlinux_symbols, &err) < 0)
		vmlinux_close(&b->vmlinux);
}

/* Where the user named no file. names: what the dump was given, or empty. */
static void find_names(struct backtrace *b, const struct corefile *core, const struct kv *names)
{
	struct derr ignored;
	int own = kallsyms_read(&b->other_symbols, core);

	b->own_names = own == 0;
	b->kallsyms_damaged = own == -EINVAL;
	if (b->own_names)
		return;
	if (b->vmlinux_symbols.n) {
		b->symbols = &b->vmlinux_symbols;
		return;
	}
	if (names->n) {
		names_symbols(names, &b->other_symbols);
		return;
	}
	open_installed_vmlinux(b, core);
	if (!is_running_kernel(core) || symbols_read_list(&b->other_symbols, core, "/proc/kallsyms", &ignored) < 0)
		b->symbols = &b->vmlinux_symbols;
}

static void read_orc(struct backtrace *b, const struct corefile *core)
{
	orc_read(&b->orc, core, b->vmlinux.fd >= 0 ? &b->vmlinux : NULL,
		 b->vmlinux_symbols.n ? &b->vmlinux_symbols : b->symbols);
}

static void find_orc(struct backtrace *b, const struct corefile *core, const struct kv *names)
{
	read_orc(b, core);
	if (!b->orc.n)
		names_orc(names, &b->orc);
	if (orc_is_there(&b->orc) || names->n || b->vmlinux.fd >= 0 || core->elf.machine != EM_X86_64)
		return;
	orc_clear(&b->orc);
	open_installed_vmlinux(b, core);
	read_orc(b, core);
}

int backtrace_open(struct backtrace *b, const struct corefile *core, const char *vmlinux, const char *kallsyms,
		   struct derr *err)
{
	struct kv names;
	int r = 0;

	*b = (struct backtrace){ .vmlinux = { .fd = -1 }, .symbols = &b->other_symbols };
	names_read(core, &names);
	if (vmlinux)
		r = vmlinux_open(&b->vmlinux, vmlinux, core, &b->vmlinux_symbols, err);
	if (r == 0 && kallsyms)
		r = symbols_read_list(&b->other_symbols, core, kallsyms, err);
	if (r == 0 && !kallsyms)
		find_names(b, core, &names);
	if (r == 0) {
		find_orc(b, core, &names);
		unwinder_init(&b->unwinder, core, b->symbols, &b->orc);
	}
	kv_clear(&names);
	return r;
}

void backtrace_close(struct backtrace *b)
{
	vmlinux_close(&b->vmlinux);
	symbols_clear(&b->vmlinux_symbols);
	symbols_clear(&b->other_symbols);
	orc_clear(&b->orc);
}

/* A call at the end of a function returns to the next one: the byte before tells which it is. */
char *backtrace_name(const struct backtrace *b, const struct frame *f)
{
	_cleanup_free_ char *name = NULL, *module = NULL;
	struct symbol_place place;

	if (!symbols_find(b->symbols, f->ip - !f->exact, &place))
		return NULL;
	name = escape_text(place.name, strlen(place.name), TEXT_ASCII);
	if (!place.module)
		return xprintf("%s+0x%" PRIx64 "/0x%" PRIx64, name, place.offset + !f->exact, place.size);
	module = escape_text(place.module, strlen(place.module), TEXT_ASCII);
	return xprintf("%s+0x%" PRIx64 "/0x%" PRIx64 " [%s]", name, place.offset + !f->exact, place.size, module);
}

const char *backtrace_source(const struct backtrace *b)
{
	return b->symbols->n ? b->symbols->source : NULL;
}

const char *backtrace_method(const struct backtrace *b)
{
	if (b->unwinder.core->elf.machine == EM_AARCH64)
		return "frame pointers";
	return orc_is_there(&b->orc) ? "ORC tables" : "scan";
}

const char *unwound_remark(const struct unwound *w, size_t i)
{
	const struct {
		bool applies;
		const char *text;
	} remarks[] = {
		{ w->start == UNWIND_USER, "It ran in user space." },
		{ w->start == UNWIND_GUESS && w->complete,
		  "Where it was is not in the dump: frames with ? are a guess, maybe left over from earlier calls." },
		{ w->scanned && !(w->start == UNWIND_GUESS && w->complete),
		  "? marks what looks like a return address: it may be left over from an earlier call." },
		{ w->missing, "Part of the stack is not in the dump." },
		{ w->n == UNWIND_FRAMES_MAX, "There are more frames." },
	};

	for (size_t k = 0; k < ARRAY_LEN(remarks); k++)
		if (remarks[k].applies && !i--)
			return remarks[k].text;
	return NULL;
}
