/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests/fuzz/mutate-dump.c damages: small dumps, and what they are collected from, of each kind. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_HOT_MAX 256

struct sample {
	char file[32];
	unsigned int folder; /* files of one folder have the same number; 0: a file by itself */
	bool is_dump;
	uint8_t *data;
	size_t size;
	size_t hot[SAMPLE_HOT_MAX]; /* places where structures begin: damaged more often */
	size_t n_hot;
};

struct samples {
	struct sample *v;
	size_t n;
	size_t capacity;
};

/* A machine with a log, tasks and a trace: as image of its memory, vmcore, firmware's files, rawdump and dump. */
void samples_make(struct samples *all);

/* A dump, or an image of memory. */
void samples_read(struct samples *all, const char *path);
void samples_clear(struct samples *all);

/* Where there is a table header, its checksum is made right or left. */
void sample_mend(uint8_t *data, size_t size, bool right);

#endif
