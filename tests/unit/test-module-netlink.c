// SPDX-License-Identifier: GPL-2.0-only
/* Netlink messages: what is sent, what is made of answers, and the sockets on the running kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/table/module-netlink.h"
#include "lib/cleanup.h"
#include "uapi/linux/qcom_minidump_table.h"

#define FAMILY 0x55

static struct nlmsghdr *start(char *buffer, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = 7;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void put_segment(struct nlmsghdr *nlh, bool placed, uint32_t slot, uint64_t paddr)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, QCOM_MINIDUMP_REGION_A_SEGMENT);

	if (placed) {
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_SEGMENT_A_SLOT, slot);
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_SEGMENT_A_SEQ, slot + 1);
	}
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_SEGMENT_A_ADDR, 0xffff888000000000ULL + paddr);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_SEGMENT_A_PADDR, paddr);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_SEGMENT_A_SIZE, 4096);
	mnl_attr_nest_end(nlh, nest);
}

static void put_task(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, QCOM_MINIDUMP_REGION_A_TASK);

	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_TASK_A_PID, 42);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_TASK_A_START_TIME, 123456789012345ULL);
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_TASK_A_PART, QCOM_MINIDUMP_TASK_STACK);
	mnl_attr_nest_end(nlh, nest);
}

static struct nlmsghdr *region_message(char *buffer)
{
	struct nlmsghdr *nlh = start(buffer, FAMILY, 0, QCOM_MINIDUMP_CMD_REGION_GET);

	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, 9);
	mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, MINIDUMP_STACK_NAME);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_ADDR, 0xffffc90000000000ULL);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_SIZE, 16384);
	put_task(nlh);
	mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_COMMENT, "sshd\x1b[31m \xff\xc3\xa4 (42)");
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_STATE, QCOM_MINIDUMP_REGION_ACTIVE);
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_OWNER, 4711);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_MOVES, 3);
	mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_TAG, 3, "a\0b");
	put_segment(nlh, true, 5, 0x1000);
	put_segment(nlh, false, 0, 0x9000);
	/* One that this daemon does not know yet. */
	mnl_attr_put_u32(nlh, 200, 1);
	return nlh;
}

static void test_region(void **state)
{
	char buffer[4096] = {};
	struct module_region r;

	assert_int_equal(module_parse_region(region_message(buffer), &r), 0);
	assert_int_equal(r.id, 9);
	assert_string_equal(r.name, MINIDUMP_STACK_NAME);
	assert_int_equal(r.pid, 42);
	assert_true(r.start_time == 123456789012345ULL);
	assert_int_equal(r.part, QCOM_MINIDUMP_TASK_STACK);
	assert_string_equal(r.comment, "sshd?[31m ?\xc3\xa4 (42)");
	assert_int_equal(r.state, QCOM_MINIDUMP_REGION_ACTIVE);
	assert_int_equal(r.owner, 4711);
	assert_int_equal(r.moves, 3);
	assert_int_equal(r.tag.size, 3);
	assert_memory_equal(r.tag.bytes, "a\0b", 3);
	assert_int_equal(r.n_segments, 2);
	assert_true(r.segments[0].placed);
	assert_int_equal(r.segments[0].slot, 5);
	assert_int_equal(r.segments[0].seq, 6);
	assert_false(r.segments[1].placed);
	assert_int_equal(r.segments[1].paddr, 0x9000);
	module_region_done(&r);
}

static void test_region_incomplete(void **state)
{
	char buffer[4096] = {};
	struct nlmsghdr *nlh = start(buffer, FAMILY, 0, QCOM_MINIDUMP_CMD_REGION_GET);
	struct module_region r;

	assert_int_equal(module_parse_region(nlh, &r), -EBADMSG);
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, 9);
	mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, "X");
	assert_int_equal(module_parse_region(nlh, &r), -EBADMSG);
	mnl_attr_put_u16(nlh, QCOM_MINIDUMP_REGION_A_STATE, 2);
	assert_int_equal(module_parse_region(nlh, &r), -EBADMSG);
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
	assert_int_equal(module_parse_region(nlh, &r), -EBADMSG);

	nlh = region_message(buffer);
	mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_TAG, QCOM_MINIDUMP_TAG_MAX + 1, buffer);
	assert_int_equal(module_parse_region(nlh, &r), -EBADMSG);
}

/* Every cut of a good message is refused or gives a region, and touches nothing behind its end. */
static void test_region_truncated(void **state)
{
	char buffer[4096] = {};
	struct nlmsghdr *nlh = region_message(buffer);

	for (uint32_t len = sizeof(*nlh); len <= nlh->nlmsg_len; len++) {
		_cleanup_free_ struct nlmsghdr *copy = malloc(MNL_ALIGN(len));
		struct module_region r;

		assert_non_null(copy);
		memcpy(copy, nlh, len);
		copy->nlmsg_len = len;
		if (module_parse_region(copy, &r) == 0)
			module_region_done(&r);
	}
}

static void test_backend(void **state)
{
	char buffer[1024] = {};
	struct nlmsghdr *nlh = start(buffer, FAMILY, 0, QCOM_MINIDUMP_CMD_BACKEND_GET);
	struct module_backend b;

	mnl_attr_put_strz(nlh, QCOM_MINIDUMP_BACKEND_A_NAME, "ram");
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_BACKEND_A_SLOTS_MAX, 1024);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_BACKEND_A_BYTES, 1ULL << 33);
	assert_int_equal(module_parse_backend(nlh, &b), 0);
	assert_string_equal(b.name, "ram");
	assert_int_equal(b.slots_max, 1024);
	assert_true(b.bytes == 1ULL << 33);
	mnl_attr_put_u64(nlh, QCOM_MINIDUMP_BACKEND_A_ALIGN, 4);
	assert_int_equal(module_parse_backend(nlh, &b), -EBADMSG);
}

/* What the kernel sends: the error, the request or its header only, then the attributes. */
static struct nlmsghdr *ack_message(char *buffer, int error, bool capped, const char *text)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e) + (capped ? 0 : 20));

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = (capped ? NLM_F_CAPPED : 0) | (text ? NLM_F_ACK_TLVS : 0);
	e->error = error;
	e->msg.nlmsg_len = MNL_NLMSG_HDRLEN + 20;
	if (text)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	return nlh;
}

static void test_ack(void **state)
{
	char buffer[1024] = {}, message[MODULE_ERROR_MAX];

	assert_int_equal(module_parse_ack(ack_message(buffer, 0, true, NULL), message), 0);
	assert_string_equal(message, "");
	assert_int_equal(module_parse_ack(ack_message(buffer, -ENOSPC, true, "the table is full"), message), -ENOSPC);
	assert_string_equal(message, "the table is full");
	assert_int_equal(module_parse_ack(ack_message(buffer, -ENOSPC, false, "the table is full"), message), -ENOSPC);
	assert_string_equal(message, "the table is full");
	assert_int_equal(module_parse_ack(ack_message(buffer, -ENOMEM, true, NULL), message), -ENOMEM);
	assert_string_equal(message, "Cannot allocate memory");
	assert_int_equal(module_parse_ack(ack_message(buffer, 5, true, NULL), message), -EBADMSG);
	assert_int_equal(module_parse_ack(ack_message(buffer, INT32_MIN, true, NULL), message), -EBADMSG);
}

static void test_request(void **state)
{
	const struct module_request q = {
		.cmd = QCOM_MINIDUMP_CMD_REGION_ADD,
		.name = MINIDUMP_TASK_NAME,
		.comment = "init (1)",
		.tag = { "tag", 4 },
		.pid = 1,
		.part = 1,
		.start_time = 99,
	};
	char buffer[1024] = {};
	struct nlmsghdr *nlh = module_build_request(buffer, FAMILY, 3, &q);
	struct module_region r;

	assert_true(nlh->nlmsg_len <= module_request_size(&q));
	assert_int_equal(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, 1);
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_STATE, 1);
	assert_int_equal(module_parse_region(nlh, &r), 0);
	assert_string_equal(r.name, MINIDUMP_TASK_NAME);
	assert_string_equal(r.comment, "init (1)");
	assert_int_equal(r.pid, 1);
	assert_int_equal(r.start_time, 99);
	assert_int_equal(r.tag.size, 4);
	assert_memory_equal(r.tag.bytes, "tag", 4);
	module_region_done(&r);
}

/* With all that fits. */
static void test_request_note(void **state)
{
	const struct module_request q = {
		.cmd = QCOM_MINIDUMP_CMD_REGION_ADD,
		.name = MINIDUMP_NOTE_NAME,
		.note = "text",
		.note_size = 4,
		.note_type = 7,
		.tag = { .size = QCOM_MINIDUMP_TAG_MAX },
	};
	char buffer[1024] = {};
	struct nlmsghdr *nlh = module_build_request(buffer, FAMILY, 3, &q);
	const struct nlattr *attr, *tag = NULL, *data = NULL;

	assert_true(nlh->nlmsg_len <= module_request_size(&q));
	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == QCOM_MINIDUMP_REGION_A_TAG)
			tag = attr;
		if (mnl_attr_get_type(attr) == QCOM_MINIDUMP_REGION_A_DATA)
			data = attr;
	}
	assert_non_null(data);
	assert_int_equal(mnl_attr_get_payload_len(data), 24);
	assert_memory_equal(mnl_attr_get_payload(data), "\5\0\0\0\4\0\0\0\7\0\0\0QCMD\0\0\0\0text", 24);
	assert_non_null(tag);
	assert_int_equal(mnl_attr_get_payload_len(tag), QCOM_MINIDUMP_TAG_MAX);
}

/* The kernel's side of a socket pair, played by a child: the family, then what each test is about. */

static void answer_family(int fd, const struct nlmsghdr *request)
{
	char buffer[1024] = {};
	struct nlmsghdr *nlh = start(buffer, GENL_ID_CTRL, 0, CTRL_CMD_NEWFAMILY);
	struct nlattr *groups, *group;

	nlh->nlmsg_seq = request->nlmsg_seq;
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, QCOM_MINIDUMP_FAMILY_NAME);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, QCOM_MINIDUMP_MCGRP_EVENTS);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, GENL_ID_CTRL);
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
	assert_int_equal(send(fd, nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

static void answer_ack(int fd, uint32_t seq, int error, const char *text)
{
	char buffer[1024] = {};
	struct nlmsghdr *nlh = ack_message(buffer, error, true, text);

	nlh->nlmsg_seq = seq;
	assert_int_equal(send(fd, nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

static void answer_region(int fd, const struct nlmsghdr *request, uint32_t id, uint16_t flags)
{
	char buffer[4096] = {};
	struct nlmsghdr *nlh = start(buffer, FAMILY, flags, QCOM_MINIDUMP_CMD_REGION_GET);

	nlh->nlmsg_seq = request->nlmsg_seq;
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, id);
	mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, "X");
	mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_STATE, QCOM_MINIDUMP_REGION_ACTIVE);
	assert_int_equal(send(fd, nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

static void answer_done(int fd, const struct nlmsghdr *request, uint16_t flags)
{
	char buffer[64] = {};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_flags = NLM_F_MULTI | flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	mnl_nlmsg_put_extra_header(nlh, sizeof(int));
	assert_int_equal(send(fd, nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
}

/* Adds: those with an odd pid are refused. Listings: the first three are torn. */
static void answer(int fd, const struct nlmsghdr *request, int *dumps)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);
	static uint32_t id;

	if (request->nlmsg_type == GENL_ID_CTRL) {
		answer_family(fd, request);
		answer_ack(fd, request->nlmsg_seq, 0, NULL);
	} else if (genl->cmd == QCOM_MINIDUMP_CMD_REGION_GET) {
		uint16_t torn = ++*dumps <= 3 ? NLM_F_DUMP_INTR : 0;

		/* Something of an earlier request comes first. */
		answer_ack(fd, request->nlmsg_seq - 1000, -EIO, "old");
		answer_region(fd, request, 1, NLM_F_MULTI);
		answer_region(fd, request, 2, NLM_F_MULTI | torn);
		answer_done(fd, request, torn);
	} else if (++id % 2) {
		answer_region(fd, request, id, 0);
		answer_ack(fd, request->nlmsg_seq, 0, NULL);
	} else {
		answer_ack(fd, request->nlmsg_seq, -ESRCH, "TASK: no such task");
	}
}

_Noreturn static void play_kernel(int fd)
{
	_Alignas(struct nlmsghdr) char buffer[65536];
	int dumps = 0;

	for (;;) {
		ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
		const struct nlmsghdr *nlh = (void *)buffer;
		int len = size;

		if (size <= 0)
			_exit(0);
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			answer(fd, nlh, &dumps);
	}
}

struct peer {
	struct module *module;
	pid_t pid;
};

static int start_peer(void **state)
{
	struct peer *p = calloc(1, sizeof(*p));
	int fds[2];

	assert_non_null(p);
	*state = p;
	if (geteuid() != 0)
		return 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(fds[0]);
		play_kernel(fds[1]);
	}
	close(fds[1]);
	assert_int_equal(module_new(fds[0], &p->module), 0);
	assert_int_equal(module_connect(p->module), 0);
	return 0;
}

static int stop_peer(void **state)
{
	struct peer *p = *state;

	module_free(p->module);
	if (p->pid)
		assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
	free(p);
	return 0;
}

static struct peer *peer(void **state)
{
	struct peer *p = *state;

	if (!p->module) {
		print_message("needs root\n");
		skip();
	}
	return p;
}

static void test_batches(void **state)
{
	struct peer *p = peer(state);
	struct module_request q[100] = {};
	struct module_result results[100];

	for (size_t i = 0; i < 100; i++)
		q[i] = (struct module_request){
			.cmd = QCOM_MINIDUMP_CMD_REGION_ADD, .name = "X", .pid = i + 1, .part = 1
		};
	assert_int_equal(module_apply(p->module, q, results, 100), 0);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(results[i].error, i % 2 ? -ESRCH : 0);
		assert_string_equal(results[i].message, i % 2 ? "TASK: no such task" : "");
		assert_int_equal(results[i].region.id, i % 2 ? 0 : i + 1);
	}
	module_results_done(results, 100);
}

static void test_torn_listing(void **state)
{
	struct peer *p = peer(state);
	struct module_region *regions;
	size_t n;

	assert_int_equal(module_list(p->module, &regions, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(regions[1].id, 2);
	module_regions_free(regions, n);
}

static void test_lost_kernel(void **state)
{
	struct peer *p = peer(state);
	struct module_request q = { .cmd = QCOM_MINIDUMP_CMD_REGION_DEL, .id = 1 };
	struct module_backend backend = { .name = "ram" };
	struct module_result result;

	assert_int_equal(kill(p->pid, SIGKILL), 0);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
	p->pid = 0;
	assert_true(module_apply(p->module, &q, &result, 1) < 0);
	/* What was known is better than nothing. */
	assert_true(module_get_backend(p->module, &backend) < 0);
	assert_string_equal(backend.name, "ram");
	module_disconnect(p->module);
	assert_int_equal(module_apply(p->module, &q, &result, 1), -ENOENT);
}

/* The sockets of the running kernel, where the module may be there or not. */
static void test_real_sockets(void **state)
{
	struct module *module;
	int r;

	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
	}
	assert_int_equal(module_new(-1, &module), 0);
	assert_true(module_port(module) != 0);
	r = module_connect(module);
	assert_true(r == 0 || r == -ENOENT);
	assert_int_equal(module_connected(module), r == 0);
	assert_int_equal(module_dispatch(module, NULL, NULL), 0);
	module_free(module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_region),
		cmocka_unit_test(test_region_incomplete),
		cmocka_unit_test(test_region_truncated),
		cmocka_unit_test(test_backend),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_request_note),
		cmocka_unit_test_setup_teardown(test_batches, start_peer, stop_peer),
		cmocka_unit_test_setup_teardown(test_torn_listing, start_peer, stop_peer),
		cmocka_unit_test_setup_teardown(test_lost_kernel, start_peer, stop_peer),
		cmocka_unit_test(test_real_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
