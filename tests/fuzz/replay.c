// SPDX-License-Identifier: GPL-2.0-only
/*
 * Feeds files to a fuzzer's entry point, one by one: what `make check` runs in place of the fuzzing engine.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	struct stat info;
	uint8_t *data;
	FILE *file;

	file = fopen(path, "rb");
	if (!file || fstat(fileno(file), &info) < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		if (file)
			fclose(file);
		return -1;
	}
	/* Exactly as long as the input, so that reading past its end is noticed. */
	data = malloc(info.st_size);
	if ((info.st_size && !data) || fread(data, 1, info.st_size, file) != (size_t)info.st_size) {
		fprintf(stderr, "%s: cannot read all of it\n", path);
		free(data);
		fclose(file);
		return -1;
	}
	fclose(file);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, info.st_size);
	free(data);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	int failed = 0, total = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, visible, alphasort);

		if (count < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		for (int j = 0; j < count; j++) {
			char path[4096];

			snprintf(path, sizeof(path), "%s/%s", argv[i], entries[j]->d_name);
			failed |= replay_file(path);
			free(entries[j]);
			total++;
		}
		free(entries);
	}
	if (!total) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER...; no input was found\n", argv[0]);
		return 1;
	}
	printf("%d inputs\n", total);
	return failed ? 1 : 0;
}
