// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdnl: talk to the netlink family by hand, also wrongly. For tests: it sends what it is told, adds nothing
 * and checks nothing.
 *
 * One command from the arguments, or one a line from standard input (all on one socket, which owns what they
 * add; it ends with the input). Replies go to standard output, a line each.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/qcom_minidump.h>
#include <linux/qcom_minidump_table.h>
#include <qcmd_note.h>

#define BUFFER_SIZE 65536

static const char usage[] =
	"usage: mdnl [COMMAND [KEY=VALUE...]]\n"
	"  backend                 the bound back end\n"
	"  list                    all regions\n"
	"  add KEY=VALUE...        name comment addr paddr size object pid start part cpu; tag=HEX hold=yes\n"
	"  update KEY=VALUE...     id, and addr paddr size comment; or activate=yes\n"
	"  del id=N | get id=N\n"
	"  note text=TEXT | note fill=BYTES  and name, type, tag: add an ELF note, or update that of this name;\n"
	"                          with an empty text, delete it\n"
	"  monitor SECONDS         notifications\n"
	"  sleep SECONDS\n"
	"  any command takes raw=TYPE:TEXT, an attribute as it is, and fail=N: its Nth allocation fails\n"
	"  without a command they are read from standard input, one a line\n";

enum attr_type { ATTR_U32, ATTR_U64, ATTR_STRING, ATTR_FLAG, ATTR_HEX };

static const struct key {
	const char *name;
	int attr;
	enum attr_type type;
	bool task;
} keys[] = {
	{ .name = "id", .attr = QCOM_MINIDUMP_REGION_A_ID, .type = ATTR_U32 },
	{ .name = "name", .attr = QCOM_MINIDUMP_REGION_A_NAME, .type = ATTR_STRING },
	{ .name = "comment", .attr = QCOM_MINIDUMP_REGION_A_COMMENT, .type = ATTR_STRING },
	{ .name = "addr", .attr = QCOM_MINIDUMP_REGION_A_ADDR, .type = ATTR_U64 },
	{ .name = "paddr", .attr = QCOM_MINIDUMP_REGION_A_PADDR, .type = ATTR_U64 },
	{ .name = "size", .attr = QCOM_MINIDUMP_REGION_A_SIZE, .type = ATTR_U64 },
	{ .name = "object", .attr = QCOM_MINIDUMP_REGION_A_OBJECT, .type = ATTR_STRING },
	{ .name = "hold", .attr = QCOM_MINIDUMP_REGION_A_HOLD, .type = ATTR_FLAG },
	{ .name = "tag", .attr = QCOM_MINIDUMP_REGION_A_TAG, .type = ATTR_HEX },
	{ .name = "activate", .attr = QCOM_MINIDUMP_REGION_A_ACTIVATE, .type = ATTR_FLAG },
	{ .name = "pid", .attr = QCOM_MINIDUMP_TASK_A_PID, .type = ATTR_U32, .task = true },
	{ .name = "start", .attr = QCOM_MINIDUMP_TASK_A_START_TIME, .type = ATTR_U64, .task = true },
	{ .name = "part", .attr = QCOM_MINIDUMP_TASK_A_PART, .type = ATTR_U32, .task = true },
	{ .name = "cpu", .attr = QCOM_MINIDUMP_TASK_A_CPU, .type = ATTR_U32, .task = true },
};

static const char *const states[] = { "?", "pending", "active", "rejected", "held", "?", "?", "?" };
static const char *const commands[] = {
	[QCOM_MINIDUMP_CMD_BACKEND_NTF] = "backend-ntf ",
	[QCOM_MINIDUMP_CMD_REGION_ADD_NTF] = "add-ntf ",
	[QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF] = "update-ntf ",
	[QCOM_MINIDUMP_CMD_REGION_DEL_NTF] = "del-ntf ",
};

static struct mnl_socket *sock;
static unsigned int family, group, sequence, last_id; /* of the region printed last */
static int failures;
static char buffer[BUFFER_SIZE];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t attr_number(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) == 8 ? mnl_attr_get_u64(a) : mnl_attr_get_u32(a);
}

static void print_segment(const struct nlattr *nest)
{
	uint64_t v[QCOM_MINIDUMP_SEGMENT_A_MAX + 1] = {
		[QCOM_MINIDUMP_SEGMENT_A_SLOT] = -1, [QCOM_MINIDUMP_SEGMENT_A_SEQ] = -1
	};
	const struct nlattr *a;

	mnl_attr_for_each_nested (a, nest)
		if (mnl_attr_get_type(a) <= QCOM_MINIDUMP_SEGMENT_A_MAX && mnl_attr_get_payload_len(a) >= 4)
			v[mnl_attr_get_type(a)] = attr_number(a);
	printf(" seg=%" PRId64 ":%" PRId64 ":%#" PRIx64 ":%#" PRIx64 ":%" PRIu64, v[QCOM_MINIDUMP_SEGMENT_A_SLOT],
	       v[QCOM_MINIDUMP_SEGMENT_A_SEQ], v[QCOM_MINIDUMP_SEGMENT_A_ADDR], v[QCOM_MINIDUMP_SEGMENT_A_PADDR],
	       v[QCOM_MINIDUMP_SEGMENT_A_SIZE]);
}

static void print_task(const struct nlattr *nest)
{
	const struct nlattr *a;

	mnl_attr_for_each_nested (a, nest) {
		switch (mnl_attr_get_type(a)) {
		case QCOM_MINIDUMP_TASK_A_PID:
			printf(" pid=%" PRIu64, attr_number(a));
			break;
		case QCOM_MINIDUMP_TASK_A_START_TIME:
			printf(" start=%" PRIu64, attr_number(a));
			break;
		case QCOM_MINIDUMP_TASK_A_PART:
			printf(" part=%" PRIu64, attr_number(a));
			break;
		case QCOM_MINIDUMP_TASK_A_CPU:
			printf(" cpu=%" PRIu64, attr_number(a));
			break;
		}
	}
}

static void print_hex(const char *what, const struct nlattr *a)
{
	const unsigned char *bytes = mnl_attr_get_payload(a);

	printf("%s", what);
	for (size_t i = 0; i < mnl_attr_get_payload_len(a); i++)
		printf("%02x", bytes[i]);
}

static void print_region_attr(const struct nlattr *a)
{
	switch (mnl_attr_get_type(a)) {
	case QCOM_MINIDUMP_REGION_A_ID:
		last_id = attr_number(a);
		printf(" id=%" PRIu64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_NAME:
		printf(" name=%s", mnl_attr_get_str(a));
		break;
	case QCOM_MINIDUMP_REGION_A_ADDR:
		printf(" addr=%#" PRIx64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_PADDR:
		printf(" paddr=%#" PRIx64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_SIZE:
		printf(" size=%" PRIu64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_OBJECT:
		printf(" object=%s", mnl_attr_get_str(a));
		break;
	case QCOM_MINIDUMP_REGION_A_TASK:
		print_task(a);
		break;
	case QCOM_MINIDUMP_REGION_A_STATE:
		printf(" state=%s", states[attr_number(a) & 7]);
		break;
	case QCOM_MINIDUMP_REGION_A_OWNER:
		printf(" owner=%" PRIu64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_CREATED:
		printf(" created=%" PRIu64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_MOVES:
		printf(" moves=%" PRIu64, attr_number(a));
		break;
	case QCOM_MINIDUMP_REGION_A_SEGMENT:
		print_segment(a);
		break;
	case QCOM_MINIDUMP_REGION_A_COMMENT:
		printf(" comment='%s'", mnl_attr_get_str(a));
		break;
	case QCOM_MINIDUMP_REGION_A_TAG:
		print_hex(" tag=", a);
		break;
	case QCOM_MINIDUMP_REGION_A_ERROR:
		printf(" error='%s'", mnl_attr_get_str(a));
		break;
	}
}

static void print_backend_attr(const struct nlattr *a)
{
	static const char *const names[] = { "",	 "name",  "slots_max", "slots_used",
					     "name_max", "align", "regions",   "bytes" };
	unsigned int type = mnl_attr_get_type(a);

	if (type == QCOM_MINIDUMP_BACKEND_A_NAME)
		printf(" name=%s", mnl_attr_get_str(a));
	else if (type == QCOM_MINIDUMP_BACKEND_A_VERSION)
		printf(" version=%s", mnl_attr_get_str(a));
	else if (type <= QCOM_MINIDUMP_BACKEND_A_BYTES)
		printf(" %s=%" PRIu64, names[type], attr_number(a));
}

static void print_message(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *g = mnl_nlmsg_get_payload(nlh);
	bool backend = g->cmd == QCOM_MINIDUMP_CMD_BACKEND_GET || g->cmd == QCOM_MINIDUMP_CMD_BACKEND_NTF;
	const struct nlattr *a;

	if (g->cmd >= QCOM_MINIDUMP_CMD_BACKEND_NTF && g->cmd <= QCOM_MINIDUMP_CMD_MAX)
		printf("%s", commands[g->cmd]);
	printf("%s", backend ? "backend" : "region");
	mnl_attr_for_each (a, nlh, sizeof(*g)) {
		if (backend)
			print_backend_attr(a);
		else
			print_region_attr(a);
	}
	printf("%s\n", nlh->nlmsg_flags & NLM_F_DUMP_INTR ? " interrupted" : "");
	fflush(stdout);
}

/* Prints an error and what its extended ACK says, from byte @skip of the message on. */
static void print_error(const struct nlmsghdr *nlh, int error, size_t skip)
{
	const struct nlattr *a;

	printf("error %s", strerrorname_np(-error));
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		mnl_attr_for_each (a, nlh, skip) {
			if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG)
				printf(": %s", mnl_attr_get_str(a));
			else if (mnl_attr_get_type(a) == NLMSGERR_ATTR_OFFS)
				printf(" [at byte %u]", mnl_attr_get_u32(a));
			else if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MISS_TYPE)
				printf(" [missing attribute %u]", mnl_attr_get_u32(a));
		}
	}
	printf("\n");
	fflush(stdout);
	failures++;
}

/* The ACK of a request. */
static void print_ack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	if (err->error) {
		print_error(nlh, err->error, skip);
		return;
	}
	printf("ok\n");
	fflush(stdout);
}

/* The end of a dump, which may be an error too. */
static void print_done(const struct nlmsghdr *nlh)
{
	const int *error = mnl_nlmsg_get_payload(nlh);

	if (*error < 0)
		print_error(nlh, *error, sizeof(*error));
}

/* Of a kernel with CONFIG_FAULT_INJECTION. 0: no more. */
static void set_fail(const char *nth)
{
	FILE *file = fopen("/proc/thread-self/fail-nth", "w");

	if (!file || fputs(nth, file) < 0 || fclose(file))
		die("fail-nth");
}

/* What happened is not known. */
static void lost(void)
{
	printf("lost\n");
	fflush(stdout);
	failures++;
}

/* Reads the answers to one request, up to its ACK or the end of its dump. */
static void receive(unsigned int seq, bool may_fail)
{
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
		const struct nlmsghdr *nlh = (const void *)buffer;
		int len = n;

		if (n < 0 && may_fail && errno == ENOBUFS) {
			lost();
			return;
		}
		if (n < 0)
			die("recv");
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_DONE) {
				print_done(nlh);
				return;
			}
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				print_ack(nlh);
				return;
			}
			print_message(nlh);
		}
	}
}

static struct nlmsghdr *begin(char *buf, unsigned int type, int cmd, unsigned int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++sequence;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = QCOM_MINIDUMP_FAMILY_VERSION;
	return nlh;
}

/* Two digits for each byte. */
static void put_hex(struct nlmsghdr *nlh, int attr, const char *value)
{
	char bytes[256];
	size_t n = 0;

	for (; n < sizeof(bytes) && sscanf(value + 2 * n, "%2hhx", (unsigned char *)&bytes[n]) == 1; n++)
		;
	mnl_attr_put(nlh, attr, n, bytes);
}

static void put_value(struct nlmsghdr *nlh, int attr, enum attr_type type, const char *value)
{
	if (type == ATTR_U32)
		mnl_attr_put_u32(nlh, attr, strtoul(value, NULL, 0));
	else if (type == ATTR_U64)
		mnl_attr_put_u64(nlh, attr, strtoull(value, NULL, 0));
	else if (type == ATTR_FLAG)
		mnl_attr_put(nlh, attr, 0, NULL);
	else if (type == ATTR_HEX)
		put_hex(nlh, attr, value);
	else
		mnl_attr_put_strz(nlh, attr, value);
}

static void put_raw(struct nlmsghdr *nlh, const char *value)
{
	const char *colon = strchr(value, ':');

	if (!colon)
		die("raw=TYPE:TEXT");
	mnl_attr_put(nlh, atoi(value), strlen(colon + 1), colon + 1);
}

/* The ELF note that the text of a command is. */
static void put_note(struct nlmsghdr *nlh, const char *text, size_t size, unsigned int type)
{
	static char note[65000];
	const Elf64_Nhdr nhdr = { sizeof(QCMD_NOTE_NAME), size, type };
	size_t head = sizeof(nhdr) + MNL_ALIGN(sizeof(QCMD_NOTE_NAME));

	memset(note, 0, sizeof(note));
	memcpy(note, &nhdr, sizeof(nhdr));
	memcpy(note + sizeof(nhdr), QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	memcpy(note + head, text, size);
	mnl_attr_put(nlh, QCOM_MINIDUMP_REGION_A_DATA, head + MNL_ALIGN(size), note);
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	fprintf(stderr, "unknown key '%s'\n%s", name, usage);
	exit(2);
}

/* Task keys go into one nest: those for it are put in a second round. */
static void put_attrs(struct nlmsghdr *nlh, char **argv)
{
	struct nlattr *nest = NULL;

	for (int round = 0; round < 2; round++) {
		for (char **arg = argv; *arg; arg++) {
			char *value = strchr(*arg, '=');
			char key[32];

			if (!value)
				die(*arg);
			snprintf(key, sizeof(key), "%.*s", (int)(value - *arg), *arg);
			value++;
			if (!strcmp(key, "fail"))
				continue;
			if (!strcmp(key, "raw")) {
				if (round == 0)
					put_raw(nlh, value);
				continue;
			}
			if (find_key(key)->task != (round == 1))
				continue;
			if (round == 1 && !nest)
				nest = mnl_attr_nest_start(nlh, QCOM_MINIDUMP_REGION_A_TASK);
			put_value(nlh, find_key(key)->attr, find_key(key)->type, value);
		}
	}
	if (nest)
		mnl_attr_nest_end(nlh, nest);
}

/* Sends it; its @fail'th allocation fails, if there is one. */
static void send_request(struct nlmsghdr *nlh, const char *fail)
{
	ssize_t n;

	if (fail)
		set_fail(fail);
	n = mnl_socket_sendto(sock, nlh, nlh->nlmsg_len);
	if (fail)
		set_fail("0");
	if (n >= 0)
		receive(sequence, fail);
	else if (fail)
		lost();
	else
		die("send");
}

static const char *value_of(char **argv, const char *key)
{
	size_t n = strlen(key);

	for (; *argv; argv++)
		if (!strncmp(*argv, key, n) && (*argv)[n] == '=')
			return *argv + n + 1;
	return NULL;
}

static void request(int cmd, unsigned int flags, char **argv)
{
	static char buf[BUFFER_SIZE + MNL_ALIGNTO];
	struct nlmsghdr *nlh = begin(buf, family, cmd, flags);

	put_attrs(nlh, argv);
	send_request(nlh, value_of(argv, "fail"));
}

/* By name, what this socket has added. */
static void note(char **argv)
{
	static char buf[BUFFER_SIZE + MNL_ALIGNTO], fill[64000];
	static struct note {
		char name[QCOM_MINIDUMP_NAME_MAX + 1];
		unsigned int id;
	} notes[1024];
	struct note *n = notes;
	const char *name = value_of(argv, "name") ?: MINIDUMP_NOTE_NAME, *text = value_of(argv, "text");
	const char *size = value_of(argv, "fill"), *type = value_of(argv, "type"), *tag = value_of(argv, "tag");
	unsigned int number = type ? strtoul(type, NULL, 0) : QCMD_NOTE_KERNEL;
	const char *raw = value_of(argv, "raw");
	struct nlmsghdr *nlh;

	while (n->id && strcmp(n->name, name) != 0 && n < &notes[1023])
		n++;
	nlh = begin(buf, family,
		    !n->id	   ? QCOM_MINIDUMP_CMD_REGION_ADD :
		    text && !*text ? QCOM_MINIDUMP_CMD_REGION_DEL :
				     QCOM_MINIDUMP_CMD_REGION_UPDATE,
		    NLM_F_ACK);
	if (n->id)
		mnl_attr_put_u32(nlh, QCOM_MINIDUMP_REGION_A_ID, n->id);
	else
		mnl_attr_put_strz(nlh, QCOM_MINIDUMP_REGION_A_NAME, name);
	memset(fill, 'x', sizeof(fill));
	if (size)
		put_note(nlh, fill, strtoul(size, NULL, 0) % sizeof(fill), number);
	else if (text && *text)
		put_note(nlh, text, strlen(text), number);
	if (tag && !n->id)
		put_hex(nlh, QCOM_MINIDUMP_REGION_A_TAG, tag);
	if (raw)
		put_raw(nlh, raw);
	last_id = 0;
	send_request(nlh, value_of(argv, "fail"));
	if (text && !*text)
		n->name[0] = '\0';
	else if (last_id)
		snprintf(n->name, sizeof(n->name), "%s", name);
	n->id = last_id ?: n->id;
}

static void find_family(void)
{
	char buf[1024];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	const struct nlattr *a, *g, *x;
	ssize_t n;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, QCOM_MINIDUMP_FAMILY_NAME);
	mnl_socket_sendto(sock, nlh, nlh->nlmsg_len);
	n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
	nlh = (struct nlmsghdr *)buffer;
	if (n < (ssize_t)sizeof(*nlh) || nlh->nlmsg_type == NLMSG_ERROR) {
		fprintf(stderr, "no netlink family %s: is the module loaded?\n", QCOM_MINIDUMP_FAMILY_NAME);
		exit(2);
	}
	mnl_attr_for_each (a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(a);
		if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested (g, a)
				mnl_attr_for_each_nested (x, g)
					if (mnl_attr_get_type(x) == CTRL_ATTR_MCAST_GRP_ID)
						group = mnl_attr_get_u32(x);
	}
	mnl_socket_recvfrom(sock, buffer, sizeof(buffer)); /* the ACK */
}

static void monitor(unsigned int seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		die("subscribe");
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	printf("monitoring\n");
	fflush(stdout);
	for (;;) {
		ssize_t n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
		const struct nlmsghdr *nlh = (const void *)buffer;
		int len = n;

		if (n < 0)
			return;
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			print_message(nlh);
	}
}

static void run(int argc, char **argv)
{
	static const struct {
		const char *name;
		int cmd;
		unsigned int flags;
	} verbs[] = {
		{ "backend", QCOM_MINIDUMP_CMD_BACKEND_GET, NLM_F_ACK },
		{ "list", QCOM_MINIDUMP_CMD_REGION_GET, NLM_F_DUMP },
		{ "add", QCOM_MINIDUMP_CMD_REGION_ADD, NLM_F_ACK },
		{ "update", QCOM_MINIDUMP_CMD_REGION_UPDATE, NLM_F_ACK },
		{ "del", QCOM_MINIDUMP_CMD_REGION_DEL, NLM_F_ACK },
		{ "get", QCOM_MINIDUMP_CMD_REGION_GET, NLM_F_ACK },
	};

	if (!strcmp(argv[0], "sleep") && argc == 2) {
		usleep(strtod(argv[1], NULL) * 1000000);
		return;
	}
	if (!strcmp(argv[0], "monitor") && argc == 2) {
		monitor(atoi(argv[1]));
		return;
	}
	if (!strcmp(argv[0], "note")) {
		note(argv + 1);
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!strcmp(verbs[i].name, argv[0])) {
			request(verbs[i].cmd, verbs[i].flags, argv + 1);
			return;
		}
	}
	fputs(usage, stderr);
	exit(2);
}

static void run_lines(void)
{
	char line[4096], *argv[32];

	while (fgets(line, sizeof(line), stdin)) {
		int argc = 0;

		for (char *p = strtok(line, " \n"); p && argc < 31; p = strtok(NULL, " \n"))
			argv[argc++] = p;
		argv[argc] = NULL;
		if (argc)
			run(argc, argv);
	}
}

int main(int argc, char **argv)
{
	int one = 1;

	if (argc > 1 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	sock = mnl_socket_open(NETLINK_GENERIC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	find_family();

	if (argc > 1)
		run(argc - 1, argv + 1);
	else
		run_lines();
	return failures ? 1 : 0;
}
