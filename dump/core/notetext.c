// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <zlib.h>

#include <qcmd_note.h>

#include "dump/core/notetext.h"
#include "lib/alloc.h"
#include "lib/size.h"

static char *inflate_text(const char *data, size_t size, size_t max, size_t *ret)
{
	z_stream z = { .next_in = (Bytef *)data, .avail_in = size };
	size_t capacity = 0;
	char *text = NULL;
	int r;

	if (inflateInit(&z) != Z_OK)
		return NULL;
	do {
		text = xgrow(text, &capacity, z.total_out + 64 * KIB + 1, 1);
		z.next_out = (Bytef *)text + z.total_out;
		z.avail_out = capacity - 1 - z.total_out;
		r = inflate(&z, Z_NO_FLUSH);
	} while (r == Z_OK && z.total_out < max);
	*ret = z.total_out;
	inflateEnd(&z);
	if (r == Z_STREAM_END && *ret <= max) {
		text[*ret] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *notetext_read(const struct elfnote *note, size_t max, size_t *size)
{
	size_t prefix = strlen(QCMD_NOTE_ZLIB);

	if (note->desc_size >= prefix && !memcmp(note->desc, QCMD_NOTE_ZLIB, prefix))
		return inflate_text(note->desc + prefix, note->desc_size - prefix, max, size);
	*size = note->desc_size;
	return note->desc_size <= max ? xstrndup(note->desc, note->desc_size) : NULL;
}

void notetext_add(struct notebuf *b, const char *name, uint32_t type, const char *text, size_t size)
{
	size_t prefix = strlen(QCMD_NOTE_ZLIB);
	uLongf n = compressBound(size);
	_cleanup_free_ char *desc = xcalloc(prefix + n, 1);

	memcpy(desc, QCMD_NOTE_ZLIB, prefix);
	if (compress((Bytef *)desc + prefix, &n, (const Bytef *)text, size) == Z_OK)
		notebuf_add(b, name, type, desc, prefix + n);
}
