// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink-rate COUNT [HELD]: prints how many of COUNT requests a second the kernel answers, one kind a line, with HELD
 * regions (0) in the table besides:
 *
 *	empty		a request of generic netlink's own that says nothing, and is refused
 *	add		a region, one by one
 *	update		to another address
 *	remove		the slot that takes the hole has the same size
 *	add-batched	64 regions in a message
 *	remove-resized	the slot that takes the hole has another size, so that all behind it move in the file
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/qcom_minidump.h>

#define BATCH	      64
#define FIRST_ADDRESS 0x1000000
#define SIZE	      64

static struct mnl_socket *sock;
static unsigned int family;
static char answers[65536];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct nlmsghdr *begin(void *buf, unsigned int type, int cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = QCOM_MINIDUMP_FAMILY_VERSION;
	return nlh;
}

static size_t put_region(void *buf, int cmd, uint32_t id, uint64_t paddr, uint64_t size)
{
	struct nlmsghdr *nlh = begin(buf, family, cmd);

	if (id)
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, id);
	else
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, "KBENCH");
	if (size) {
		mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_PADDR, paddr);
		mnl_attr_put_u64(nlh, QCOM_MINIDUMP_REGION_A_SIZE, size);
	}
	return nlh->nlmsg_len;
}

/* Sends, and waits for so many ACKs; ids, if given, get those of new regions. */
static void exchange(const void *buf, size_t size, int acks, int wanted, uint32_t *ids)
{
	if (mnl_socket_sendto(sock, buf, size) < 0)
		die("send");
	while (acks) {
		ssize_t n = mnl_socket_recvfrom(sock, answers, sizeof(answers));
		const struct nlmsghdr *nlh = (const void *)answers;
		const struct nlattr *a;
		int len = n;

		if (n < 0)
			die("recv");
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				int error = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;

				if (error != wanted) {
					fprintf(stderr, "netlink-rate: error %d\n", error);
					exit(1);
				}
				acks--;
				continue;
			}
			mnl_attr_for_each (a, nlh, sizeof(struct genlmsghdr))
				if (ids && mnl_attr_get_type(a) == QCOM_MINIDUMP_REGION_A_ID)
					*ids++ = mnl_attr_get_u32(a);
		}
	}
}

static void find_family(void)
{
	char buf[1024];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	const struct nlattr *a;
	ssize_t n;

	nlh->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, QCOM_MINIDUMP_FAMILY_NAME);
	mnl_socket_sendto(sock, nlh, nlh->nlmsg_len);
	n = mnl_socket_recvfrom(sock, answers, sizeof(answers));
	nlh = (struct nlmsghdr *)answers;
	if (n < 0 || nlh->nlmsg_type == NLMSG_ERROR)
		die("netlink-rate: the family");
	mnl_attr_for_each (a, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(a);
}

static double start;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void report(const char *kind, int count)
{
	printf("%s %.0f\n", kind, count / (now() - start));
}

static uint64_t address(int i)
{
	return FIRST_ADDRESS + i % 4096 * 4096;
}

static void one_by_one(int cmd, uint32_t *ids, int count, uint64_t size)
{
	char buf[256];

	start = now();
	for (int i = 0; i < count; i++) {
		bool add = cmd == QCOM_MINIDUMP_CMD_REGION_ADD, del = cmd == QCOM_MINIDUMP_CMD_REGION_DEL;
		size_t n = put_region(buf, cmd, add ? 0 : ids[i], address(i + !add), del ? 0 : size);

		exchange(buf, n, 1, 0, add ? &ids[i] : NULL);
	}
}

static void batched(uint32_t *ids, int count)
{
	static char buf[BATCH * 256];

	start = now();
	for (int i = 0; i < count; i += BATCH) {
		size_t n = 0;

		for (int j = i; j < i + BATCH; j++)
			n += MNL_ALIGN(put_region(buf + n, QCOM_MINIDUMP_CMD_REGION_ADD, 0, address(j), SIZE));
		exchange(buf, n, BATCH, 0, &ids[i]);
	}
}

static void empty(int count)
{
	char buf[256];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, CTRL_CMD_UNSPEC);

	start = now();
	for (int i = 0; i < count; i++)
		exchange(buf, nlh->nlmsg_len, 1, -EOPNOTSUPP, NULL);
}

/* What is held besides lies behind the holes. */
static void remove_resized(uint32_t *ids, int count, int held)
{
	one_by_one(QCOM_MINIDUMP_CMD_REGION_ADD, ids, count, 2 * SIZE);
	one_by_one(QCOM_MINIDUMP_CMD_REGION_ADD, ids + count, held, SIZE);
	one_by_one(QCOM_MINIDUMP_CMD_REGION_DEL, ids, count, 0);
	report("remove-resized", count);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) / BATCH * BATCH : 0, held = argc > 2 ? atoi(argv[2]) : 0;
	uint32_t *ids;

	if (count < BATCH || held < 0) {
		fprintf(stderr, "usage: netlink-rate COUNT [HELD], with a COUNT of %d at least\n", BATCH);
		return 2;
	}
	ids = calloc(count + held, sizeof(*ids));
	sock = mnl_socket_open(NETLINK_GENERIC);
	if (!ids || !sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink-rate");
	find_family();
	remove_resized(ids, count, held);
	empty(count);
	report("empty", count);
	one_by_one(QCOM_MINIDUMP_CMD_REGION_ADD, ids, count, SIZE);
	report("add", count);
	one_by_one(QCOM_MINIDUMP_CMD_REGION_UPDATE, ids, count, SIZE);
	report("update", count);
	one_by_one(QCOM_MINIDUMP_CMD_REGION_DEL, ids, count, 0);
	report("remove", count);
	batched(ids, count);
	report("add-batched", count);
	return 0;
}
