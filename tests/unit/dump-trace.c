// SPDX-License-Identifier: GPL-2.0-only
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dump-trace.h"

#define COMMON                                                                         \
	"format:\n"                                                                    \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

/* As a kernel has it, but for the task's state */
static const char switch_format[] =
	"name: sched_switch\nID: 300\n" COMMON "\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t prev_pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:char next_comm[16];\toffset:28;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t next_pid;\toffset:44;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"prev_comm=%s prev_pid=%d ==> next_comm=%s next_pid=%d\", REC->prev_comm, REC->prev_pid, "
	"REC->next_comm, REC->next_pid\n";

static const char mark_format[] =
	"name: mark\nID: 301\n" COMMON "\tfield:unsigned int number;\toffset:8;\tsize:4;\tsigned:0;\n"
	"\tfield:__data_loc char[] text;\toffset:12;\tsize:4;\tsigned:0;\n\n"
	"print fmt: \"%u: %s (%s)\", REC->number, __get_str(text), "
	"__print_symbolic(REC->number, { 1, \"one\" }, { 2, \"two\" })\n";

static const char header_page[] = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
				  "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
				  "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
				  "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n";

static const char header_event[] = "# compressed entry header\n"
				   "\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n"
				   "\tpadding     : type == 29\n\ttime_extend : type == 30\n"
				   "\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";

static void put(struct dt_page *p, const void *data, uint32_t size)
{
	assert(p->size - p->end >= size);
	memcpy(p->data + p->end, data, size);
	p->end += size;
}

void dt_page(struct dt_page *p, uint32_t size, uint64_t ts)
{
	*p = (struct dt_page){ .size = size, .end = 16 };
	memcpy(p->data, &ts, sizeof(ts));
}

void dt_commit(struct dt_page *p, uint64_t flags)
{
	uint64_t commit = (p->end - 16) | flags;

	memcpy(p->data + 8, &commit, sizeof(commit));
}

void dt_word(struct dt_page *p, unsigned int type, uint32_t delta)
{
	uint32_t header = type | delta << 5;

	put(p, &header, sizeof(header));
}

static void put_time(struct dt_page *p, unsigned int type, uint64_t v)
{
	uint32_t high = v >> 27;

	dt_word(p, type, v & ((1 << 27) - 1));
	put(p, &high, sizeof(high));
}

void dt_extend(struct dt_page *p, uint64_t delta)
{
	put_time(p, 30, delta);
}

void dt_stamp(struct dt_page *p, uint64_t ts)
{
	put_time(p, 31, ts);
}

void dt_discarded(struct dt_page *p, uint32_t delta, uint32_t size)
{
	dt_word(p, 29, delta);
	put(p, &size, sizeof(size));
	p->end += size - 4;
}

struct mark {
	uint16_t type;
	uint16_t flags;
	int32_t pid;
	uint32_t number;
	uint32_t text; /* where it is, and its length in the upper half */
};

void dt_switch(struct dt_page *p, uint32_t delta, int32_t prev, const char *prev_comm, int32_t next,
	       const char *next_comm)
{
	struct mark common = { .type = DT_SWITCH, .pid = prev };
	char comm[17] = "";

	dt_word(p, 48 / 4, delta);
	put(p, &common, 8);
	strncpy(comm, prev_comm, sizeof(comm) - 1);
	put(p, comm, sizeof(comm) - 1);
	put(p, &prev, sizeof(prev));
	strncpy(comm, next_comm, sizeof(comm) - 1);
	put(p, comm, sizeof(comm) - 1);
	put(p, &next, sizeof(next));
}

void dt_mark(struct dt_page *p, uint32_t delta, int32_t pid, uint32_t number, const char *text)
{
	uint32_t length = strlen(text) + 1, size = sizeof(struct mark) + (length + 3) / 4 * 4;
	struct mark m = { DT_MARK, 0, pid, number, length << 16 | sizeof(m) };
	uint32_t array0 = size + 4, end;

	dt_word(p, size <= 28 * 4 ? size / 4 : 0, delta);
	if (size > 28 * 4)
		put(p, &array0, sizeof(array0));
	end = p->end + size;
	put(p, &m, sizeof(m));
	put(p, text, length);
	p->end = end;
}

uint64_t dt_add(struct di *d, const char *region, uint32_t seq, const struct dt_page *pages, unsigned int n)
{
	uint32_t size = pages[0].size;
	uint64_t paddr = di_alloc(d, (uint64_t)size * n, 4096);

	for (unsigned int i = 0; i < n; i++)
		di_write(d, paddr + (uint64_t)size * i, pages[i].data, size);
	di_add(d, region, seq, paddr, DI_DIRECT + paddr, (uint64_t)size * n);
	return paddr;
}

static void add_file(FILE *f, const char *name, const char *text)
{
	fprintf(f, "FILE(%s)=%zu\n%s\n", name, strlen(text), text);
}

uint64_t dt_note(struct di *d, const char *lines, const char *more_files, bool compressed)
{
	uint32_t header[3] = { 5, 0, 0x51434d03 };
	uint8_t note[32768] = { 0 };
	uLongf packed = sizeof(note) - 28;
	uint64_t paddr;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "QCMD_TRACE=1\n%sPAGE_SIZE=4096\nLONG_SIZE=8\n", lines);
	add_file(f, "events/header_page", header_page);
	add_file(f, "events/header_event", header_event);
	add_file(f, "events/sched/sched_switch/format", switch_format);
	add_file(f, "events/test/mark/format", mark_format);
	fputs(more_files, f);
	fclose(f);
	if (compressed) {
		assert(compress(note + 28, &packed, (Bytef *)text, size) == Z_OK);
		memcpy(note + 20, "QCMDZLIB", 8);
		size = packed + 8;
	} else {
		assert(size < sizeof(note) - 20);
		memcpy(note + 20, text, size);
	}
	free(text);
	header[1] = size;
	memcpy(note, header, sizeof(header));
	memcpy(note + 12, "QCMD", 5);
	size = 20 + (size + 3) / 4 * 4;
	paddr = di_alloc(d, size, 4096);
	di_write(d, paddr, note, size);
	di_add(d, MINIDUMP_TRACE_NOTE_NAME, 0, paddr, DI_DIRECT + paddr, size);
	return paddr;
}
