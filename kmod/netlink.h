/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family. */
#ifndef QCOM_MINIDUMP_NETLINK_H
#define QCOM_MINIDUMP_NETLINK_H

#include <net/genetlink.h>

#include "region.h"

enum { QMD_MCGRP_EVENTS };

extern struct genl_family qmd_family;

int qmd_netlink_init(void);
void qmd_netlink_exit(void);

/* netlink-owner.c */
extern struct mutex qmd_owners_lock;
int qmd_owners_init(void);
void qmd_owners_exit(void);
struct qmd_owner *qmd_owner_find(const struct sk_buff *skb);
struct qmd_region *qmd_owner_add(struct sk_buff *skb, struct qmd_spec *spec, struct qmd_why *why);

/* netlink-note.c */
int qmd_note_set_doit(struct sk_buff *skb, struct genl_info *info);

/* netlink-request.c */
extern const struct nla_policy qmd_add_policy[QCOM_MINIDUMP_REGION_A_MAX + 1];
extern const struct nla_policy qmd_update_policy[QCOM_MINIDUMP_REGION_A_MAX + 1];
extern const struct nla_policy qmd_id_policy[QCOM_MINIDUMP_REGION_A_ID + 1];
extern const struct nla_policy qmd_note_policy[QCOM_MINIDUMP_NOTE_A_MAX + 1];
int qmd_parse_add(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec, struct qmd_why *why);
void qmd_parse_tag(const struct nlattr *attr, struct qmd_tag *tag);
int qmd_parse_range(struct sk_buff *skb, struct genl_info *info, struct qmd_spec *spec);
int qmd_may_name_addresses(struct sk_buff *skb, struct genl_info *info, u32 attr);
int qmd_refuse_attr(struct genl_info *info, u32 attr, int err, const char *text);
int qmd_missing(struct genl_info *info, u32 attr, const char *text);

/* netlink-msg.c */
void qmd_netlink_mute(void);
void qmd_netlink_notify(const struct qmd_region *r, u8 cmd);
int qmd_put_region(struct sk_buff *skb, u32 portid, u32 seq, int flags, u8 cmd, const struct qmd_region *r,
		   struct netlink_callback *cb);
int qmd_reply_region(struct genl_info *info, u8 cmd, const struct qmd_region *r);
struct sk_buff *qmd_backend_msg(u32 portid, u32 seq, u8 cmd);

#endif
