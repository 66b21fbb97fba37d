// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "daemon/table/module-netlink.h"
#include "lib/cleanup.h"
#include "lib/journal.h"

#define RECEIVE_SIZE   (64 * 1024) /* a dump's messages are at most half of that */
#define SEND_SIZE      (64 * 1024)
#define BATCH_MAX      32 /* requests in one datagram: their answers have to fit the socket's buffer */
#define SOCKET_BUFFER  (2 * 1024 * 1024)
#define ANSWER_TIMEOUT 5000 /* ms; the kernel answers before the request returns */
#define DUMP_RETRIES   16
#define DISPATCH_MAX   64 /* datagrams of events in one turn of the loop */

struct module {
	int request_fd;
	int events_fd;
	uint32_t port;
	uint32_t seq;
	struct module_family family; /* id 0: not connected */
	char buffer[RECEIVE_SIZE];
};

/* What to do with one message of an answer. 0: more to come, 1: done, negative: broken. */
typedef int (*answer_handler)(const struct nlmsghdr *nlh, void *userdata);

static int set_options(int fd)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int on = 1, size = SOCKET_BUFFER;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof(on)) < 0)
			return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		return -errno;
	return 0;
}

static int open_socket(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : set_options(fd);
	if (err < 0) {
		close(fd);
		return err;
	}
	return fd;
}

/* One datagram into the buffer: its length, or -EAGAIN when there is none. Only the kernel is listened to. */
static ssize_t receive(struct module *module, int fd)
{
	struct sockaddr_nl addr = {};
	struct iovec iov = { .iov_base = module->buffer, .iov_len = sizeof(module->buffer) };
	struct msghdr msg = { .msg_name = &addr, .msg_namelen = sizeof(addr), .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (n < 0 && errno != EINTR)
			return -errno;
	} while (n < 0 || (msg.msg_namelen == sizeof(addr) && addr.nl_pid));
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

/* Whatever an earlier life of the daemon left unread. Reading also ends a listing that was under way. */
static void drain(struct module *module)
{
	ssize_t n;

	do {
		n = receive(module, module->request_fd);
	} while (n > 0 || n == -ENOBUFS || n == -EMSGSIZE);
}

static int wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, ANSWER_TIMEOUT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

/* Read datagrams until the handler has seen all it waits for. */
static int collect(struct module *module, answer_handler handler, void *userdata)
{
	for (;;) {
		const struct nlmsghdr *nlh;
		ssize_t size;
		int len, r;

		r = wait_readable(module->request_fd);
		if (r < 0)
			return r;
		size = receive(module, module->request_fd);
		if (size == -EAGAIN)
			continue;
		if (size <= 0)
			return size ?: -ECONNRESET;
		len = size;
		for (nlh = (void *)module->buffer; module_message_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			r = handler(nlh, userdata);
			if (r != 0)
				return r < 0 ? r : 0;
		}
	}
}

static int send_all(int fd, const void *data, size_t size)
{
	ssize_t n;

	do {
		n = send(fd, data, size, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The answers to a batch: seq counts from base. */
struct batch {
	uint32_t base;
	size_t n;
	size_t answered;
	struct module_result *results;
};

static int on_batch(const struct nlmsghdr *nlh, void *userdata)
{
	struct batch *b = userdata;
	uint32_t i = nlh->nlmsg_seq - b->base;
	struct module_result *result;

	/* An answer to what was given up. */
	if (i >= b->n)
		return 0;
	result = &b->results[i];
	if (nlh->nlmsg_type != NLMSG_ERROR) {
		module_region_done(&result->region);
		return module_parse_region(nlh, &result->region);
	}
	result->error = module_parse_ack(nlh, result->message);
	if (result->error == -EBADMSG)
		return -EBADMSG;
	return ++b->answered == b->n;
}

static int apply_batch(struct module *module, const struct module_request *requests, struct module_result *results,
		       size_t n, size_t *done)
{
	_cleanup_free_ char *buffer = malloc(SEND_SIZE);
	struct batch b = { .base = module->seq, .results = results };
	size_t size = 0;
	int r;

	if (!buffer)
		return -ENOMEM;
	while (b.n < n && b.n < BATCH_MAX) {
		struct nlmsghdr *nlh;

		if (size + module_request_size(&requests[b.n]) > SEND_SIZE)
			break;
		nlh = module_build_request(buffer + size, module->family.id, module->seq++, &requests[b.n++]);
		size += MNL_ALIGN(nlh->nlmsg_len);
	}
	if (!b.n)
		return -EMSGSIZE;
	r = send_all(module->request_fd, buffer, size);
	if (r < 0)
		return r;
	*done = b.n;
	return collect(module, on_batch, &b);
}

int module_apply(struct module *module, const struct module_request *requests, struct module_result *results, size_t n)
{
	memset(results, 0, n * sizeof(*results));
	if (!module->family.id)
		return -ENOENT;
	for (size_t i = 0, done = 0; i < n; i += done) {
		int r = apply_batch(module, requests + i, results + i, n - i, &done);

		if (r < 0) {
			drain(module);
			return r;
		}
	}
	return 0;
}

/* A request without arguments but at most one string. */
static int send_get(struct module *module, uint16_t type, uint8_t cmd, uint16_t flags, uint16_t attr, const char *value)
{
	char buffer[128];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = module->seq++;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	if (value)
		mnl_attr_put_strz(nlh, attr, value);
	return send_all(module->request_fd, buffer, nlh->nlmsg_len);
}

struct get {
	uint32_t seq;
	int (*parse)(const struct nlmsghdr *nlh, struct get *get);
	void *ret;
};

static int on_get(const struct nlmsghdr *nlh, void *userdata)
{
	char message[MODULE_ERROR_MAX];
	struct get *get = userdata;
	int r;

	if (nlh->nlmsg_seq != get->seq)
		return 0;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		r = module_parse_ack(nlh, message);
		if (r < 0 && r != -ENOENT)
			log_debug("Module answers: %s", message);
		return r < 0 ? r : 1;
	}
	return get->parse(nlh, get);
}

static int parse_family(const struct nlmsghdr *nlh, struct get *get)
{
	return module_parse_family(nlh, get->ret);
}

static int parse_backend(const struct nlmsghdr *nlh, struct get *get)
{
	return module_parse_backend(nlh, get->ret);
}

static int get_family(struct module *module, struct module_family *ret)
{
	struct get get = { .seq = module->seq, .parse = parse_family, .ret = ret };
	int r;

	*ret = (struct module_family){};
	r = send_get(module, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK, CTRL_ATTR_FAMILY_NAME,
		     QCOM_MINIDUMP_FAMILY_NAME);
	if (r < 0)
		return r;
	r = collect(module, on_get, &get);
	if (r < 0)
		return r;
	return ret->id && ret->events_group ? 0 : -EBADMSG;
}

int module_get_backend(struct module *module, struct module_backend *ret)
{
	struct module_backend backend = {};
	struct get get = { .seq = module->seq, .parse = parse_backend, .ret = &backend };
	int r;

	if (!module->family.id)
		return -ENOENT;
	r = send_get(module, module->family.id, QCOM_MINIDUMP_CMD_BACKEND_GET, NLM_F_ACK, 0, NULL);
	if (r >= 0)
		r = collect(module, on_get, &get);
	if (r >= 0)
		*ret = backend;
	return r;
}

struct list {
	uint32_t seq;
	bool interrupted;
	struct module_region *regions;
	size_t n;
	size_t allocated;
};

static int list_append(struct list *l, const struct nlmsghdr *nlh)
{
	int r;

	if (l->n == l->allocated) {
		size_t allocated = l->allocated ? 2 * l->allocated : 64;
		struct module_region *regions = reallocarray(l->regions, allocated, sizeof(*regions));

		if (!regions)
			return -ENOMEM;
		l->regions = regions;
		l->allocated = allocated;
	}
	r = module_parse_region(nlh, &l->regions[l->n]);
	if (r < 0)
		return r;
	l->n++;
	return 0;
}

static int on_list(const struct nlmsghdr *nlh, void *userdata)
{
	char message[MODULE_ERROR_MAX];
	struct list *l = userdata;
	int r;

	if (nlh->nlmsg_seq != l->seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		l->interrupted = true;
	if (nlh->nlmsg_type != NLMSG_DONE && nlh->nlmsg_type != NLMSG_ERROR)
		return list_append(l, nlh);
	r = module_parse_ack(nlh, message);
	if (r < 0)
		log_debug("Module can't list regions: %s", message);
	return r < 0 ? r : 1;
}

static int list_once(struct module *module, struct list *l)
{
	int r;

	*l = (struct list){ .seq = module->seq };
	r = send_get(module, module->family.id, QCOM_MINIDUMP_CMD_REGION_GET, NLM_F_DUMP, 0, NULL);
	if (r >= 0)
		r = collect(module, on_list, l);
	if (r >= 0 && l->interrupted)
		r = -EAGAIN;
	if (r < 0)
		module_regions_free(l->regions, l->n);
	return r;
}

int module_list(struct module *module, struct module_region **ret, size_t *ret_n)
{
	struct list l;
	int r;

	if (!module->family.id)
		return -ENOENT;
	for (int i = 0; i < DUMP_RETRIES; i++) {
		r = list_once(module, &l);
		if (r != -EAGAIN)
			break;
	}
	if (r < 0) {
		if (r != -EAGAIN)
			drain(module);
		return r;
	}
	*ret = l.regions;
	*ret_n = l.n;
	return 0;
}

static int join(int fd, uint32_t group)
{
	return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0 ? -errno : 0;
}

static int read_port(int fd, uint32_t *ret)
{
	struct sockaddr_nl addr = {};
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
		return -errno;
	*ret = addr.nl_pid;
	return 0;
}

static int setup(struct module *module)
{
	int r;

	if (module->request_fd < 0)
		module->request_fd = open_socket();
	else
		drain(module);
	if (module->request_fd < 0)
		return module->request_fd;
	r = read_port(module->request_fd, &module->port);
	if (r < 0)
		return r;
	module->events_fd = open_socket();
	if (module->events_fd < 0)
		return module->events_fd;
	/* The controller's only group, "notify", has its family's number: families that come and go. */
	return join(module->events_fd, GENL_ID_CTRL);
}

int module_new(int fd, struct module **ret)
{
	struct module *module = calloc(1, sizeof(*module));
	int r;

	if (!module) {
		closep(&fd);
		return -ENOMEM;
	}
	module->request_fd = fd;
	module->events_fd = -1;
	module->seq = time(NULL);
	r = setup(module);
	if (r < 0) {
		module_free(module);
		return r;
	}
	*ret = module;
	return 0;
}

struct module *module_free(struct module *module)
{
	if (!module)
		return NULL;
	closep(&module->request_fd);
	closep(&module->events_fd);
	free(module);
	return NULL;
}

int module_connect(struct module *module)
{
	struct module_family family;
	int r;

	module->family = (struct module_family){};
	r = get_family(module, &family);
	if (r < 0)
		return r;
	r = join(module->events_fd, family.events_group);
	if (r < 0)
		return r;
	module->family = family;
	return 0;
}

void module_disconnect(struct module *module)
{
	module->family = (struct module_family){};
}

bool module_connected(const struct module *module)
{
	return module->family.id;
}

int module_request_fd(const struct module *module)
{
	return module->request_fd;
}

int module_events_fd(const struct module *module)
{
	return module->events_fd;
}

uint32_t module_port(const struct module *module)
{
	return module->port;
}

static void dispatch_family(const struct nlmsghdr *nlh, uint8_t cmd, module_event_handler handler, void *userdata)
{
	struct module_family family;

	if (cmd != CTRL_CMD_NEWFAMILY && cmd != CTRL_CMD_DELFAMILY)
		return;
	if (module_parse_family(nlh, &family) < 0 || strcmp(family.name, QCOM_MINIDUMP_FAMILY_NAME))
		return;
	handler(cmd == CTRL_CMD_NEWFAMILY ? MODULE_EVENT_ADDED : MODULE_EVENT_REMOVED, NULL, userdata);
}

static void dispatch_region(const struct nlmsghdr *nlh, enum module_event event, module_event_handler handler,
			    void *userdata)
{
	struct module_region region;

	if (module_parse_region(nlh, &region) < 0) {
		handler(MODULE_EVENT_OVERRUN, NULL, userdata);
		return;
	}
	handler(event, &region, userdata);
	module_region_done(&region);
}

static void dispatch_message(struct module *module, const struct nlmsghdr *nlh, module_event_handler handler,
			     void *userdata)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return;
	if (nlh->nlmsg_type == GENL_ID_CTRL) {
		dispatch_family(nlh, genl->cmd, handler, userdata);
		return;
	}
	if (!module->family.id || nlh->nlmsg_type != module->family.id)
		return;
	switch (genl->cmd) {
	case QCOM_MINIDUMP_CMD_BACKEND_NTF:
		handler(MODULE_EVENT_BACKEND, NULL, userdata);
		break;
	case QCOM_MINIDUMP_CMD_REGION_ADD_NTF:
	case QCOM_MINIDUMP_CMD_REGION_UPDATE_NTF:
		dispatch_region(nlh, MODULE_EVENT_REGION, handler, userdata);
		break;
	case QCOM_MINIDUMP_CMD_REGION_DEL_NTF:
		dispatch_region(nlh, MODULE_EVENT_REGION_GONE, handler, userdata);
		break;
	}
}

/* A handler may use the request socket, and with it the buffer: the messages are copied out first. */
static int dispatch_datagram(struct module *module, size_t size, module_event_handler handler, void *userdata)
{
	_cleanup_free_ char *copy = malloc(MNL_ALIGN(size));
	const struct nlmsghdr *nlh;
	int len = size;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, module->buffer, size);
	for (nlh = (void *)copy; module_message_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		dispatch_message(module, nlh, handler, userdata);
	return 0;
}

int module_dispatch(struct module *module, module_event_handler handler, void *userdata)
{
	for (int i = 0; i < DISPATCH_MAX; i++) {
		ssize_t size = receive(module, module->events_fd);
		int r;

		if (size == -EAGAIN)
			return 0;
		if (size == -ENOBUFS || size == -EMSGSIZE) {
			handler(MODULE_EVENT_OVERRUN, NULL, userdata);
			continue;
		}
		if (size < 0)
			return size;
		r = dispatch_datagram(module, size, handler, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}
