// SPDX-License-Identifier: GPL-2.0-only
/* What qcmdd's note says of a kernel, by the BTF in an ELF file: print-note FILE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "daemon/note.h"

int main(int argc, char **argv)
{
	struct btf *btf = argc == 2 ? btf__parse_elf(argv[1], NULL) : NULL;
	char *text;

	if (!btf || note_describe(btf, &text) < 0) {
		fprintf(stderr, "usage: %s FILE, an ELF file with .BTF\n", argv[0]);
		return 1;
	}
	fputs(text, stdout);
	free(text);
	btf__free(btf);
	return 0;
}
