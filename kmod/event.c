// SPDX-License-Identifier: GPL-2.0-only
/*
 * What became of regions: from any context to process context, and no more than one notification a region at a time.
 * With that of its removal a region gives back what it holds.
 */
#include <linux/irq_work.h>
#include <linux/workqueue.h>

#include "core.h"
#include "event.h"
#include "netlink.h"

static DEFINE_MUTEX(qmd_events_lock);	/* one sender at a time, so that they stay in order */

static void qmd_event_work(struct work_struct *work)
{
	qmd_events_send();
}

static DECLARE_WORK(qmd_event_worker, qmd_event_work);

static void qmd_event_irq(struct irq_work *work)
{
	schedule_work(&qmd_event_worker);
}

static DEFINE_IRQ_WORK(qmd_event_irq_work, qmd_event_irq);	/* from any context to process context */

void qmd_event(struct qmd_region *r, u8 cmd)
{
	qmd.generation++;
	if (list_empty(&r->event_node)) {
		list_add_tail(&r->event_node, &qmd.events);
		r->event = cmd;
	} else if (cmd == QCOM_MINIDUMP_CMD_REGION_DEL_NTF) {
		r->event = cmd;
	}
	irq_work_queue(&qmd_event_irq_work);
}

/*
 * Sends what there is: when it returns, what was removed before has given back its name and its numbers. What comes
 * meanwhile is for the next time, as it may come without end.
 */
void qmd_events_send(void)
{
	LIST_HEAD(events);
	struct qmd_region *r;
	unsigned long flags;
	bool backend;
	u8 cmd;

	/* Before anybody hears of the room that there is */
	qmd_regions_retry_own();
	mutex_lock(&qmd_events_lock);
	raw_spin_lock_irqsave(&qmd.lock, flags);
	list_splice_init(&qmd.events, &events);
	backend = qmd.backend_event;
	qmd.backend_event = false;
	raw_spin_unlock_irqrestore(&qmd.lock, flags);

	if (backend)
		qmd_netlink_notify(NULL, QCOM_MINIDUMP_CMD_BACKEND_NTF);
	while (!list_empty(&events)) {
		raw_spin_lock_irqsave(&qmd.lock, flags);
		r = list_first_entry(&events, struct qmd_region, event_node);
		list_del_init(&r->event_node);
		cmd = r->event;
		raw_spin_unlock_irqrestore(&qmd.lock, flags);
		if (cmd == QCOM_MINIDUMP_CMD_REGION_DEL_NTF)
			qmd_region_retire(r);
		qmd_netlink_notify(r, cmd);
		if (cmd == QCOM_MINIDUMP_CMD_REGION_DEL_NTF)
			qmd_region_put(r);
	}
	mutex_unlock(&qmd_events_lock);
}

void qmd_events_exit(void)
{
	irq_work_sync(&qmd_event_irq_work);
	flush_work(&qmd_event_worker);
	/* Nor does anybody else send what he has begun to. */
	mutex_lock(&qmd_events_lock);
	mutex_unlock(&qmd_events_lock);
}
