/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module, as the daemon sees it: include/uapi/linux/qcom_minidump.h in C.
 *
 * Two sockets. The one for requests owns our regions and is kept by systemd while the daemon restarts; only
 * answers to requests come in there, so it never overruns. The other one hears of changes, and of the module
 * itself coming and going.
 */
#ifndef QCMDD_MODULE_NETLINK_H
#define QCMDD_MODULE_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>

#include "uapi/linux/qcom_minidump.h"

#define MODULE_ERROR_MAX 160 /* of a text, with its NUL */

/* By which its owner knows a region again; key.h says what is in ours. */
struct module_tag {
	uint8_t bytes[QCOM_MINIDUMP_TAG_MAX];
	size_t size; /* 0: there is none */
};

struct module_segment {
	bool placed; /* slot and seq are valid */
	uint32_t slot;
	uint32_t seq;
	uint64_t addr;
	uint64_t paddr;
	uint64_t size;
};

struct module_region {
	uint32_t id;
	uint32_t owner;
	uint32_t state; /* enum qcom_minidump_region_state */
	uint32_t pid;	/* 0: not of one task */
	uint32_t part;	/* enum qcom_minidump_task_part; 0: not of a task */
	uint32_t cpu;	/* whose current task, where there is a part but no pid */
	uint64_t start_time;
	uint64_t addr;
	uint64_t paddr;
	uint64_t size;
	uint64_t created;
	uint64_t moves;
	char name[QCOM_MINIDUMP_NAME_MAX + 1];
	char object[QCOM_MINIDUMP_OBJECT_MAX + 1];
	char comment[QCOM_MINIDUMP_COMMENT_MAX + 1];
	char error[MODULE_ERROR_MAX];
	struct module_tag tag;
	struct module_segment *segments;
	size_t n_segments;
};

struct module_backend {
	char name[QCOM_MINIDUMP_NAME_MAX + 1]; /* empty: none is bound */
	char version[64];
	uint32_t slots_max;
	uint32_t slots_used;
	uint32_t name_max;
	uint32_t align;
	uint32_t regions;
	uint64_t bytes;
};

/* One command; which fields count is said in the uAPI header. */
struct module_request {
	enum qcom_minidump_cmd cmd; /* REGION_ADD, _UPDATE or _DEL */
	uint32_t id;
	const char *name;
	const char *comment;
	struct module_tag tag;
	const char *object;
	uint32_t pid; /* 0: cpu counts */
	uint32_t part;
	uint32_t cpu;
	uint64_t start_time;
	uint64_t address; /* 0: none of the two */
	uint64_t size;
	int map_fd; /* 0: none */
	bool hold;
	bool activate;
	const char *note;
	size_t note_size;
	uint32_t note_type;
};

struct module_result {
	int error;			/* 0 or negative errno */
	char message[MODULE_ERROR_MAX]; /* the module's own words, or what errno means */
	struct module_region region;	/* id 0: none was sent */
};

enum module_event {
	MODULE_EVENT_ADDED,
	MODULE_EVENT_REMOVED,
	MODULE_EVENT_BACKEND, /* bound or unbound */
	MODULE_EVENT_REGION,  /* added or changed */
	MODULE_EVENT_REGION_GONE,
	MODULE_EVENT_OVERRUN, /* some were lost */
};

struct module;
typedef void (*module_event_handler)(enum module_event event, const struct module_region *region, void *userdata);

/* fd: a socket for requests from before a restart, taken over in any case; or -1. */
int module_new(int fd, struct module **ret);
/* Returns NULL. The regions go, unless a copy of the socket for requests is kept. */
struct module *module_free(struct module *module);

/* Find the module's family and listen to it. -ENOENT: the module is not loaded. */
int module_connect(struct module *module);
void module_disconnect(struct module *module);
bool module_connected(const struct module *module);

int module_request_fd(const struct module *module);
int module_events_fd(const struct module *module);
uint32_t module_port(const struct module *module);

/*
 * Send n requests and collect the result of each. 0 when every result is known, whatever it is; negative when
 * answers got lost, so that the state of the module has to be read again. Done with module_results_done().
 */
int module_apply(struct module *module, const struct module_request *requests, struct module_result *results, size_t n);
void module_results_done(struct module_result *results, size_t n);

/* After a failure *ret is as it was. */
int module_get_backend(struct module *module, struct module_backend *ret);
/* All regions, of all owners. -EAGAIN: the table changed too fast for a listing that is right. */
int module_list(struct module *module, struct module_region **ret, size_t *ret_n);
void module_regions_free(struct module_region *regions, size_t n);
void module_region_done(struct module_region *region);

/* Hand what has come in to the handler, at most one batch. */
int module_dispatch(struct module *module, module_event_handler handler, void *userdata);

/* Messages; module-codec.c */

/* Whether a whole message starts at nlh. mnl_nlmsg_ok() takes a length of 2 GiB and more for a negative one. */
static inline bool module_message_ok(const struct nlmsghdr *nlh, int len)
{
	return len >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) && nlh->nlmsg_len <= (unsigned int)len;
}

/* What is not UTF-8 or not for a terminal becomes '?': a comment or the name of a task is anybody's text. */
void module_copy_text(char *to, size_t size, const char *from, size_t len);
size_t module_request_size(const struct module_request *request); /* upper bound, for the buffer */
struct nlmsghdr *module_build_request(void *buffer, uint16_t family, uint32_t seq,
				      const struct module_request *request);
int module_parse_region(const struct nlmsghdr *nlh, struct module_region *ret); /* done with module_region_done() */
int module_parse_backend(const struct nlmsghdr *nlh, struct module_backend *ret);
/* NLMSG_ERROR or NLMSG_DONE: its errno, and the text that came with it. */
int module_parse_ack(const struct nlmsghdr *nlh, char message[MODULE_ERROR_MAX]);

struct module_family {
	uint16_t id;
	uint32_t events_group;
	char name[32];
};
int module_parse_family(const struct nlmsghdr *nlh, struct module_family *ret);

#endif
