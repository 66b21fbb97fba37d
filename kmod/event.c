// SPDX-License-Identifier: GPL-2.0-only
/*
 * Notifications: from any context to process context, and no more than one a region at a time.
 */
#include "core.h"
#include "event.h"
#include "netlink.h"

void qmd_event(struct qmd_region *r, u8 cmd)
{
	qmd.generation++;
	if (list_empty(&r->event_node)) {
		kref_get(&r->ref);
		list_add_tail(&r->event_node, &qmd.events);
		r->event = cmd;
	} else if (cmd == QCOM_MINIDUMP_CMD_REGION_DEL_NTF) {
		r->event = cmd;
	}
	irq_work_queue(&qmd.event_irq_work);
}

static void qmd_event_irq(struct irq_work *work)
{
	schedule_work(&qmd.event_work);
}

static struct qmd_region *qmd_event_next(u8 *cmd, bool *backend)
{
	struct qmd_region *r;
	unsigned long flags;

	spin_lock_irqsave(&qmd.lock, flags);
	r = list_first_entry_or_null(&qmd.events, struct qmd_region, event_node);
	if (r) {
		list_del_init(&r->event_node);
		*cmd = r->event;
	}
	*backend = qmd.backend_event;
	qmd.backend_event = false;
	spin_unlock_irqrestore(&qmd.lock, flags);
	return r;
}

static void qmd_event_send(struct work_struct *work)
{
	struct qmd_region *r;
	bool backend;
	u8 cmd;

	do {
		r = qmd_event_next(&cmd, &backend);
		if (backend)
			qmd_netlink_notify(NULL, QCOM_MINIDUMP_CMD_BACKEND_NTF);
		if (r) {
			qmd_netlink_notify(r, cmd);
			qmd_region_put(r);
		}
	} while (r);
}

void qmd_events_init(void)
{
	INIT_LIST_HEAD(&qmd.events);
	init_irq_work(&qmd.event_irq_work, qmd_event_irq);
	INIT_WORK(&qmd.event_work, qmd_event_send);
}

void qmd_events_exit(void)
{
	irq_work_sync(&qmd.event_irq_work);
	flush_work(&qmd.event_work);
}
