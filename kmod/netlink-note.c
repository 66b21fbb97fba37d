// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notes of a socket: text that the module keeps, as an ELF note.
 */
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/qcom_minidump_table.h>

#include <qcmd_note.h>

#include "core.h"
#include "event.h"
#include "netlink.h"

static void *qmd_note_build(const void *text, size_t len, u32 type, u64 *size)
{
	size_t name_size = ALIGN(sizeof(QCMD_NOTE_NAME), 4);
	struct elf_note *note;

	*size = sizeof(*note) + name_size + ALIGN(len, 4);
	note = alloc_pages_exact(*size, GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!note)
		return NULL;
	note->n_namesz = sizeof(QCMD_NOTE_NAME);
	note->n_descsz = len;
	note->n_type = type;
	memcpy(note + 1, QCMD_NOTE_NAME, sizeof(QCMD_NOTE_NAME));
	memcpy((void *)(note + 1) + name_size, text, len);
	return note;
}

static void qmd_note_put(struct qmd_region *r)
{
	if (r->buf)
		free_pages_exact(r->buf, r->size);
}

const struct qmd_kind qmd_kind_note = {
	.pieces = qmd_pieces_of_range,
	.put = qmd_note_put,
};

/* The sender's note of that name, with a reference, or NULL. */
static struct qmd_region *qmd_note_find(struct sk_buff *skb, const char *name)
{
	struct qmd_region *r;
	u32 id;

	for (id = 1; (r = qmd_region_next(&id)); id++) {
		if (READ_ONCE(r->there) && r->sk == NETLINK_CB(skb).sk && r->kind == &qmd_kind_note &&
		    !strcmp(r->name->name, name))
			break;
		qmd_region_put(r);
	}
	return r;
}

/*
 * Sets a note of the sender, or removes it if there is nothing in spec. Returns its region with a reference, or NULL.
 * What is left in spec is to be freed. Under qmd_owners_lock.
 */
static struct qmd_region *qmd_note_set(struct sk_buff *skb, struct qmd_spec *spec, struct sk_buff **msg,
				       struct qmd_why *why)
{
	struct qmd_region *r = qmd_note_find(skb, spec->name);
	int ret = 0;

	if (!r)
		return spec->buf ? qmd_owner_add(skb, spec, msg, why) : NULL;
	if (!spec->buf) {
		qmd_region_drop(qmd_region_if_there, r);
		qmd_events_send();
	} else {
		*msg = qmd_region_msg_new(r);
		ret = *msg ? qmd_share_check(r, 0, spec->size - r->size, why) :
			     qmd_refuse(why, -ENOMEM, "out of memory");
		if (!ret)
			ret = qmd_region_move(r, spec, why);
		if (!ret)
			return r;
		nlmsg_free(*msg);
	}
	qmd_region_put(r);
	return ERR_PTR(ret);
}

int qmd_note_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *text = info->attrs[QCOM_MINIDUMP_NOTE_A_TEXT];
	struct nlattr *name = info->attrs[QCOM_MINIDUMP_NOTE_A_NAME];
	struct nlattr *type = info->attrs[QCOM_MINIDUMP_NOTE_A_TYPE];
	struct qmd_spec spec = {
		.name = name ? nla_data(name) : MINIDUMP_NOTE_NAME,
		.comment = "what a reader of the dump must know",
		.kind = &qmd_kind_note,
	};
	struct qmd_why why = {};
	struct sk_buff *msg;
	struct qmd_region *r;

	if (!text)
		return qmd_refuse_attr(info, QCOM_MINIDUMP_NOTE_A_TEXT, -EINVAL, "TEXT is missing");
	if (nla_len(text)) {
		spec.buf = qmd_note_build(nla_data(text), nla_len(text), type ? nla_get_u32(type) : QCMD_NOTE_KERNEL,
					  &spec.size);
		if (!spec.buf)
			return -ENOMEM;
	}
	spec.addr = spec.buf;
	qmd_parse_tag(info->attrs[QCOM_MINIDUMP_NOTE_A_TAG], &spec.tag);
	mutex_lock(&qmd_owners_lock);
	r = qmd_note_set(skb, &spec, &msg, &why);
	mutex_unlock(&qmd_owners_lock);
	if (spec.buf)
		free_pages_exact(spec.buf, spec.size);
	if (IS_ERR(r)) {
		info->extack->_msg = why.text;
		return PTR_ERR(r);
	}
	if (!r)
		return 0;
	qmd_reply_region(skb, info, msg, r);
	qmd_region_put(r);
	return 0;
}
