// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource manager's minidump service: requests in messages of a queue, each with a header of 8 bytes, and the list
 * of what the guest has registered. Sources: include/rm-rpc.h of quic/gunyah-resource-manager for the messages and the
 * errors; the payloads are as Qualcomm's kernels send them.
 *
 * After a reset it saves what a host has of its guest, in vm/:
 *
 *	md_2d_NAME.bin		each region; of those with the same name, the one in the first slot
 *	dump_info.txt		a line for each: 1, address, size, name, file
 *
 * The list is not cleared by a reset, which may come between any two instructions: an entry counts from the last store
 * of its registration on.
 */
#include "firmware.h"

#define HEADER_SIZE		8
#define HEADER_FIRST		0x21	/* version 1, 2 words */
#define FRAGMENTS_MAX		62
#define CONTENT_MAX		(MESSAGE_SIZE - HEADER_SIZE)

enum { TYPE_CONTINUATION = 0, TYPE_REQUEST = 1, TYPE_REPLY = 2 };

#define GET_INFO		0x56000040
#define REGISTER_RANGE		0x56000041
#define DEREGISTER_SLOT		0x56000042
#define GET_SLOT_NUMBER		0x56000043

/* Before the name, if there is one */
#define GET_INFO_SIZE		4
#define REGISTER_SIZE		20
#define DEREGISTER_SIZE		4
#define GET_SLOT_SIZE		8

enum {
	RM_OK = 0,
	RM_UNIMPLEMENTED = -1,
	RM_NO_RESOURCE = 2,
	RM_DENIED = 3,
	RM_MESSAGE_INVALID = 4,
	RM_ARGUMENT_INVALID = 6,
	RM_MEMORY_INVALID = 10,
	RM_LOOKUP_FAILED = 14,
};

#define SLOTS			201
#define SLOTS_FEW		20
#define NAME_SIZE		32
#define PLACE_SIZE		48
#define LINE			160

/* Where every 7th reply is lost, and all of these in a row */
#define SILENCE_FROM		30
#define SILENCE_TO		38

struct slot {
	volatile bool used;
	char name[NAME_SIZE];
	uint64_t address;
	uint64_t size;
};

static struct slot slots[SLOTS];
static uint32_t n_slots;
static bool lossy, denies, denied_before;
/* Set from outside, by tests/vm/break-table.py */
static volatile bool silent, unsupported;

/* The request that is being put together from its messages */
static struct {
	uint32_t id;
	uint16_t sequence;
	uint8_t fragments;
	uint8_t missing;
	uint32_t size;
	_Alignas(8) uint8_t content[CONTENT_MAX * (FRAGMENTS_MAX + 1)];
} request;

/* True when the message was the last of its request. */
static bool assemble(const struct message *m)
{
	uint8_t type = m->data[1] & 3, fragments = m->data[1] >> 2;
	uint16_t sequence = get16((uintptr_t)&m->data[2]);
	uint32_t id = get32((uintptr_t)&m->data[4]);

	if (m->size < HEADER_SIZE || m->data[0] != HEADER_FIRST || fragments > FRAGMENTS_MAX)
		return false;
	if (type == TYPE_REQUEST) {
		request.id = id;
		request.sequence = sequence;
		request.fragments = fragments;
		request.missing = fragments;
		request.size = 0;
	} else if (type == TYPE_CONTINUATION && request.missing && id == request.id && sequence == request.sequence &&
		   fragments == request.fragments) {
		request.missing--;
	} else {
		return false;
	}
	for (uint32_t i = HEADER_SIZE; i < m->size; i++)
		request.content[request.size++] = m->data[i];
	return !request.missing;
}

static uintptr_t field(uint32_t offset)
{
	return (uintptr_t)&request.content[offset];
}

static long read_name(char *name, uint32_t offset, uint32_t size)
{
	uint32_t i;

	if (offset > request.size || size > request.size - offset)
		return RM_MESSAGE_INVALID;
	if (!size || size >= NAME_SIZE)
		return RM_ARGUMENT_INVALID;
	for (i = 0; i < size; i++) {
		name[i] = request.content[offset + i];
		if (!in_file_name(name[i]))
			return RM_ARGUMENT_INVALID;
	}
	name[i] = 0;
	return RM_OK;
}

static bool starts_with(const char *text, const char *beginning)
{
	while (*beginning && *text == *beginning) {
		text++;
		beginning++;
	}
	return !*beginning;
}

static long get_info(uint16_t *available)
{
	if (request.size != GET_INFO_SIZE)
		return RM_MESSAGE_INVALID;
	if (unsupported)
		return RM_UNIMPLEMENTED;
	*available = 0;
	for (uint32_t i = 0; i < n_slots; i++)
		*available += !slots[i].used;
	return RM_OK;
}

static long register_range(uint16_t *slot)
{
	uint64_t address = get64(field(0)), size = get64(field(8));
	uint32_t name_size = request.content[16], name_offset = request.content[17];
	char name[NAME_SIZE];
	long error;

	/* The offset counts from the header on. */
	if (request.size < REGISTER_SIZE || name_offset < HEADER_SIZE + REGISTER_SIZE)
		return RM_MESSAGE_INVALID;
	error = read_name(name, name_offset - HEADER_SIZE, name_size);
	if (error)
		return error;
	if (denies && starts_with(name, "KDENIED"))
		return RM_DENIED;
	if (denies && equal(name, "KVMCOREINFO") && !denied_before) {
		denied_before = true;
		return RM_DENIED;
	}
	if (!in_ram(address, size))
		return RM_MEMORY_INVALID;
	for (*slot = 0; *slot < n_slots && slots[*slot].used; ++*slot)
		;
	if (*slot == n_slots)
		return RM_NO_RESOURCE;
	append(slots[*slot].name, slots[*slot].name + NAME_SIZE, name);
	slots[*slot].address = address;
	slots[*slot].size = size;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	slots[*slot].used = true;
	return RM_OK;
}

static long deregister_slot(void)
{
	uint16_t slot = get16(field(0));

	if (request.size != DEREGISTER_SIZE)
		return RM_MESSAGE_INVALID;
	if (slot >= n_slots || !slots[slot].used)
		return RM_LOOKUP_FAILED;
	slots[slot].used = false;
	return RM_OK;
}

static long get_slot_number(uint16_t *slot)
{
	char name[NAME_SIZE];
	long error;

	if (request.size < GET_SLOT_SIZE)
		return RM_MESSAGE_INVALID;
	error = read_name(name, GET_SLOT_SIZE, request.content[0]);
	if (error)
		return error;
	for (*slot = get16(field(4)); *slot < n_slots; ++*slot)
		if (slots[*slot].used && equal(slots[*slot].name, name))
			return RM_OK;
	return RM_LOOKUP_FAILED;
}

static void serve(struct message *reply)
{
	uint16_t value = 0;
	long error = RM_UNIMPLEMENTED;

	switch (request.id) {
	case GET_INFO:
		error = get_info(&value);
		break;
	case REGISTER_RANGE:
		error = register_range(&value);
		break;
	case DEREGISTER_SLOT:
		error = deregister_slot();
		break;
	case GET_SLOT_NUMBER:
		error = get_slot_number(&value);
		break;
	}
	reply->data[0] = HEADER_FIRST;
	reply->data[1] = TYPE_REPLY;
	put16((uintptr_t)&reply->data[2], request.sequence);
	put32((uintptr_t)&reply->data[4], request.id);
	put32((uintptr_t)&reply->data[8], error);
	put16((uintptr_t)&reply->data[12], value);
	put16((uintptr_t)&reply->data[14], 0);
	reply->size = error || request.id == DEREGISTER_SLOT ? 12 : 16;
}

/* False: there is no reply, or none yet. */
bool manager_answer(const struct message *message, struct message *reply)
{
	static unsigned int served;

	if (silent || !assemble(message))
		return false;
	serve(reply);
	served++;
	return !lossy || (served % 7 && (served < SILENCE_FROM || served >= SILENCE_TO));
}

void manager_start(const char *variant)
{
	lossy = equal(variant, "lossy");
	denies = equal(variant, "denies");
	n_slots = equal(variant, "few") ? SLOTS_FEW : SLOTS;
}

static bool name_seen(uint32_t slot)
{
	for (uint32_t i = 0; i < slot; i++)
		if (slots[i].used && equal(slots[i].name, slots[slot].name))
			return true;
	return false;
}

static void save(struct file *info, uint32_t slot)
{
	char place[PLACE_SIZE], *file = append(place, place + PLACE_SIZE, "vm/"), *at = file;
	const struct slot *s = &slots[slot];
	char line[LINE], *last = line + LINE;
	struct file blob;

	at = append(at, place + PLACE_SIZE, "md_2d_");
	at = append(at, place + PLACE_SIZE, s->name);
	append(at, place + PLACE_SIZE, ".bin");
	show_region(slot, s->name, 0, s->address, s->size, file);
	file_create(&blob, place);
	file_write(&blob, (const void *)s->address, s->size);
	file_close(&blob);

	at = append_hex(append(line, last, "1 "), last, s->address);
	at = append_number(append(at, last, " "), last, s->size);
	at = append(append(at, last, " "), last, s->name);
	at = append(append(append(at, last, " "), last, file), last, "\n");
	file_write(info, line, at - line);
}

void manager_collect(void)
{
	uint32_t saved = 0;
	struct file info;

	file_create(&info, "vm/dump_info.txt");
	for (uint32_t slot = 0; slot < n_slots; slot++) {
		if (!slots[slot].used)
			continue;
		if (name_seen(slot)) {
			show_region(slot, slots[slot].name, 0, slots[slot].address, slots[slot].size, "-");
			continue;
		}
		save(&info, slot);
		saved++;
	}
	file_close(&info);
	show_saved(saved);
}
