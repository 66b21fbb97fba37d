/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comparing with files that hold what is right. $QCMD_TEST_UPDATE=1 writes them anew: read the difference
 * before it is committed. Tests run at the top of the tree. Include after cmocka.h.
 */
#ifndef QCMD_TEST_GOLDEN_H
#define QCMD_TEST_GOLDEN_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls run() with the path of each file in a folder whose name ends in suffix; returns how many there were. */
static inline size_t golden_for_each(const char *folder, const char *suffix, void (*run)(const char *path))
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, alphasort);
	size_t found = 0;

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		char path[512];

		if (strlen(name) > strlen(suffix) && strcmp(name + strlen(name) - strlen(suffix), suffix) == 0) {
			snprintf(path, sizeof(path), "%s/%s", folder, name);
			run(path);
			found++;
		}
		free(entries[i]);
	}

	free(entries);
	return found;
}

/* The whole file, with a NUL after it; NULL: there is none. */
static inline char *golden_read(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t allocated = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &allocated, EOF, f) < 0)
		*text = '\0';
	*ret_size = ftell(f);
	fclose(f);
	return text;
}

static inline void golden_compare(const char *path, const char *got)
{
	size_t size;
	char *expected;

	if (getenv("QCMD_TEST_UPDATE")) {
		FILE *f = fopen(path, "we");

		assert_non_null(f);
		fputs(got, f);
		assert_int_equal(fclose(f), 0);
		return;
	}

	expected = golden_read(path, &size);
	if (!expected)
		fail_msg("%s: there is no such file", path);
	if (strcmp(got, expected) != 0)
		fail_msg("%s:\n--- expected\n%s--- got\n%s", path, expected, got);
	free(expected);
}

#endif
