// SPDX-License-Identifier: GPL-2.0-only
/* Where pointers and lists lead, and how much of that is wanted. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/source/symbol-private.h"
#include "lib/cleanup.h"

#define TRIES_MAX     5		 /* to walk a list that changes */
#define SIZE_MAX_READ (64 << 20) /* more than that in a variable is no size */

bool symbol_size_is_variable(const char *size)
{
	return !strchr(size, ' ') && !isdigit((unsigned char)size[*size == '-']);
}

static bool size_of(struct symbol_reader *r, const char *text, uint64_t *ret, struct symbol_place *place)
{
	const struct ksym *sym;
	struct symbol_type type = {};
	char *unit;

	*ret = strtoull(text, &unit, 10);
	if (unit != text) {
		*ret <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 0;
		return true;
	}
	if (strchr(text, ' ')) {
		bool found = symbol_type(r, text, NULL, &type, place);

		*ret = type.size;
		return found;
	}
	if (!symbol_look_up(r, text, &sym, place) || !symbol_read_word(r, sym->address, text, ret, place))
		return false;
	if (sym->size < sizeof(*ret))
		*ret &= (1ULL << 8 * sym->size) - 1;
	if (*ret && *ret <= SIZE_MAX_READ)
		return true;
	return symbol_fail(place, -ERANGE, "'%s' is %" PRIu64 ", which is no size from 1 byte to 64 MiB", text, *ret);
}

void symbol_limit(struct symbol_reader *r, const char *size, struct symbol_place *place)
{
	uint64_t bytes;

	if (!place->error && size_of(r, size, &bytes, place) && bytes < place->size)
		place->size = bytes;
}

/* Where the pointer itself is. */
static bool find_pointer(struct symbol_reader *r, const char *item, int cpu, struct symbol_place *ret)
{
	const char *member = policy_symbol_member(item);
	char variable[SYMBOL_ITEM_SIZE];
	struct symbol_type type = {};

	symbol_variable(item, variable);
	if (cpu < 0)
		symbol_find(r, variable, ret);
	else
		symbol_find_percpu(r, variable, cpu, ret);
	if (ret->error || (member && !symbol_type(r, policy_symbol_name(variable), member, &type, ret)))
		return false;
	ret->address += type.offset;
	return true;
}

void symbol_follow(struct symbol_reader *r, const char *item, int cpu, const char *size, struct symbol_place *ret)
{
	const char *name = policy_symbol_name(item);
	bool below = *size == '-';
	uint64_t value, bytes;

	if (!find_pointer(r, item, cpu, ret) || !size_of(r, size + below, &bytes, ret) ||
	    !symbol_read_word(r, ret->address, name, &value, ret))
		return;
	if (!value) {
		symbol_fail(ret, -ENOENT, "the pointer '%s' is NULL now", name);
		return;
	}
	/* The top of a stack may be some words below its end. */
	if (below)
		value = ((value + PAGE - 1) & ~(uint64_t)(PAGE - 1)) - bytes;
	*ret = (struct symbol_place){ .address = value, .size = bytes };
}

int symbol_list(struct symbol_reader *r, const char *head, const char *type_name, const char *member,
		struct symbol_place *ret_head, struct symbol_place **ret, size_t *ret_n)
{
	_cleanup_free_ uint64_t *nodes = calloc(SYMBOL_LIST_MAX, sizeof(*nodes));
	struct symbol_type type;
	int err, tries = 0;
	bool whole;

	*ret = NULL;
	*ret_n = 0;
	if (!nodes)
		return -ENOMEM;
	symbol_find(r, head, ret_head);
	if (ret_head->error || !symbol_type(r, type_name, member, &type, ret_head) || !symbol_open_memory(r, ret_head))
		return 0;
	ret_head->size = 2 * sizeof(*nodes);
	/* It may change while it is walked. */
	do
		err = kread_list(r->kread, ret_head->address, nodes, SYMBOL_LIST_MAX, ret_n, &whole);
	while (err >= 0 && !whole && ++tries < TRIES_MAX);
	if (err < 0 || !whole) {
		*ret_n = 0;
		symbol_fail(ret_head, err < 0 ? err : -E2BIG, "'%s' is no list, or has more than %d elements", head,
			    SYMBOL_LIST_MAX);
		return 0;
	}
	*ret = calloc(*ret_n + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = (struct symbol_place){ .address = nodes[i] - type.offset, .size = type.size };
	return 0;
}
