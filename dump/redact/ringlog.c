// SPDX-License-Identifier: GPL-2.0-only
/* Only records that can be read come back: what is left over in the ring from older ones does not. */
#include <string.h>

#include "dump/log/log.h"
#include "dump/redact/redact-private.h"

/* The text of a record, behind the number in front of it by which readers know that it is the record's. */
static void put_text(struct work *w, const struct prb_record *r)
{
	_cleanup_free_ char *text = xcalloc(r->text_len, 1);
	uint64_t id;

	memcpy(text, r->text, r->text_len);
	lines_redact(&w->lines, text, r->text_len);
	if (!r->text_at || core_read_virt(w->core, r->text_at - sizeof(id), &id, sizeof(id)) < 0)
		return;
	memory_write_virt(w, TREAT_LOG_TEXT, r->text_at - sizeof(id), &id, sizeof(id));
	memory_write_virt(w, TREAT_LOG_TEXT, r->text_at, text, r->text_len);
}

static void put_info(struct work *w, const struct prb_record *r, const uint8_t *mask, size_t size)
{
	char info[PRB_INFO_MAX];

	if (core_read_virt(w->core, r->info_at, info, size) < 0)
		return;
	for (size_t i = 0; i < size; i++)
		info[i] = mask[i] ? info[i] : 0;
	memory_write_virt(w, TREAT_LOG_INFOS, r->info_at, info, size);
}

int ringlog_redact(struct work *w)
{
	uint8_t mask[PRB_INFO_MAX];
	struct derr ignored;
	struct log log;
	size_t size;
	int r = prb_info_numbers(w->core, !w->o->comm, mask, &size, &ignored);

	if (r < 0)
		return r;
	r = log_read(w->core, &log, &ignored);
	for (size_t i = 0; r == 0 && i < log.n; i++) {
		put_text(w, &log.v[i]);
		put_info(w, &log.v[i], mask, size);
	}
	log_clear(&log);
	return r;
}
