/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes and times as people write and read them. */
#ifndef QCMD_SIZE_H
#define QCMD_SIZE_H

#include <stdint.h>

#define KIB (1024ULL)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* A number with an optional suffix K, M or G, decimal or hexadecimal (0x). */
int parse_size(const char *s, uint64_t *ret);

/* A number that is not negative, decimals allowed, of units that are that many of what is returned. */
int parse_decimal(const char *s, double unit, uint64_t *ret);

/* "2.1 MiB": size_text(n).s lives as long as the statement. */
struct size_text {
	char s[24];
};

struct size_text size_text(uint64_t bytes);

/* "2023-11-14 22:13:20 UTC"; the number where the calendar has no such day */
struct time_text {
	char s[64];
};

struct time_text time_text(uint64_t seconds);

#endif
