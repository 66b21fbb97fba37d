/* SPDX-License-Identifier: GPL-2.0-only */
/* What every file of qcmdump uses: errors as text, lists of problems, memory, text that is safe to print. */
#ifndef DUMPUTIL_H
#define DUMPUTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "qcmdump reads and writes little-endian dumps in place: build it on a little-endian machine"
#endif

#define KIB	  (1024ULL)
#define MIB	  (1024 * KIB)
#define GIB	  (1024 * MIB)
#define DUMP_PAGE 4096ULL

/* Why something failed, in words for the user. Filled by whoever returns a negative errno. */
struct derr {
	char text[1024];
};

int derr_set(struct derr *err, int r, const char *fmt, ...) _printf_(3, 4);

/* A bounded list of texts. What comes after the limit is only counted. */
#define STRLIST_MAX 200

struct strlist {
	char **v;
	size_t n;
	size_t left_out;
};

void strlist_addf(struct strlist *l, const char *fmt, ...) _printf_(2, 3);
void strlist_move(struct strlist *to, struct strlist *from);
void strlist_clear(struct strlist *l);

/* Every allocation is bounded by the size of a file or by a limit: running out of memory ends the program. */
void *xcalloc(size_t n, size_t size);
void *xgrow(void *p, size_t *capacity, size_t need, size_t size);
char *xstrndup(const char *s, size_t n);

static inline uint64_t page_down(uint64_t addr)
{
	return addr & ~(DUMP_PAGE - 1);
}

/* The caller knows that addr is not in the last page of the address space. */
static inline uint64_t page_up(uint64_t addr)
{
	return page_down(addr + DUMP_PAGE - 1);
}

/* pread() of all the bytes: 0, -EIO for a short file, or what pread() said. */
int pread_full(int fd, void *buf, size_t size, uint64_t offset);
int pwrite_full(int fd, const void *buf, size_t size, uint64_t offset);

/*
 * Text out of a dump as printable ASCII: anything else as \xNN, so that no escape sequence reaches a terminal.
 * Tabs stay.
 */
char *escape_text(const char *s, size_t n);

/* A number with an optional suffix K, M or G, decimal or hexadecimal (0x). */
int parse_size(const char *s, uint64_t *ret);

/* A number that is not negative, decimals allowed, of units that are that many of what is returned. */
int parse_decimal(const char *s, double unit, uint64_t *ret);

/* "2.1 MiB" */
#define SIZE_TEXT_MAX 24
const char *size_text(char buf[static SIZE_TEXT_MAX], uint64_t bytes);

/* Progress on stderr, where that is a terminal. */
struct progress {
	const char *what;
	uint64_t total;
	int last_percent;
	bool enabled;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
