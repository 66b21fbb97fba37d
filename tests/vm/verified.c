// SPDX-License-Identifier: GPL-2.0-only
/*
 * verified LIMIT FILE...: loads BPF objects and says how many instructions the kernel's verifier looked at for each
 * program, which is what loading it costs. Fails where that is more than the limit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

static int show(const char *file, const struct bpf_program *program, unsigned long limit)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) < 0) {
		fprintf(stderr, "verified: %s: %s\n", bpf_program__name(program), strerror(errno));
		return -errno;
	}
	printf("verified: %.*s %s %u\n", (int)strcspn(name, "."), name, bpf_program__name(program),
	       info.verified_insns);
	if (info.verified_insns <= limit)
		return 0;
	fprintf(stderr, "verified: more than %lu\n", limit);
	return -E2BIG;
}

static int look_at(const char *file, unsigned long limit)
{
	struct bpf_object *object = bpf_object__open_file(file, NULL);
	struct bpf_program *program;
	int r = object ? bpf_object__load(object) : -errno;

	if (r < 0)
		fprintf(stderr, "verified: %s: %s\n", file, strerror(-r));
	if (r >= 0)
		bpf_object__for_each_program (program, object)
			r = show(file, program, limit) < 0 ? -1 : r;
	bpf_object__close(object);
	return r;
}

int main(int argc, char **argv)
{
	int r = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: verified LIMIT FILE...\n");
		return EXIT_FAILURE;
	}
	for (int i = 2; i < argc; i++)
		if (look_at(argv[i], strtoul(argv[1], NULL, 10)) < 0)
			r = EXIT_FAILURE;
	return r;
}
