// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the next kernel believes of a keep, by the same code: nothing that another one can have written, nothing that is
 * not as it was, and whatever it reads, no byte that is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"

/* What the module has from the kernel. */
typedef struct {
	uint64_t key[2];
} siphash_key_t;

#define struct_size(p, member, n) (sizeof(*(p)) + sizeof((p)->member[0]) * (size_t)(n))

static uint64_t rotate(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

static uint64_t siphash(const void *data, size_t size, const siphash_key_t *k)
{
	uint64_t v[4] = { k->key[0] ^ 0x736f6d6570736575, k->key[1] ^ 0x646f72616e646f6d,
			  k->key[0] ^ 0x6c7967656e657261, k->key[1] ^ 0x7465646279746573 };
	uint64_t word, last = (uint64_t)size << 56;
	size_t at;

	for (at = 0; at + 8 <= size; at += 8) {
		memcpy(&word, (const char *)data + at, 8);
		sip_word(v, word);
	}
	for (size_t i = at; i < size; i++)
		last |= (uint64_t)((const uint8_t *)data)[i] << 8 * (i - at);
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#include "kmod/keep-judge.c"

#define ALIGN_UP(n, to) (((n) + (to)-1) / (to) * (to))

#define SELF   UINT64_C(0x12400000)
#define SIZE   ((size_t)QCMD_KEEP_ALIGN)
#define PAGE   4096
#define PIECES 24
#define TEXT   5000
#define ROUNDS 10000

static const __u64 number[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };

/* As it was written; what became of it. */
static struct qcmd_keep *good, *found;
static size_t used;

/* Always the same ones. */
static uint64_t random_word(void)
{
	static uint64_t state = 1;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void seal(struct qcmd_keep *keep, const __u64 key[2])
{
	memcpy(keep->number, key, sizeof(keep->number));
	keep->hash = qmd_keep_hash(keep);
	for (uint32_t i = 0; i < keep->pieces; i++) {
		struct qcmd_keep_piece *p = &keep->piece[i];

		if (p->offset <= keep->size && p->size <= keep->size - p->offset)
			p->hash = qmd_keep_hash_of(keep, (char *)keep + p->offset, p->size);
	}
	keep->seal = qmd_keep_seal(keep);
	if (keep->size <= SIZE && qmd_keep_tail(keep)->size <= QCMD_KEEP_TAIL - sizeof(*qmd_keep_tail(keep)))
		qmd_keep_tail(keep)->hash = qmd_keep_tail_hash(keep, qmd_keep_tail(keep));
}

static int setup(void **state)
{
	size_t at = ALIGN_UP(struct_size(good, piece, PIECES), 64);

	good = calloc(1, SIZE);
	found = calloc(1, SIZE);
	if (!good || !found)
		return -1;
	memcpy(good->magic, QCMD_KEEP_MAGIC, sizeof(QCMD_KEEP_MAGIC));
	good->self = SELF;
	good->size = SIZE;
	good->pieces = PIECES;
	for (int i = 0; i < PIECES; i++) {
		good->piece[i] = (struct qcmd_keep_piece){ .paddr = i << 20, .size = 1 + i * 97, .offset = at };
		for (size_t n = 0; n < good->piece[i].size; n++)
			((uint8_t *)good)[at + n] = random_word();
		at = ALIGN_UP(at + good->piece[i].size, 64);
	}
	good->end = used = at;
	qmd_keep_tail(good)->size = TEXT;
	memset(qmd_keep_tail(good)->text, 'x', TEXT);
	seal(good, number);
	return 0;
}

static int teardown(void **state)
{
	free(good);
	free(found);
	return 0;
}

static void undo(void)
{
	memcpy(found, good, ALIGN_UP(used, PAGE));
	memcpy((char *)found + SIZE - QCMD_KEEP_TAIL, qmd_keep_tail(good), QCMD_KEEP_TAIL);
}

static bool is_same(size_t at, size_t size)
{
	return !memcmp((char *)found + at, (char *)good + at, size);
}

/* What is not as it was is found out, and nothing else is: the padding between pieces is nobody's. */
static void check_found(void)
{
	bool here = is_same(0, offsetof(struct qcmd_keep, seal));
	bool sealed = is_same(offsetof(struct qcmd_keep, seal),
			      struct_size(good, piece, PIECES) - offsetof(struct qcmd_keep, seal));

	assert_int_equal(qmd_keep_is(found, SELF, number), here);
	if (!here)
		return;
	assert_int_equal(qmd_keep_is_sealed(found), sealed);
	for (int i = 0; sealed && i < PIECES; i++)
		assert_int_equal(qmd_keep_is_intact(found, &found->piece[i]),
				 is_same(good->piece[i].offset, good->piece[i].size));
}

/* As in the paper and in the kernel's own test of it */
static void test_hash(void **state)
{
	const siphash_key_t key = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	uint8_t data[15];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	assert_int_equal(siphash(data, sizeof(data), &key), 0xa129ca6149be45e5);
	assert_int_equal(siphash(data, 0, &key), 0x726fdb47dd0e0e31);
}

static void test_whole(void **state)
{
	undo();
	check_found();
	assert_true(qmd_keep_is(found, SELF, number) && qmd_keep_is_sealed(found) && !qmd_keep_is_clean(found));
	assert_ptr_equal(qmd_keep_tail_of(found), qmd_keep_tail(found));
	for (int i = 0; i < PIECES; i++)
		assert_true(qmd_keep_is_intact(found, &found->piece[i]));
}

static void test_damaged(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		undo();
		for (int n = random_word() % 8; n >= 0; n--)
			((uint8_t *)found)[random_word() % used] ^= 1 << random_word() % 8;
		check_found();
	}
}

/* Pages that somebody got are zeros, or what he wrote; and from some place on there may be nothing. */
static void test_overwritten(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t at = random_word() % (used / PAGE + 1) * PAGE, size = PAGE;

		undo();
		if (random_word() % 2)
			size = ALIGN_UP(used, PAGE) - at;
		memset((char *)found + at, random_word() % 2 ? 0 : random_word(), size);
		check_found();
		undo();
		at = random_word() % used;
		memset((char *)found + at, 0, used - at);
		check_found();
	}
}

/* All is right about it but the number, which whoever made it can't know, or the place. */
static void test_forged(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		__u64 key[2] = { random_word(), random_word() };

		undo();
		seal(found, key);
		assert_false(qmd_keep_is(found, SELF, number));
		assert_true(qmd_keep_is(found, SELF, key) && qmd_keep_is_sealed(found));
		/* With the number in its place, but hashes of another one. */
		memcpy(found->number, number, sizeof(number));
		assert_false(qmd_keep_is(found, SELF, number));
		/* With a start that was seen somewhere, too. */
		memcpy(found, good, offsetof(struct qcmd_keep, seal));
		assert_true(qmd_keep_is(found, SELF, number));
		assert_false(qmd_keep_is_sealed(found));
	}
	undo();
	assert_false(qmd_keep_is(found, SELF + QCMD_KEEP_ALIGN, number));
}

static uint64_t odd_number(uint64_t right)
{
	static const uint64_t odd[] = { 0, 1, SIZE - 1, SIZE, SIZE + 1, UINT32_MAX, INT64_MAX, INT64_MIN, UINT64_MAX };

	return random_word() % 4 ? right :
				   odd[random_word() % ARRAY_LEN(odd)] - random_word() % 64 * (random_word() % 2);
}

/* The kernel that wrote it was mad, or another one has its number: nothing is read that is not there. */
static void test_absurd(void **state)
{
	for (int round = 0; round < ROUNDS; round++) {
		undo();
		found->size = odd_number(found->size);
		found->hash = qmd_keep_hash(found);
		assert_int_equal(qmd_keep_is(found, SELF, number), found->size >= sizeof(*found) + QCMD_KEEP_TAIL &&
									   found->size <= QCMD_KEEP_MAX &&
									   found->size % 8 == 0);
		if (!qmd_keep_is(found, SELF, number) || found->size > SIZE)
			continue;
		for (int i = 0; i < PIECES; i++) {
			found->piece[i].offset = odd_number(found->piece[i].offset);
			found->piece[i].size = odd_number(found->piece[i].size);
		}
		found->end = odd_number(found->end);
		seal(found, number);
		if (random_word() % 2)
			found->pieces = odd_number(found->pieces);
		for (uint32_t i = 0; qmd_keep_is_sealed(found) && i < found->pieces; i++)
			if (qmd_keep_is_intact(found, &found->piece[i]))
				assert_true(found->piece[i].offset >= struct_size(found, piece, found->pieces) &&
					    found->piece[i].offset + found->piece[i].size <= found->end);
	}
}

/* Its kernel lived on, or was shut down: it has no dump, and the end of the log if that is as it was written. */
static void test_unsealed(void **state)
{
	struct qcmd_keep_tail *tail;

	for (int round = 0; round < ROUNDS; round++) {
		undo();
		tail = qmd_keep_tail(found);
		found->end = 0;
		assert_false(qmd_keep_is_sealed(found) || qmd_keep_is_clean(found));
		assert_ptr_equal(qmd_keep_tail_of(found), tail);
		((uint8_t *)tail)[random_word() % (sizeof(*tail) + TEXT)] ^= 1 << random_word() % 8;
		assert_null(qmd_keep_tail_of(found));
		memset(tail, 0, sizeof(*tail));
		assert_null(qmd_keep_tail_of(found));
		tail->size = odd_number(QCMD_KEEP_TAIL - sizeof(*tail) + 1);
		if (tail->size > QCMD_KEEP_TAIL - sizeof(*tail))
			assert_null(qmd_keep_tail_of(found));

		found->pieces = 0;
		assert_false(qmd_keep_is_clean(found));
		found->seal = qmd_keep_seal(found);
		assert_true(qmd_keep_is_clean(found) && !qmd_keep_is_sealed(found));
		((uint8_t *)&found->end)[random_word() % 24] ^= 1 << random_word() % 8;
		assert_false(qmd_keep_is_clean(found) || qmd_keep_is_sealed(found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash),	    cmocka_unit_test(test_whole),  cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_overwritten), cmocka_unit_test(test_forged), cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_unsealed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
