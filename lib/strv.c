// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strv.h"

char **strv_free(char **l)
{
	for (char **s = l; s && *s; s++)
		free(*s);
	free(l);
	return NULL;
}

void strv_freep(char ***l)
{
	*l = strv_free(*l);
}

size_t strv_length(char *const *l)
{
	size_t n = 0;

	while (l && l[n])
		n++;
	return n;
}

int strv_append(char ***l, const char *s)
{
	size_t n = strv_length(*l);
	char *copy, **grown;

	copy = strdup(s);
	if (!copy)
		return -ENOMEM;

	grown = reallocarray(*l, n + 2, sizeof(*grown));
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}

	grown[n] = copy;
	grown[n + 1] = NULL;
	*l = grown;
	return 0;
}
