// SPDX-License-Identifier: GPL-2.0-only
/* Netlink messages to structs and back. What comes in is bounded here; nothing behind this sees a raw message. */
#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "daemon/table/module-netlink.h"
#include "lib/text.h"
#include "qcmd_note.h"

#define NOTE_ALIGN(size) (((size) + 3) & ~3U)
#define NOTE_HEAD	 (sizeof(Elf64_Nhdr) + NOTE_ALIGN(sizeof(QCMD_NOTE_NAME)))
#define GENL_SIZE	 (MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct genlmsghdr)))

void module_copy_text(char *to, size_t size, const char *from, size_t len)
{
	size_t n = 0;

	len = strnlen(from, len);
	for (size_t i = 0, l; i < len; i += l) {
		unsigned int c;

		l = utf8_char(from + i, len - i, &c);
		if (n + (l ?: 1) >= size)
			break;
		if (l && !is_control(c)) {
			memcpy(to + n, from + i, l);
			n += l;
		} else {
			to[n++] = '?';
			l = l ?: 1;
		}
	}
	to[n] = '\0';
}

/* Where the value of an attribute goes, as @get has it: which looks at its size first. */
struct field {
	uint16_t attr; /* 0: there are no more */
	uint16_t offset;
	uint16_t size;
	int (*get)(const struct nlattr *attr, void *to, size_t size);
};
#define FIELD(attr, type, member, get)                                         \
	{                                                                      \
		attr, offsetof(type, member), sizeof(((type *)0)->member), get \
	}

static int get_text(const struct nlattr *attr, void *to, size_t size)
{
	module_copy_text(to, size, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	return 0;
}

static int get_number(const struct nlattr *attr, void *to, size_t size)
{
	if (mnl_attr_get_payload_len(attr) != size)
		return -EBADMSG;
	memcpy(to, mnl_attr_get_payload(attr), size);
	return 0;
}

static int get_tag(const struct nlattr *attr, void *to, size_t size)
{
	struct module_tag *tag = to;

	tag->size = mnl_attr_get_payload_len(attr);
	if (tag->size > sizeof(tag->bytes))
		return -EBADMSG;
	memcpy(tag->bytes, mnl_attr_get_payload(attr), tag->size);
	return 0;
}

static int get_field(const struct nlattr *attr, const struct field *field, void *ret)
{
	for (; field->attr; field++)
		if (field->attr == mnl_attr_get_type(attr))
			return field->get(attr, (char *)ret + field->offset, field->size);
	return 0;
}

static int parse_message(const struct nlmsghdr *nlh, const struct field *fields, void *ret)
{
	const struct nlattr *attr;
	int err = nlh->nlmsg_len < GENL_SIZE ? -EBADMSG : 0;

	if (err < 0)
		return err;
	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		err = get_field(attr, fields, ret);
		if (err < 0)
			break;
	}
	return err;
}

static int parse_nest(const struct nlattr *nest, const struct field *fields, void *ret)
{
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each_nested (attr, nest) {
		err = get_field(attr, fields, ret);
		if (err < 0)
			break;
	}
	return err;
}

size_t module_request_size(const struct module_request *request)
{
	return GENL_SIZE + 256 + QCOM_MINIDUMP_NAME_MAX + QCOM_MINIDUMP_OBJECT_MAX + QCOM_MINIDUMP_COMMENT_MAX +
	       QCOM_MINIDUMP_TAG_MAX + MNL_ALIGN(request->note_size);
}

static_assert(NOTE_HEAD + QCMD_NOTE_MAX <= QCOM_MINIDUMP_DATA_MAX, "no note has room for its text");

/* What the module is to keep is a whole ELF note, made where the attribute has it. */
static void put_note(struct nlmsghdr *nlh, const struct module_request *request)
{
	const Elf64_Nhdr nhdr = { sizeof(QCMD_NOTE_NAME), request->note_size, request->note_type };
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);
	char *note = mnl_attr_get_payload(attr);

	memset(note, 0, NOTE_HEAD + NOTE_ALIGN(request->note_size));
	memcpy(note, &nhdr, sizeof(nhdr));
	memcpy(note + sizeof(nhdr), QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	memcpy(note + NOTE_HEAD, request->note, request->note_size);
	attr->nla_type = QCOM_MINIDUMP_REGION_A_DATA;
	attr->nla_len = MNL_ATTR_HDRLEN + NOTE_HEAD + NOTE_ALIGN(request->note_size);
	nlh->nlmsg_len += MNL_ALIGN(attr->nla_len);
}

static void put_task(struct nlmsghdr *nlh, const struct module_request *request)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, QCOM_MINIDUMP_REGION_A_TASK);

	if (request->pid) {
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_TASK_A_PID, request->pid);
		mnl_attr_put_u64(nlh, QCOM_MINIDUMP_TASK_A_START_TIME, request->start_time);
	} else {
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_TASK_A_CPU, request->cpu);
	}
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_TASK_A_PART, request->part);
	mnl_attr_nest_end(nlh, nest);
}

struct nlmsghdr *module_build_request(void *buffer, uint16_t family, uint32_t seq, const struct module_request *request)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = request->cmd;
	genl->version = QCOM_MINIDUMP_FAMILY_VERSION;

	if (request->id)
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, request->id);
	if (request->name)
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, request->name);
	if (request->object)
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_OBJECT, request->object);
	if (request->part)
		put_task(nlh, request);
	if (request->address) {
		mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_ADDR, request->address);
		mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_SIZE, request->size);
	}
	if (request->note)
		put_note(nlh, request);
	if (request->map_fd)
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_MAP, request->map_fd);
	if (request->hold)
		mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_HOLD, 0, NULL);
	if (request->activate)
		mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_ACTIVATE, 0, NULL);
	if (request->comment)
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_COMMENT, request->comment);
	if (request->tag.size)
		mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_TAG, request->tag.size, request->tag.bytes);
	return nlh;
}

#define REGION(attr, member, get)  FIELD(QCOM_MINIDUMP_REGION_A_##attr, struct module_region, member, get)
#define TASK(attr, member)	   FIELD(QCOM_MINIDUMP_TASK_A_##attr, struct module_region, member, get_number)
#define SEGMENT(attr, member)	   FIELD(QCOM_MINIDUMP_SEGMENT_A_##attr, struct module_segment, member, get_number)
#define BACKEND(attr, member, get) FIELD(QCOM_MINIDUMP_BACKEND_A_##attr, struct module_backend, member, get)

static int get_task(const struct nlattr *nest, void *to, size_t size)
{
	static const struct field fields[] = {
		TASK(PID, pid), TASK(START_TIME, start_time), TASK(PART, part), TASK(CPU, cpu), {},
	};

	return parse_nest(nest, fields, to);
}

static int get_slot(const struct nlattr *attr, void *to, size_t size)
{
	struct module_segment *s = to;

	s->placed = true;
	return get_number(attr, &s->slot, sizeof(s->slot));
}

static int get_segment(const struct nlattr *nest, void *to, size_t size)
{
	static const struct field fields[] = {
		{ QCOM_MINIDUMP_SEGMENT_A_SLOT, .get = get_slot },
		SEGMENT(SEQ, seq),
		SEGMENT(ADDR, addr),
		SEGMENT(PADDR, paddr),
		SEGMENT(SIZE, size),
		{},
	};
	struct module_region *r = to;
	struct module_segment s = {}, *segments;
	int err = parse_nest(nest, fields, &s);

	if (err < 0)
		return err;
	segments = reallocarray(r->segments, r->n_segments + 1, sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	r->segments = segments;
	r->segments[r->n_segments++] = s;
	return 0;
}

static const struct field region_fields[] = {
	REGION(ID, id, get_number),
	REGION(NAME, name, get_text),
	REGION(ADDR, addr, get_number),
	REGION(PADDR, paddr, get_number),
	REGION(SIZE, size, get_number),
	REGION(OBJECT, object, get_text),
	{ QCOM_MINIDUMP_REGION_A_TASK, .get = get_task },
	REGION(COMMENT, comment, get_text),
	REGION(STATE, state, get_number),
	REGION(ERROR, error, get_text),
	REGION(OWNER, owner, get_number),
	{ QCOM_MINIDUMP_REGION_A_SEGMENT, .get = get_segment },
	REGION(CREATED, created, get_number),
	REGION(MOVES, moves, get_number),
	REGION(TAG, tag, get_tag),
	{},
};

int module_parse_region(const struct nlmsghdr *nlh, struct module_region *ret)
{
	int err;

	*ret = (struct module_region){};
	err = parse_message(nlh, region_fields, ret);
	if (err >= 0 && (!ret->id || !ret->name[0] || !ret->state))
		err = -EBADMSG;
	if (err < 0)
		module_region_done(ret);
	return err;
}

static const struct field backend_fields[] = {
	BACKEND(NAME, name, get_text),
	BACKEND(SLOTS_MAX, slots_max, get_number),
	BACKEND(SLOTS_USED, slots_used, get_number),
	BACKEND(NAME_MAX, name_max, get_number),
	BACKEND(ALIGN, align, get_number),
	BACKEND(REGIONS, regions, get_number),
	BACKEND(BYTES, bytes, get_number),
	BACKEND(VERSION, version, get_text),
	{},
};

int module_parse_backend(const struct nlmsghdr *nlh, struct module_backend *ret)
{
	*ret = (struct module_backend){};
	return parse_message(nlh, backend_fields, ret);
}

struct group {
	char name[32];
	uint32_t id;
};

static int get_group(const struct nlattr *nest, void *to, size_t size)
{
	static const struct field fields[] = {
		FIELD(CTRL_ATTR_MCAST_GRP_NAME, struct group, name, get_text),
		FIELD(CTRL_ATTR_MCAST_GRP_ID, struct group, id, get_number),
		{},
	};
	struct module_family *f = to;
	struct group group = {};
	int err = parse_nest(nest, fields, &group);

	if (err >= 0 && !strcmp(group.name, QCOM_MINIDUMP_MCGRP_EVENTS))
		f->events_group = group.id;
	return err;
}

static int get_groups(const struct nlattr *nest, void *to, size_t size)
{
	const struct nlattr *attr;
	int err = 0;

	/* They are numbered, from 1. */
	mnl_attr_for_each_nested (attr, nest) {
		err = get_group(attr, to, size);
		if (err < 0)
			break;
	}
	return err;
}

static const struct field family_fields[] = {
	FIELD(CTRL_ATTR_FAMILY_ID, struct module_family, id, get_number),
	FIELD(CTRL_ATTR_FAMILY_NAME, struct module_family, name, get_text),
	{ CTRL_ATTR_MCAST_GROUPS, .get = get_groups },
	{},
};

int module_parse_family(const struct nlmsghdr *nlh, struct module_family *ret)
{
	*ret = (struct module_family){};
	return parse_message(nlh, family_fields, ret);
}

/* The attributes behind an error: after the request that it quotes, or after its header alone. */
static void parse_ack_text(const struct nlmsghdr *nlh, size_t offset, char message[MODULE_ERROR_MAX])
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || nlh->nlmsg_len < MNL_NLMSG_HDRLEN + offset)
		return;
	mnl_attr_for_each (attr, nlh, offset)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			get_text(attr, message, MODULE_ERROR_MAX);
}

int module_parse_ack(const struct nlmsghdr *nlh, char message[MODULE_ERROR_MAX])
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*e), len = mnl_nlmsg_get_payload_len(nlh);
	int error;

	message[0] = '\0';
	if (nlh->nlmsg_type == NLMSG_DONE) {
		if (len < sizeof(int))
			return 0;
		error = *(const int *)e;
		offset = sizeof(int);
	} else {
		if (len < sizeof(*e))
			return -EBADMSG;
		error = e->error;
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len >= MNL_NLMSG_HDRLEN)
			offset += MNL_ALIGN(e->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	}
	if (error > 0 || error < -4095)
		return -EBADMSG;
	parse_ack_text(nlh, offset, message);
	if (error < 0 && !message[0])
		module_copy_text(message, MODULE_ERROR_MAX, strerrordesc_np(-error) ?: "unknown error",
				 MODULE_ERROR_MAX);
	return error;
}

void module_region_done(struct module_region *region)
{
	free(region->segments);
	*region = (struct module_region){};
}

void module_regions_free(struct module_region *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		module_region_done(&regions[i]);
	free(regions);
}

void module_results_done(struct module_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		module_region_done(&results[i].region);
}
