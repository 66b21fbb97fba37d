// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a request may say, and what it means. The tables hold only what a request may have: all else is refused as
 * unknown. Limits are checked where the text of the error can name the attribute.
 */
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/gfp.h>
#include <linux/sched/task.h>
#include <linux/security.h>

#include "netlink.h"

static bool qmd_is_string(const struct nlattr *attr, int max)
{
	int len = nla_len(attr);

	return len > 0 && len <= max + 1 && memchr(nla_data(attr), 0, len) == nla_data(attr) + len - 1;
}

#define QMD_VALIDATE(_what, _valid, _text)							\
static int qmd_validate_##_what(const struct nlattr *attr, struct netlink_ext_ack *extack)	\
{												\
	if (_valid)										\
		return 0;									\
	NL_SET_ERR_MSG_ATTR(extack, attr, _text);						\
	return -EINVAL;										\
}

QMD_VALIDATE(name, qmd_is_string(attr, QCOM_MINIDUMP_NAME_MAX),
	     "NAME: give 1 to 31 printable characters without blanks, and a NUL")
QMD_VALIDATE(object, qmd_is_string(attr, QCOM_MINIDUMP_OBJECT_MAX),
	     "OBJECT: give the name of an object, at most 31 bytes, and a NUL")
QMD_VALIDATE(comment, qmd_is_string(attr, QCOM_MINIDUMP_COMMENT_MAX), "COMMENT: give at most 127 bytes and a NUL")
QMD_VALIDATE(tag, nla_len(attr) && nla_len(attr) <= QCOM_MINIDUMP_TAG_MAX, "TAG: give 1 to 64 bytes")
QMD_VALIDATE(data, nla_len(attr) && nla_len(attr) <= QCOM_MINIDUMP_DATA_MAX, "DATA: give 1 to 32768 bytes")

static const struct nla_policy qmd_task_policy[QCOM_MINIDUMP_TASK_A_MAX + 1] = {
	[QCOM_MINIDUMP_TASK_A_PID] = { .type = NLA_U32 },
	[QCOM_MINIDUMP_TASK_A_START_TIME] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_TASK_A_PART] = { .type = NLA_U32 },
	[QCOM_MINIDUMP_TASK_A_CPU] = { .type = NLA_U32 },
};

const struct nla_policy qmd_add_policy[QCOM_MINIDUMP_REGION_A_MAX + 1] = {
	[QCOM_MINIDUMP_REGION_A_NAME] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_name),
	[QCOM_MINIDUMP_REGION_A_ADDR] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_PADDR] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_SIZE] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_OBJECT] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_object),
	[QCOM_MINIDUMP_REGION_A_TASK] = NLA_POLICY_NESTED(qmd_task_policy),
	[QCOM_MINIDUMP_REGION_A_COMMENT] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_comment),
	[QCOM_MINIDUMP_REGION_A_MAP] = { .type = NLA_U32 },
	[QCOM_MINIDUMP_REGION_A_HOLD] = { .type = NLA_FLAG },
	[QCOM_MINIDUMP_REGION_A_TAG] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_tag),
	[QCOM_MINIDUMP_REGION_A_DATA] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_data),
};

const struct nla_policy qmd_update_policy[QCOM_MINIDUMP_REGION_A_MAX + 1] = {
	[QCOM_MINIDUMP_REGION_A_ID] = { .type = NLA_U32 },
	[QCOM_MINIDUMP_REGION_A_ADDR] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_PADDR] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_SIZE] = { .type = NLA_U64 },
	[QCOM_MINIDUMP_REGION_A_COMMENT] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_comment),
	[QCOM_MINIDUMP_REGION_A_ACTIVATE] = { .type = NLA_FLAG },
	[QCOM_MINIDUMP_REGION_A_DATA] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, qmd_validate_data),
};

const struct nla_policy qmd_id_policy[QCOM_MINIDUMP_REGION_A_ID + 1] = {
	[QCOM_MINIDUMP_REGION_A_ID] = { .type = NLA_U32 },
};

/* The attribute that is to blame, or that is missing, or 0, with the text that says why. */
int qmd_refuse_attr(struct genl_info *info, u32 attr, int err, const char *text)
{
	if (info->attrs[attr])
		NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	else if (attr)
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
	info->extack->_msg = text;
	return err;
}

/* The sender, and who opened the socket. Such a one may see kernel addresses, as in /proc/kallsyms. */
bool qmd_has_perfmon(const struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_PERFMON) || netlink_capable(skb, CAP_SYS_ADMIN);
}

/* Whoever names an address can have any kernel memory in the dump. */
static int qmd_may_name_addresses(struct sk_buff *skb, struct genl_info *info, u32 attr)
{
	if (!qmd_has_perfmon(skb))
		return qmd_refuse_attr(info, attr, -EPERM, "naming an address takes CAP_PERFMON");
	if (security_locked_down(LOCKDOWN_KCORE))
		return qmd_refuse_attr(info, attr, -EPERM,
				       "the kernel is locked down for confidentiality: "
				       "give OBJECT or TASK, no address");
	return 0;
}

/* Fills t, and says in spec->kind what it stands for. */
static int qmd_parse_task(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec)
{
	struct nlattr *nest = info->attrs[QCOM_MINIDUMP_REGION_A_TASK];
	struct nlattr *tb[QCOM_MINIDUMP_TASK_A_MAX + 1];
	struct qmd_task *t = &spec->task;
	const struct nlattr *pid, *start_time, *cpu;
	int ret;

	ret = nla_parse_nested(tb, QCOM_MINIDUMP_TASK_A_MAX, nest, qmd_task_policy, info->extack);
	if (ret)
		return ret;
	pid = tb[QCOM_MINIDUMP_TASK_A_PID];
	start_time = tb[QCOM_MINIDUMP_TASK_A_START_TIME];
	cpu = tb[QCOM_MINIDUMP_TASK_A_CPU];
	if (!tb[QCOM_MINIDUMP_TASK_A_PART] || (cpu ? pid || start_time : !pid || !start_time))
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_TASK, -EINVAL,
				       "TASK needs PART, and either PID and START_TIME or CPU");
	if (cpu) {
		if (!qmd_has_perfmon(skb))
			return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_TASK, -EPERM,
					       "TASK: to follow a CPU, which only one can, takes CAP_PERFMON");
		spec->kind = &qmd_kind_current;
		t->cpu = nla_get_u32(cpu);
		if (t->cpu >= nr_cpu_ids || !cpu_online(t->cpu))
			return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_TASK, -ENODEV,
					       "TASK: there is no such CPU, or it is offline");
	} else {
		t->pid = nla_get_u32(pid);
		t->start_time = nla_get_u64(start_time);
	}
	t->part = nla_get_u32(tb[QCOM_MINIDUMP_TASK_A_PART]);
	if (!cpu)
		spec->kind = t->part == QCOM_MINIDUMP_TASK_STACK ? &qmd_kind_stack : &qmd_kind_task;
	if (t->part == QCOM_MINIDUMP_TASK_STRUCT || t->part == QCOM_MINIDUMP_TASK_STACK ||
	    (t->part == QCOM_MINIDUMP_TASK_MM && !cpu))
		return 0;
	return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_TASK, -EINVAL,
			       "TASK: PART is 1 (struct), 2 (stack) or, without CPU, 3 (mm)");
}

/* ADDR or PADDR, with SIZE. */
static int qmd_parse_range(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec)
{
	struct nlattr *addr = info->attrs[QCOM_MINIDUMP_REGION_A_ADDR];
	struct nlattr *paddr = info->attrs[QCOM_MINIDUMP_REGION_A_PADDR];
	int ret;

	ret = qmd_may_name_addresses(skb, info, addr ? QCOM_MINIDUMP_REGION_A_ADDR : QCOM_MINIDUMP_REGION_A_PADDR);
	if (ret)
		return ret;
	if (addr) {
		spec->addr = (void *)(unsigned long)nla_get_u64(addr);
		if (!spec->addr)
			return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ADDR, -EFAULT, "ADDR is 0");
	} else {
		spec->paddr = nla_get_u64(paddr);
	}
	return 0;
}

/* The map stays for as long as the region. */
static int qmd_parse_map(struct genl_info *info, struct qmd_spec *spec)
{
	struct bpf_map *map = bpf_map_get(nla_get_u32(info->attrs[QCOM_MINIDUMP_REGION_A_MAP]));

	if (IS_ERR(map))
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_MAP, PTR_ERR(map),
				       "MAP: give a descriptor of a BPF map");
	spec->map = map;
	return 0;
}

static int qmd_parse_object(struct genl_info *info, struct qmd_spec *spec)
{
	spec->kind = &qmd_kind_object;
	spec->object = qmd_object_find(nla_data(info->attrs[QCOM_MINIDUMP_REGION_A_OBJECT]));
	if (!spec->object)
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_OBJECT, -ENOENT,
				       "OBJECT: this kernel has no such object, or the module doesn't know it");
	if (!spec->name)
		spec->name = spec->object->region;
	return 0;
}

static void qmd_data_put(struct qmd_region *r)
{
	if (r->buf)
		free_pages_exact(r->buf, r->size);
}

const struct qmd_kind qmd_kind_data = {
	.pieces = qmd_pieces_of_range,
	.put = qmd_data_put,
};

static int qmd_parse_data(struct genl_info *info, struct qmd_spec *spec)
{
	const struct nlattr *data = info->attrs[QCOM_MINIDUMP_REGION_A_DATA];

	spec->kind = &qmd_kind_data;
	spec->size = nla_len(data);
	spec->buf = alloc_pages_exact(spec->size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	spec->addr = spec->buf;
	if (!spec->buf)
		return -ENOMEM;
	nla_memcpy(spec->buf, data, spec->size);
	return 0;
}

/* Fills spec from a request to add. On success a task's reference is held. */
int qmd_parse_add(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec, struct qmd_why *why)
{
	struct nlattr **a = info->attrs;
	bool range = a[QCOM_MINIDUMP_REGION_A_ADDR] || a[QCOM_MINIDUMP_REGION_A_PADDR];
	int ret;

	if (!!a[QCOM_MINIDUMP_REGION_A_ADDR] + !!a[QCOM_MINIDUMP_REGION_A_PADDR] + !!a[QCOM_MINIDUMP_REGION_A_OBJECT] +
	    !!a[QCOM_MINIDUMP_REGION_A_TASK] + !!a[QCOM_MINIDUMP_REGION_A_DATA] != 1)
		return qmd_refuse_attr(info, 0, -EINVAL, "give exactly one of ADDR, PADDR, OBJECT, TASK and DATA");
	if (a[QCOM_MINIDUMP_REGION_A_NAME])
		spec->name = nla_data(a[QCOM_MINIDUMP_REGION_A_NAME]);
	else if (!a[QCOM_MINIDUMP_REGION_A_OBJECT])
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_NAME, -EINVAL, "NAME is missing");
	if (a[QCOM_MINIDUMP_REGION_A_COMMENT])
		spec->comment = nla_data(a[QCOM_MINIDUMP_REGION_A_COMMENT]);
	if (a[QCOM_MINIDUMP_REGION_A_TAG])
		spec->tag.size = nla_memcpy(spec->tag.bytes, a[QCOM_MINIDUMP_REGION_A_TAG], sizeof(spec->tag.bytes));
	spec->hold = a[QCOM_MINIDUMP_REGION_A_HOLD];

	if (range && !a[QCOM_MINIDUMP_REGION_A_SIZE])
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_SIZE, -EINVAL,
				       "SIZE is missing: ADDR and PADDR need it");
	if (!range && (a[QCOM_MINIDUMP_REGION_A_SIZE] || spec->hold))
		return qmd_refuse_attr(info, spec->hold ? QCOM_MINIDUMP_REGION_A_HOLD : QCOM_MINIDUMP_REGION_A_SIZE,
				       -EINVAL, "SIZE and HOLD go with ADDR and PADDR only");
	if (a[QCOM_MINIDUMP_REGION_A_MAP] && !a[QCOM_MINIDUMP_REGION_A_ADDR])
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_MAP, -EINVAL, "MAP goes with ADDR only");
	if (range) {
		spec->kind = &qmd_kind_range;
		spec->size = nla_get_u64(a[QCOM_MINIDUMP_REGION_A_SIZE]);
		ret = qmd_parse_range(skb, info, spec);
		return ret || !a[QCOM_MINIDUMP_REGION_A_MAP] ? ret : qmd_parse_map(info, spec);
	}
	if (a[QCOM_MINIDUMP_REGION_A_OBJECT])
		return qmd_parse_object(info, spec);
	if (a[QCOM_MINIDUMP_REGION_A_DATA])
		return qmd_parse_data(info, spec);

	ret = qmd_parse_task(skb, info, spec);
	if (ret || spec->kind->follows)
		return ret;
	return qmd_task_get(&spec->task, why) ?: qmd_task_range(&spec->task, &spec->addr, &spec->size, why);
}

/* Fills to from a request to update, if that says where the region is from now on, or what is there. */
int qmd_parse_update(struct sk_buff *skb, struct genl_info *info, const struct qmd_region *r, struct qmd_spec *to)
{
	struct nlattr **a = info->attrs;
	bool addr = a[QCOM_MINIDUMP_REGION_A_ADDR], paddr = a[QCOM_MINIDUMP_REGION_A_PADDR];
	bool range = addr || paddr || a[QCOM_MINIDUMP_REGION_A_SIZE], data = a[QCOM_MINIDUMP_REGION_A_DATA];

	if (addr && paddr)
		return qmd_refuse_attr(info, 0, -EINVAL, "give ADDR or PADDR, not both");
	if ((range || data) && a[QCOM_MINIDUMP_REGION_A_ACTIVATE])
		return qmd_refuse_attr(info, 0, -EINVAL,
				       "ACTIVATE takes the region as it is: no ADDR, PADDR, SIZE or DATA");
	if (range && (!r->kind->by_address || r->map || r->hold))
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EINVAL,
				       "ID: only a region that was added by address, "
				       "without MAP and HOLD, can be moved");
	if (data && r->kind != &qmd_kind_data)
		return qmd_refuse_attr(info, QCOM_MINIDUMP_REGION_A_ID, -EINVAL,
				       "ID: only a region that was added with DATA can get other data");
	if (data)
		return qmd_parse_data(info, to);
	if (!range && !a[QCOM_MINIDUMP_REGION_A_COMMENT] && !a[QCOM_MINIDUMP_REGION_A_ACTIVATE])
		return qmd_refuse_attr(info, 0, -EINVAL,
				       "nothing to change: give ADDR, PADDR, SIZE, DATA, COMMENT or ACTIVATE");
	if (!range)
		return 0;
	to->kind = r->kind;
	to->size = a[QCOM_MINIDUMP_REGION_A_SIZE] ? nla_get_u64(a[QCOM_MINIDUMP_REGION_A_SIZE]) : r->size;
	if (addr || paddr)
		return qmd_parse_range(skb, info, to);
	to->addr = (void *)(unsigned long)r->segs[0].va;
	to->paddr = r->segs[0].pa;
	return qmd_may_name_addresses(skb, info, QCOM_MINIDUMP_REGION_A_SIZE);
}
