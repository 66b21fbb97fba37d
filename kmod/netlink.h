/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family. */
#ifndef QCOM_MINIDUMP_NETLINK_H
#define QCOM_MINIDUMP_NETLINK_H

#include <net/genetlink.h>

#include "region.h"

enum { QMD_MCGRP_EVENTS };

/*
 * Who reads what is said of a region. An address, and another one's tag, in which one may be, is for CAP_PERFMON only:
 * not for whoever listens to events.
 */
struct qmd_reader {
	const struct sock *sk;
	u32 portid;
	u32 seq;
	bool addresses;
};

extern struct genl_family qmd_family;

int qmd_netlink_init(void);
void qmd_netlink_exit(void);

/* netlink-owner.c */
extern struct mutex qmd_owners_lock;
void qmd_owners_init(void);
void qmd_owners_exit(void);
int qmd_share_check(const struct qmd_region *new, u32 slots, s64 more, struct qmd_why *why);
struct qmd_region *qmd_owner_add(struct sk_buff *skb, struct qmd_spec *spec, struct sk_buff **msg, struct qmd_why *why);

/* netlink-request.c */
extern const struct nla_policy qmd_add_policy[QCOM_MINIDUMP_REGION_A_MAX + 1];
extern const struct nla_policy qmd_update_policy[QCOM_MINIDUMP_REGION_A_MAX + 1];
extern const struct nla_policy qmd_id_policy[QCOM_MINIDUMP_REGION_A_ID + 1];
int qmd_parse_add(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec, struct qmd_why *why);
int qmd_parse_update(struct sk_buff *skb, struct genl_info *info, const struct qmd_region *r, struct qmd_spec *to);
bool qmd_has_perfmon(const struct sk_buff *skb);
int qmd_refuse_attr(struct genl_info *info, u32 attr, int err, const char *text);

/* netlink-msg.c */
void qmd_netlink_mute(bool muted);
void qmd_netlink_notify(const struct qmd_region *r, u8 cmd);
int qmd_put_region(struct sk_buff *skb, const struct qmd_reader *to, u8 cmd, const struct qmd_region *r,
		   struct netlink_callback *cb);
struct sk_buff *qmd_region_msg_new(const struct qmd_region *r);
void qmd_reply_region(struct sk_buff *request, struct genl_info *info, struct sk_buff *msg, const struct qmd_region *r);
struct sk_buff *qmd_backend_msg(u32 portid, u32 seq, u8 cmd);

#endif
