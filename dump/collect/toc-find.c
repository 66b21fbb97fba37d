// SPDX-License-Identifier: GPL-2.0-only
/* Where the table is, and for a raw image which address is where in the file. */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "dump/collect/toc-kernel.h"
#include "dump/collect/toc-proof.h"
#include "dump/core/page.h"

/* Headers that are looked at closely. A machine has one, or two when a capture kernel ran. */
#define HEADERS_MAX 32
/* Slots that it takes to tell a good table from one that is not. */
#define SLOTS_TO_RANK 64
/* Tables of which it is said why they were not taken. Of others, and of what is none, addresses are named. */
#define TOLD_MAX  4
#define NAMED_MAX 32

/*
 * Raw images: the ways in which a header at this offset of the file can have that address. QEMU's machines put
 * what does not fit below 4 GiB above it, and the file has no gap: q35 from 2 GiB on, pc from 3 or 3.5 GiB.
 */
#define GUESSES_MAX 5

struct guess {
	struct rangemap map[GUESSES_MAX];
	size_t n;
};

static void guess_base(struct guess *g, const struct image *img, uint64_t base)
{
	struct rangemap *m = &g->map[g->n];

	*m = (struct rangemap){ 0 };
	rangemap_add(m, base, img->file_size, 0);
	rangemap_finish(m);
	if (m->n)
		g->n++;
}

static void guess_split(struct guess *g, const struct image *img, uint64_t low)
{
	struct rangemap *m = &g->map[g->n++];

	*m = (struct rangemap){ 0 };
	rangemap_add(m, 0, low, 0);
	rangemap_add(m, 4 * GIB, img->file_size - low, low);
	rangemap_finish(m);
}

static void guess_maps(struct guess *g, const struct image *img, uint64_t at, uint64_t self)
{
	static const uint64_t splits[] = { 2 * GIB, 3 * GIB, 3 * GIB + 512 * MIB };

	g->n = 0;
	if (self == at) {
		guess_base(g, img, 0);
		for (size_t i = 0; i < ARRAY_LEN(splits); i++)
			if (img->file_size > splits[i] && at < splits[i])
				guess_split(g, img, splits[i]);
	} else if (self > at) {
		uint64_t shift = self - at;

		guess_base(g, img, shift);
		if (self >= 4 * GIB && shift < 4 * GIB && 4 * GIB - shift <= at)
			guess_split(g, img, 4 * GIB - shift);
	}
}

/* A table as it reads under one map. */
struct choice {
	struct toc toc;
	struct rangemap map;
	uint64_t at;
	bool found;
	bool ambiguous; /* another map reads as well, and the regions are elsewhere */
};

static void choice_clear(struct choice *c)
{
	toc_clear(&c->toc);
	rangemap_clear(&c->map);
	*c = (struct choice){ 0 };
}

/* What a process can't write, before what it can; why: in what the worse one is worse. */
static int compare_tocs(const struct toc *a, const struct toc *b, const char **why)
{
	const struct {
		uint64_t a, b;
		const char *why;
	} ranks[] = {
		{ a->proven, b->proven, "the memory that only the kernel writes leads to the other one" },
		{ a->checksum_ok, b->checksum_ok, "the checksum of its header is wrong" },
		{ a->landmarks, b->landmarks, "less of what belongs to a table is where it must be" },
		{ a->enabled, b->enabled, "it is not marked as enabled" },
		{ a->crashed, b->crashed, "its kernel did not note the time of a crash" },
		{ a->n_regions, b->n_regions, "it has fewer regions" },
	};

	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		*why = ranks[i].why;
		if (ranks[i].a != ranks[i].b)
			return ranks[i].a > ranks[i].b ? 1 : -1;
	}
	*why = "nothing tells them apart but that it is behind the other one";
	return 0;
}

/* Do both maps find every region at the same place of the file? */
static bool same_places(const struct choice *a, const struct choice *b)
{
	if (a->toc.n_regions != b->toc.n_regions)
		return false;
	for (size_t i = 0; i < a->toc.n_regions; i++) {
		uint64_t x = a->toc.regions[i].paddr, y = b->toc.regions[i].paddr;
		const struct range *r = rangemap_find(&a->map, x), *s = rangemap_find(&b->map, y);

		if (x - r->start + r->offset != y - s->start + s->offset)
			return false;
	}
	return true;
}

static void say_useless(struct derr *why_not, const struct image *img, uint64_t self, const char *why)
{
	if (image_has_registers(img))
		derr_set(why_not, 0, "The table behind the registers is of no use: %s.", why);
	else
		derr_set(why_not, 0, "The table at 0x%" PRIx64 " is of no use: %s.", self, why);
}

struct search {
	const struct image *img;
	const uint64_t *table;
	bool of_kernel;	   /* a header is one to which the kernel leads */
	bool not_searched; /* and the only one that is looked at */
	bool ranking;
	struct proof proof;
	uint32_t slots;		 /* of each table that are looked at */
	const struct toc *floor; /* What is not better than this need not be known exactly. */
	struct derr why_not;

	/* VMCOREINFO that was read last, by its place in the file: maps and tables share it. Size 0: none was */
	struct {
		uint64_t offset, size;
		bool found, crashed;
		struct kv v;
	} vmcoreinfo;

	/* The best headers, in the order of their places */
	struct header {
		uint64_t at; /* address under the map of the scan */
		uint64_t self;
		bool checksum_ok;
		bool found; /* what follows is known: there is a table */
		struct toc rank;
	} headers[HEADERS_MAX];
	size_t n;
	bool ranked; /* there were more */

	struct useless {
		uint64_t at[NAMED_MAX];
		size_t n, total;
	} worse, copies, empty;
};

/* Headers whose checksum is right are named; of others there may be as many as there are pages. */
static void note_useless(struct useless *u, uint64_t at, bool checksum_ok)
{
	if (!checksum_ok)
		return;
	if (u->n < NAMED_MAX)
		u->at[u->n++] = at;
	u->total++;
}

/* VMCOREINFO of the table; NULL: it has none. */
static const struct kv *vmcoreinfo_of(struct search *s, const struct image *view, const struct toc *toc)
{
	const struct region *r = toc_region(toc, MINIDUMP_VMCOREINFO_NAME);
	const struct range *in = r ? rangemap_find(&view->phys, r->paddr) : NULL;
	uint64_t behind = in ? r->paddr - in->start : 0;

	if (!in)
		return NULL;
	if (s->vmcoreinfo.size != r->size || s->vmcoreinfo.offset != in->offset + behind ||
	    in->size - behind < r->size) {
		kv_clear(&s->vmcoreinfo.v);
		s->vmcoreinfo.found = toc_vmcoreinfo(toc, view, &s->vmcoreinfo.v);
		s->vmcoreinfo.crashed = kv_get(&s->vmcoreinfo.v, "CRASHTIME");
		s->vmcoreinfo.offset = in->offset + behind;
		/* What goes on elsewhere does so under this map alone. */
		s->vmcoreinfo.size = in->size - behind < r->size ? 0 : r->size;
	}
	return s->vmcoreinfo.found ? &s->vmcoreinfo.v : NULL;
}

/* Can it be better than what there is, with that of what is not known yet? */
static bool may_be_better(const struct search *s, const struct toc *toc, unsigned int proven, bool crashed)
{
	struct toc most = *toc;
	const char *why;

	most.proven = proven;
	most.crashed = crashed;
	most.landmarks = TOC_LANDMARKS_MAX;
	return !s->floor || compare_tocs(&most, s->floor, &why) > 0;
}

/* How good the table is. What takes long comes last: there may be as many tables as there are pages. */
static void judge(struct search *s, const struct image *view, struct toc *toc)
{
	bool searched = !image_has_registers(s->img);
	unsigned int proven = 0;
	const struct kv *v;

	if (s->not_searched) {
		toc->proven = TOC_PROVEN_MAX;
		return;
	}
	if (searched && proof_possible(&s->proof, view))
		proven = proof_limit(&s->proof, view, toc);
	/* What cannot be the best is only named, and ranked by what it takes to do that. */
	if (!may_be_better(s, toc, proven, true) || (s->of_kernel && proven < TOC_PROVEN_MAX && s->ranking))
		return;
	v = vmcoreinfo_of(s, view, toc);
	toc->crashed = v && s->vmcoreinfo.crashed;
	if (searched)
		toc_prove(&s->proof, view, toc, v);
	if (may_be_better(s, toc, toc->proven, toc->crashed))
		toc_look_for_landmarks(toc, view, v);
}

/* Reads the table under a map (which is copied), and keeps it if it is better than the best so far. */
static void consider(struct search *s, const struct rangemap *map, uint64_t at, uint64_t self, struct choice *best)
{
	struct choice new = { .at = at, .found = true };
	struct image view = *s->img;
	struct derr err;
	const char *why;
	int r, c;

	view.phys = *map;
	r = toc_read(&view, self, s->slots, &new.toc, &err);
	if (r < 0 || !new.toc.n_regions) {
		if (!s->why_not.text[0])
			say_useless(&s->why_not, s->img, self,
				    r < 0	       ? err.text :
				    new.toc.problems.n ? new.toc.problems.v[0] :
							 "it has no regions");
		choice_clear(&new);
		return;
	}
	judge(s, &view, &new.toc);
	rangemap_copy(&new.map, map);
	c = best->found ? compare_tocs(&new.toc, &best->toc, &why) : 1;
	if (c == 0 && new.at == best->at && !same_places(&new, best))
		best->ambiguous = true;
	if (c <= 0) {
		choice_clear(&new);
		return;
	}
	choice_clear(best);
	*best = new;
}

/* The best reading of one header. */
static void consider_header(struct search *s, uint64_t at, uint64_t self, struct choice *best)
{
	struct guess g;

	if (s->img->mapped) {
		consider(s, &s->img->phys, at, self, best);
		return;
	}
	guess_maps(&g, s->img, at, self);
	for (size_t i = 0; i < g.n; i++) {
		consider(s, &g.map[i], at, self, best);
		rangemap_clear(&g.map[i]);
	}
}

/* false: no map can have it there. */
static bool possible_place(struct search *s, uint64_t at, uint64_t self)
{
	bool possible = s->img->mapped ? self == at : self >= at;

	if (possible || s->why_not.text[0])
		return possible;
	if (s->img->mapped)
		derr_set(&s->why_not, 0,
			 "The page at 0x%" PRIx64 " is a copy of a table header that was at 0x%" PRIx64 ".", at, self);
	else
		derr_set(&s->why_not, 0,
			 "At offset 0x%" PRIx64 " is the header of a table that was at address 0x%" PRIx64
			 ": a copy, or the file has something before the memory.",
			 at, self);
	return false;
}

static void rank_header(struct search *s, struct header *h)
{
	struct choice best = { 0 };

	s->slots = SLOTS_TO_RANK;
	s->ranking = true;
	consider_header(s, h->at, h->self, &best);
	s->ranking = false;
	h->found = best.found;
	h->rank = best.toc;
	h->rank.regions = NULL;
	h->rank.problems = h->rank.warnings = (struct strlist){ 0 };
	choice_clear(&best);
}

static bool is_worse(const struct header *a, const struct header *b)
{
	const char *why;

	return a->found != b->found ? b->found : a->found && compare_tocs(&a->rank, &b->rank, &why) < 0;
}

static void leave_out(struct search *s, const struct header *h)
{
	if (h->found)
		note_useless(&s->worse, h->self, true);
	else
		note_useless(&s->empty, h->self, h->checksum_ok);
}

/* There may be as many headers as there are pages: from some number on only the best are kept. */
static void keep_header(struct search *s, struct header *new)
{
	size_t worst = 0;

	if (s->n < HEADERS_MAX) {
		s->headers[s->n++] = *new;
		return;
	}
	for (size_t i = 0; i < s->n && !s->ranked; i++)
		rank_header(s, &s->headers[i]);
	s->ranked = true;
	/* Of those that are equally bad the last one goes. */
	for (size_t i = 1; i < s->n; i++)
		if (!is_worse(&s->headers[worst], &s->headers[i]))
			worst = i;
	s->floor = s->headers[worst].found ? &s->headers[worst].rank : NULL;
	rank_header(s, new);
	s->floor = NULL;
	if (!is_worse(&s->headers[worst], new)) {
		leave_out(s, new);
		return;
	}
	leave_out(s, &s->headers[worst]);
	memmove(&s->headers[worst], &s->headers[worst + 1], (s->n - worst - 1) * sizeof(*s->headers));
	s->headers[s->n - 1] = *new;
}

static bool is_kept(const struct search *s, uint64_t at)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->headers[i].at == at)
			return true;
	return false;
}

static int note_headers(void *arg, uint64_t paddr, const char *data, size_t size)
{
	struct search *s = arg;

	for (size_t i = 0; i < size; i += DUMP_PAGE) {
		struct header new = { .at = paddr + i };
		struct minidump_ram_header h;

		if (memcmp(data + i, MINIDUMP_RAM_MAGIC, 8))
			continue;
		memcpy(&h, data + i, sizeof(h));
		if (!toc_header_plausible(&h))
			continue;
		new.self = le64toh(h.self);
		new.checksum_ok = toc_header_checksum_ok(&h);
		if ((s->table && new.self != *s->table) || is_kept(s, new.at))
			continue;
		if (possible_place(s, new.at, new.self))
			keep_header(s, &new);
		else
			note_useless(&s->copies, new.at, new.checksum_ok);
	}
	return 0;
}

static int not_found(const struct search *s, struct derr *err)
{
	const struct image *img = s->img;

	if (s->table)
		return derr_set(err, -ENOENT,
				"There is no usable minidump table at 0x%" PRIx64 " in %s. %s\n"
				"Leave --table out to search for it.",
				*s->table, img->path, s->why_not.text);
	if (img->elf.missing)
		return derr_set(err, -ENOENT,
				"No minidump table is in what there is of %s, which is cut off: %s of its memory "
				"are missing at its end. Copy it again.",
				img->path, size_text(img->elf.missing).s);
	if (s->n || s->why_not.text[0])
		return derr_set(
			err, -ENOENT,
			"Cannot save anything from %s. %s\n"
			"If the file is not one piece of memory that starts at address 0, say where it belongs with "
			"--map OFFSET:PADDR:SIZE.",
			img->path, s->why_not.text);
	return derr_set(
		err, -ENOENT,
		"No minidump table in %s (%s of memory searched for a page that starts with \"%s\").\n"
		"Either the machine had no table (on it, `qcmdctl status` tells whether it has one), or the file "
		"is no image of its memory, or only a part of it.",
		img->path, size_text(rangemap_total(&img->phys)).s, MINIDUMP_RAM_MAGIC);
}

static bool contains_qcmd_note(const struct image *img)
{
	return img->elf.notes && memmem(img->elf.notes, img->elf.notes_size, "QCMD_COLLECT=", 13);
}

/* The first of the best. */
static void consider_all(struct search *s, struct choice *best)
{
	for (size_t i = 0; i < s->n; i++) {
		struct header *h = &s->headers[i];
		struct choice this = { 0 };
		const char *why;

		s->slots = TOC_SLOTS_MAX;
		consider_header(s, h->at, h->self, &this);
		h->found = this.found;
		h->rank = this.toc;
		h->rank.regions = NULL;
		h->rank.problems = (struct strlist){ 0 };
		if (this.found && (!best->found || compare_tocs(&this.toc, &best->toc, &why) > 0)) {
			choice_clear(best);
			*best = this;
		} else {
			choice_clear(&this);
		}
	}
}

static void warn_of_useless(struct toc *toc, const struct useless *u, const char *one, const char *many)
{
	_cleanup_free_ char *list = NULL;
	size_t size;
	FILE *f;

	if (!u->total)
		return;
	f = open_memstream(&list, &size);
	if (!f)
		out_of_memory();
	for (size_t i = 0; i < u->n; i++)
		fprintf(f, "%s0x%" PRIx64, i ? ", " : "", u->at[i]);
	if (u->total > u->n)
		fprintf(f, " and %zu more", u->total - u->n);
	fclose(f);
	strlist_addf(&toc->warnings, "%zu %s: %s", u->total, u->total == 1 ? one : many, list);
}

/* Nothing that might be the true table is passed over in silence. */
static void warn(struct search *s, struct toc *toc, uint64_t at)
{
	if (toc->contradicted)
		strlist_addf(&toc->warnings,
			     "what only the kernel of this machine can have written does not lead to the table at "
			     "0x%" PRIx64 ": it is forged, or of another boot, or the image is of a capture kernel",
			     toc->header);
	for (size_t i = 0; i < s->n; i++) {
		const struct header *h = &s->headers[i];
		const char *why;

		if (h->at == at)
			continue;
		if (!h->found || h->self == toc->header) {
			note_useless(h->found ? &s->copies : &s->empty, h->at, h->checksum_ok);
			continue;
		}
		if (toc->warnings.n >= TOLD_MAX) {
			note_useless(&s->worse, h->self, true);
			continue;
		}
		compare_tocs(&h->rank, toc, &why);
		strlist_addf(&toc->warnings,
			     "another table, at 0x%" PRIx64 ", has %zu regions%s, and was not taken: %s. To take it: "
			     "--table=0x%" PRIx64,
			     h->self, h->rank.n_regions, h->rank.crashed ? " and the time of a crash" : "", why,
			     h->self);
	}
	warn_of_useless(toc, &s->worse, "more table, not taken either", "more tables, not taken either");
	warn_of_useless(toc, &s->empty, "header that leads to no table", "headers that lead to no table");
	warn_of_useless(toc, &s->copies, "copy of a table's header", "copies of a table's header");
}

static int choose(struct search *s, struct image *img, struct toc *toc, struct derr *err)
{
	struct choice best = { 0 };

	consider_all(s, &best);
	if (!best.found && contains_qcmd_note(img))
		return derr_set(err, -EEXIST, "%s is already a collected dump. Look at it with: qcmdump info %s",
				img->path, img->path);
	if (!best.found)
		return not_found(s, err);
	if (best.ambiguous) {
		choice_clear(&best);
		return derr_set(
			err, -ENOTUNIQ,
			"Cannot tell which address is where in %s: several layouts read equally well.\n"
			"Give the layout of the machine with --map OFFSET:PADDR:SIZE, for example for 4 GiB on QEMU's "
			"q35: --map 0:0:2G --map 2G:4G:2G",
			img->path);
	}
	*toc = best.toc;
	warn(s, toc, best.at);
	rangemap_clear(&img->phys);
	img->phys = best.map;
	img->mapped = true;
	return 0;
}

/* Where each address is where in the file, a header can only be at its own address. */
static int look_at(struct search *s, uint64_t at)
{
	char page[DUMP_PAGE];

	if (at % DUMP_PAGE || image_read(s->img, at, page, sizeof(page)) < 0)
		return 0;
	return note_headers(s, at, page, sizeof(page));
}

/*
 * Tables to which the kernel leads come first: if one of them is good, of others no more is read than it takes to name
 * them.
 */
static void look_at_those_of_kernel(struct search *s, const struct rangemap *map)
{
	struct image view = *s->img;

	view.phys = *map;
	for (size_t i = proof_find_tables(&s->proof, &view); i < s->proof.n_tables; i++) {
		uint64_t header = s->proof.tables[i].header;
		const struct range *in = rangemap_find(map, header);

		look_at(s, s->img->mapped ? header : in->offset + (header - in->start));
	}
}

static void follow_kernel(struct search *s)
{
	struct guess g;

	if (s->img->mapped) {
		look_at_those_of_kernel(s, &s->img->phys);
	} else {
		guess_maps(&g, s->img, 0, 0);
		for (size_t i = 0; i < g.n; i++) {
			look_at_those_of_kernel(s, &g.map[i]);
			rangemap_clear(&g.map[i]);
		}
	}
	for (size_t i = 0; i < s->n; i++) {
		rank_header(s, &s->headers[i]);
		s->of_kernel |= s->headers[i].found && s->headers[i].rank.proven == TOC_PROVEN_MAX;
	}
}

static int look_for_headers(struct search *s, struct derr *err)
{
	/* Registers take the place of the one header, and have no place in the memory. */
	if (image_has_registers(s->img)) {
		s->n = 1;
		return 0;
	}
	if (s->img->mapped && s->table)
		return look_at(s, *s->table);
	if (!s->table)
		follow_kernel(s);
	return image_scan(s->img, note_headers, s, err);
}

static int find(struct search *s, struct image *img, struct toc *toc, struct derr *err)
{
	int r = look_for_headers(s, err);

	if (r == 0)
		r = choose(s, img, toc, err);
	proof_clear(&s->proof);
	kv_clear(&s->vmcoreinfo.v);
	return r;
}

/* False: it takes a search. */
static bool find_by_kernel(struct image *img, struct toc *toc)
{
	uint64_t table;
	struct search s = { .img = img, .table = &table, .not_searched = true };
	struct derr ignored;

	if (image_has_registers(img) || !toc_of_kernel(img, &table) || find(&s, img, toc, &ignored) < 0)
		return false;
	toc->from = TOC_FROM_KERNEL;
	return true;
}

int toc_find(struct image *img, const uint64_t *table, struct toc *toc, struct derr *err)
{
	struct search s = { .img = img, .table = table };
	int r;

	if (!table && find_by_kernel(img, toc))
		return 0;
	r = find(&s, img, toc, err);
	if (r == 0 && table)
		toc->from = TOC_FROM_OPTION;
	return r;
}
