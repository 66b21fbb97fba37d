// SPDX-License-Identifier: GPL-2.0-only
/* Messages from the kernel: the first byte chooses what they are taken for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "daemon/table/module-netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(uint8_t what, const struct nlmsghdr *nlh)
{
	char message[MODULE_ERROR_MAX];
	struct module_backend backend;
	struct module_family family;
	struct module_region region;

	switch (what % 4) {
	case 0:
		if (module_parse_region(nlh, &region) == 0)
			module_region_done(&region);
		break;
	case 1:
		module_parse_backend(nlh, &backend);
		break;
	case 2:
		module_parse_family(nlh, &family);
		break;
	case 3:
		module_parse_ack(nlh, message);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct nlmsghdr *nlh;
	char *copy;
	int len;

	if (size < 1 || size > 65536)
		return 0;
	len = size - 1;
	copy = calloc(1, MNL_ALIGN(len) + 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, len);
	for (nlh = (void *)copy; module_message_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		parse(data[0], nlh);
	free(copy);
	return 0;
}
