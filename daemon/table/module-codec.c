// SPDX-License-Identifier: GPL-2.0-only
/* Netlink messages to structs and back. What comes in is bounded here; nothing behind this sees a raw message. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "daemon/table/module-netlink.h"
#include "lib/text.h"

#define GENL_SIZE (MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct genlmsghdr)))

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

static void get_text(const struct nlattr *attr, char *to, size_t size)
{
	module_copy_text(to, size, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

static int get_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(uint32_t))
		return -EBADMSG;
	*ret = mnl_attr_get_u32(attr);
	return 0;
}

static int get_u64(const struct nlattr *attr, uint64_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(uint64_t))
		return -EBADMSG;
	*ret = mnl_attr_get_u64(attr);
	return 0;
}

static int get_u16(const struct nlattr *attr, uint16_t *ret)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(uint16_t))
		return -EBADMSG;
	*ret = mnl_attr_get_u16(attr);
	return 0;
}

static int get_tag(const struct nlattr *attr, struct module_tag *ret)
{
	ret->size = mnl_attr_get_payload_len(attr);
	if (ret->size > sizeof(ret->bytes))
		return -EBADMSG;
	memcpy(ret->bytes, mnl_attr_get_payload(attr), ret->size);
	return 0;
}

/* Takes one attribute into the struct that ret points to. */
typedef int (*attr_parser)(const struct nlattr *attr, void *ret);

static int parse_message(const struct nlmsghdr *nlh, attr_parser parse, void *ret)
{
	const struct nlattr *attr;
	int err = nlh->nlmsg_len < GENL_SIZE ? -EBADMSG : 0;

	if (err < 0)
		return err;
	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		err = parse(attr, ret);
		if (err < 0)
			break;
	}
	return err;
}

static int parse_nest(const struct nlattr *nest, attr_parser parse, void *ret)
{
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each_nested (attr, nest) {
		err = parse(attr, ret);
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

static void put_tag(struct nlmsghdr *nlh, uint16_t attr, const struct module_tag *tag)
{
	if (tag->size)
		mnl_attr_put(nlh, attr, tag->size, tag->bytes);
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

	if (request->cmd == QCOM_MINIDUMP_CMD_NOTE_SET) {
		mnl_attr_put(nlh, QCOM_MINIDUMP_NOTE_A_TEXT, request->note_size, request->note);
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_NOTE_A_NAME, request->name);
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_NOTE_A_TYPE, request->note_type);
		put_tag(nlh, QCOM_MINIDUMP_NOTE_A_TAG, &request->tag);
		return nlh;
	}
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
	if (request->map_fd)
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_MAP, request->map_fd);
	if (request->hold)
		mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_HOLD, 0, NULL);
	if (request->activate)
		mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_ACTIVATE, 0, NULL);
	if (request->comment)
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_COMMENT, request->comment);
	put_tag(nlh, QCOM_MINIDUMP_REGION_A_TAG, &request->tag);
	return nlh;
}

static int parse_task_attr(const struct nlattr *attr, void *ret)
{
	struct module_region *r = ret;

	switch (mnl_attr_get_type(attr)) {
	case QCOM_MINIDUMP_TASK_A_PID:
		return get_u32(attr, &r->pid);
	case QCOM_MINIDUMP_TASK_A_START_TIME:
		return get_u64(attr, &r->start_time);
	case QCOM_MINIDUMP_TASK_A_PART:
		return get_u32(attr, &r->part);
	case QCOM_MINIDUMP_TASK_A_CPU:
		return get_u32(attr, &r->cpu);
	default:
		return 0;
	}
}

static int parse_segment_attr(const struct nlattr *attr, void *ret)
{
	struct module_segment *s = ret;

	switch (mnl_attr_get_type(attr)) {
	case QCOM_MINIDUMP_SEGMENT_A_SLOT:
		s->placed = true;
		return get_u32(attr, &s->slot);
	case QCOM_MINIDUMP_SEGMENT_A_SEQ:
		return get_u32(attr, &s->seq);
	case QCOM_MINIDUMP_SEGMENT_A_ADDR:
		return get_u64(attr, &s->addr);
	case QCOM_MINIDUMP_SEGMENT_A_PADDR:
		return get_u64(attr, &s->paddr);
	case QCOM_MINIDUMP_SEGMENT_A_SIZE:
		return get_u64(attr, &s->size);
	default:
		return 0;
	}
}

static int parse_segment(const struct nlattr *nest, struct module_region *r)
{
	struct module_segment s = {}, *segments;
	int err = parse_nest(nest, parse_segment_attr, &s);

	if (err < 0)
		return err;
	segments = reallocarray(r->segments, r->n_segments + 1, sizeof(*segments));
	if (!segments)
		return -ENOMEM;
	r->segments = segments;
	r->segments[r->n_segments++] = s;
	return 0;
}

static int parse_region_attr(const struct nlattr *attr, void *ret)
{
	struct module_region *r = ret;

	switch (mnl_attr_get_type(attr)) {
	case QCOM_MINIDUMP_REGION_A_ID:
		return get_u32(attr, &r->id);
	case QCOM_MINIDUMP_REGION_A_NAME:
		get_text(attr, r->name, sizeof(r->name));
		return 0;
	case QCOM_MINIDUMP_REGION_A_ADDR:
		return get_u64(attr, &r->addr);
	case QCOM_MINIDUMP_REGION_A_PADDR:
		return get_u64(attr, &r->paddr);
	case QCOM_MINIDUMP_REGION_A_SIZE:
		return get_u64(attr, &r->size);
	case QCOM_MINIDUMP_REGION_A_OBJECT:
		get_text(attr, r->object, sizeof(r->object));
		return 0;
	case QCOM_MINIDUMP_REGION_A_TASK:
		return parse_nest(attr, parse_task_attr, r);
	case QCOM_MINIDUMP_REGION_A_COMMENT:
		get_text(attr, r->comment, sizeof(r->comment));
		return 0;
	case QCOM_MINIDUMP_REGION_A_STATE:
		return get_u32(attr, &r->state);
	case QCOM_MINIDUMP_REGION_A_ERROR:
		get_text(attr, r->error, sizeof(r->error));
		return 0;
	case QCOM_MINIDUMP_REGION_A_OWNER:
		return get_u32(attr, &r->owner);
	case QCOM_MINIDUMP_REGION_A_SEGMENT:
		return parse_segment(attr, r);
	case QCOM_MINIDUMP_REGION_A_CREATED:
		return get_u64(attr, &r->created);
	case QCOM_MINIDUMP_REGION_A_MOVES:
		return get_u64(attr, &r->moves);
	case QCOM_MINIDUMP_REGION_A_TAG:
		return get_tag(attr, &r->tag);
	default:
		return 0;
	}
}

int module_parse_region(const struct nlmsghdr *nlh, struct module_region *ret)
{
	int err;

	*ret = (struct module_region){};
	err = parse_message(nlh, parse_region_attr, ret);
	if (err >= 0 && (!ret->id || !ret->name[0] || !ret->state))
		err = -EBADMSG;
	if (err < 0)
		module_region_done(ret);
	return err;
}

static int parse_backend_attr(const struct nlattr *attr, void *ret)
{
	struct module_backend *b = ret;

	switch (mnl_attr_get_type(attr)) {
	case QCOM_MINIDUMP_BACKEND_A_NAME:
		get_text(attr, b->name, sizeof(b->name));
		return 0;
	case QCOM_MINIDUMP_BACKEND_A_SLOTS_MAX:
		return get_u32(attr, &b->slots_max);
	case QCOM_MINIDUMP_BACKEND_A_SLOTS_USED:
		return get_u32(attr, &b->slots_used);
	case QCOM_MINIDUMP_BACKEND_A_NAME_MAX:
		return get_u32(attr, &b->name_max);
	case QCOM_MINIDUMP_BACKEND_A_ALIGN:
		return get_u32(attr, &b->align);
	case QCOM_MINIDUMP_BACKEND_A_REGIONS:
		return get_u32(attr, &b->regions);
	case QCOM_MINIDUMP_BACKEND_A_BYTES:
		return get_u64(attr, &b->bytes);
	case QCOM_MINIDUMP_BACKEND_A_VERSION:
		get_text(attr, b->version, sizeof(b->version));
		return 0;
	default:
		return 0;
	}
}

int module_parse_backend(const struct nlmsghdr *nlh, struct module_backend *ret)
{
	*ret = (struct module_backend){};
	return parse_message(nlh, parse_backend_attr, ret);
}

struct group {
	char name[32];
	uint32_t id;
};

static int parse_group_attr(const struct nlattr *attr, void *ret)
{
	struct group *group = ret;

	switch (mnl_attr_get_type(attr)) {
	case CTRL_ATTR_MCAST_GRP_NAME:
		get_text(attr, group->name, sizeof(group->name));
		return 0;
	case CTRL_ATTR_MCAST_GRP_ID:
		return get_u32(attr, &group->id);
	default:
		return 0;
	}
}

static int parse_group(const struct nlattr *nest, void *ret)
{
	struct module_family *f = ret;
	struct group group = {};
	int err = parse_nest(nest, parse_group_attr, &group);

	if (err >= 0 && !strcmp(group.name, QCOM_MINIDUMP_MCGRP_EVENTS))
		f->events_group = group.id;
	return err;
}

static int parse_family_attr(const struct nlattr *attr, void *ret)
{
	struct module_family *f = ret;

	switch (mnl_attr_get_type(attr)) {
	case CTRL_ATTR_FAMILY_ID:
		return get_u16(attr, &f->id);
	case CTRL_ATTR_FAMILY_NAME:
		get_text(attr, f->name, sizeof(f->name));
		return 0;
	case CTRL_ATTR_MCAST_GROUPS:
		return parse_nest(attr, parse_group, f);
	default:
		return 0;
	}
}

int module_parse_family(const struct nlmsghdr *nlh, struct module_family *ret)
{
	*ret = (struct module_family){};
	return parse_message(nlh, parse_family_attr, ret);
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
