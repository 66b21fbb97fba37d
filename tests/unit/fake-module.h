/* SPDX-License-Identifier: GPL-2.0-only */
/* A table with few slots in place of the module, for tests of what is wanted against what is there. */
#ifndef FAKE_MODULE_H
#define FAKE_MODULE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/table/reconcile.h"
#include "lib/table.h"
#include "uapi/linux/qcom_minidump_table.h"

#define PORT	    4711
#define REGIONS_MAX 64
#define LOG_MAX	    128
#define UNMOVABLE   0x9000 /* nothing can be moved there */

/* A table: stacks take four slots, all else takes one. */
struct table {
	struct module_region regions[REGIONS_MAX];
	size_t n;
	size_t slots;
	uint32_t next_id;
	char note[64];
	uint32_t missing_pid;  /* its task is gone */
	uint64_t task_address; /* of each task that is added; 0: by its pid */
	const char *missing_object;
	uint64_t refused_address; /* what is there is refused, */
	int refused_error;	  /* with this */
	int broken;		  /* what every call returns */
	char log[LOG_MAX][48];	  /* of what changed */
	size_t n_log;
	struct region_key gone;
	struct reconcile *r;
};

/* By how much they matter; the last ones have limits. */
extern const struct policy policies[];
extern const struct reconcile_ops module_ops;

/* What has changed since the last time */
void assert_log(struct table *t, const char *const *lines);
#define ASSERT_LOG(t, ...) assert_log(t, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_QUIET(t)	   assert_int_equal((t)->n_log, 0)
/* Another run has nothing to do. */
void assert_settled(struct table *t);

struct module_region *by_id(struct table *t, uint32_t id);
struct module_region *by_name(struct table *t, const char *name, uint32_t pid);
/* What a notification says of it. */
struct module_region news_of(const struct module_region *r);
void set_text(char *to, size_t size, const char *from);

/* Wants. level: of the policies */
struct want object(const char *name, int level);
struct want task(uint32_t pid, enum region_kind kind, int level);
struct want symbol(uint64_t address, uint64_t size);
struct want note(void);
int give_note(struct table *t, const char *text);
struct want trace(unsigned int cpu);
struct want unsure(struct want w);

void set_wants(struct table *t, const struct want *items, size_t n);
#define WANT(t, ...)                                          \
	do {                                                  \
		const struct want items_[] = { __VA_ARGS__ }; \
		set_wants(t, items_, ARRAY_LEN(items_));      \
	} while (0)
const struct entry *entry_of(struct table *t, const struct want *w);

int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
