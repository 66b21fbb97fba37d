// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "dump/collect/convert.h"
#include "dump/collect/crash-notes.h"
#include "dump/collect/pid-index.h"
#include "dump/core/tasks.h"
#include "dump/redact/redact-private.h"

/* A shorter name is a word of any text. */
#define COMM_WORD_MIN 4

static void add_removed(struct redaction *x, const struct region *r, const char *why)
{
	size_t i = 0;

	while (i < x->n_removed && (strcmp(x->removed[i].name, r->name) || x->removed[i].why != why))
		i++;
	if (i == x->n_removed) {
		x->removed = xgrow(x->removed, &x->capacity, i + 1, sizeof(*x->removed));
		x->removed[x->n_removed++] = (struct removed){ .why = why };
		memcpy(x->removed[i].name, r->name, sizeof(r->name));
	}
	x->removed[i].regions++;
	if (__builtin_add_overflow(x->removed[i].bytes, r->size, &x->removed[i].bytes))
		x->removed[i].bytes = UINT64_MAX;
}

static void take_regions(struct work *w)
{
	const struct corefile *core = w->core;
	struct toc *toc = &w->x->c.toc;
	size_t capacity = 0;

	w->treatments = xcalloc(core->n_regions, sizeof(*w->treatments));
	for (size_t i = 0; i < core->n_regions; i++) {
		const struct region *r = &core->regions[i];
		enum treatment t = TREAT_REMOVE;
		const char *why = "not in the file";

		if (!r->missing && r->size && r->size <= core->file_size)
			t = treatment_of(r, w->o, &why);
		if (t == TREAT_REMOVE) {
			add_removed(w->x, r, why);
			continue;
		}
		w->treatments[toc->n_regions] = t;
		toc->regions = xgrow(toc->regions, &capacity, toc->n_regions + 1, sizeof(*r));
		toc->regions[toc->n_regions++] = *r;
		toc->bytes += r->size;
	}
}

/* From here on the image is a copy of these regions, and has nothing else. */
static int copy_regions(struct collection *c, struct derr *err)
{
	struct rangemap ranges = { 0 };
	uint64_t offset = 0;

	for (size_t i = 0; i < c->toc.n_regions; i++)
		rangemap_add(&ranges, c->toc.regions[i].paddr, c->toc.regions[i].size, c->toc.regions[i].paddr);
	rangemap_finish(&ranges);
	for (size_t i = 0; i < ranges.n; i++) {
		ranges.v[i].offset = offset;
		offset += ranges.v[i].size;
	}
	return image_freeze(&c->img, &ranges, err);
}

/* Names of processes that a log may have; those of the kernel's own threads are no secret. */
static void add_comms(struct work *w)
{
	struct task_list l;
	struct derr ignored;

	if (tasks_read(w->core, &l, &ignored) < 0)
		return;
	for (size_t i = 0; i < l.n; i++)
		if (!task_is_kernel_thread(&l.v[i]) && strlen(l.v[i].comm) >= COMM_WORD_MIN)
			lines_add_word(&w->lines, l.v[i].comm);
	tasks_clear(&l);
}

static void say_blanked(struct work *w, bool log)
{
	struct strlist *b = &w->x->blanked;

	strlist_addf(b, "stacks and registers: %zu words that are neither code nor stack", w->blank_words);
	strlist_addf(b, "tasks: all but pointers and what tasks are shown by%s", w->o->comm ? ", and their names" : "");
	strlist_addf(b, "names of the machine and its domain");
	if (!log) {
		strlist_addf(b, "log: all of it, as it cannot be read");
		return;
	}
	strlist_addf(b, "log: %zu lines; %zu addresses, numbers and names; %zu values of parameters and registers",
		     w->lines.blank_lines, w->lines.blank_parts, w->lines.blank_values);
	strlist_addf(b, "log: what drivers say of their devices besides, and what was left over in the ring");
}

static int redact_all(struct work *w, struct derr *err)
{
	struct collection *c = &w->x->c;
	bool log = true;
	int r = 0;

	if (w->o->comm)
		add_comms(w);
	if (!w->core->log) {
		r = image_of_core(&c->img, w->core, err);
		if (r == 0)
			r = copy_regions(c, err);
		if (r == 0)
			r = memory_redact(w, err);
		if (r < 0)
			return r;
		log = ringlog_redact(w) == 0;
	}
	notes_redact(w);
	say_blanked(w, log);
	return 0;
}

/* What follows from what is left, as when it was collected. */
static void build(struct collection *c, const struct corefile *core)
{
	struct kelf header = { .machine = core->elf.machine };
	struct rangemap ram = { 0 };

	kmap_apply(&c->kmap, &header, &c->toc, &c->vmcoreinfo);
	if (core->log)
		return;
	convert_find_memory(&ram, c, core);
	pids_add(c, rangemap_end(&ram));
	crash_notes_add(c, &core->collect_note, rangemap_end(&ram));
	layout_build(&c->layout, &c->toc, &c->kmap, &c->vmcoreinfo,
		     &(struct layout_options){ .ram = &ram, .made = &c->made }, &c->toc.problems);
	rangemap_clear(&ram);
}

int redact_prepare(struct redaction *x, const struct corefile *core, const struct redact_options *o, struct derr *err)
{
	struct work w = { .x = x, .core = core, .o = o };
	int r;

	*x = (struct redaction){ .c.img = IMAGE_CLOSED };
	if (!core->collect_note.text)
		return core_need_collected(core, err);
	r = lines_init(&w.lines, o, err);
	if (r == 0) {
		take_regions(&w);
		words_init(&w.words, core);
		r = redact_all(&w, err);
		words_clear(&w.words);
		free(w.treatments);
	}
	if (r == 0) {
		build(&x->c, core);
		notes_add_collect(&w);
	}
	lines_clear(&w.lines);
	return r;
}

void redaction_clear(struct redaction *x)
{
	collection_clear(&x->c);
	free(x->removed);
	strlist_clear(&x->blanked);
}
