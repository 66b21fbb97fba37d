/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the core and a back end.
 *
 * A back end knows where the table lies and how one slot of it is written: nothing else. Lookup, names,
 * limits, order of operations and locking are the core's.
 *
 * One back end is bound at a time. While it is, the core holds a reference on its module.
 *
 * These functions are in a namespace. A module imports it by MODULE_INFO(import_ns, "QCOM_MINIDUMP"), which is the same
 * on every kernel: MODULE_IMPORT_NS() wants a word before 6.13, and a string from there on.
 */
#ifndef QCOM_MINIDUMP_BACKEND_H
#define QCOM_MINIDUMP_BACKEND_H

#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/types.h>

struct module;

/**
 * struct qcom_minidump_limits - what a table can hold
 * @slots: number of slots, the two of the core included; 3 or more
 * @name_max: longest name in bytes without NUL; QCOM_MINIDUMP_NAME_MIN or more
 * @align: addresses are rounded down to a multiple of this, and ends up; a power of two, at most PAGE_SIZE
 */
struct qcom_minidump_limits {
	u32 slots;
	u32 name_max;
	u32 align;
};

/* The core's own names fit in this many bytes. */
#define QCOM_MINIDUMP_NAME_MIN	11

/* What qcom_minidump_slot_name() adds to a name at most: an underscore and ten digits. */
#define QCOM_MINIDUMP_NUMBER_MAX	11

/**
 * qcom_minidump_slot_name() - what tells a slot from all others in one string: NAME, or NAME_SEQ if @seq is not 0
 * @buf: gets it
 * @size: of @buf
 * @name: of the region
 * @seq: sequence number of the slot
 *
 * Return: its length without NUL; -E2BIG: what is there is the beginning of NAME, or NAME alone.
 */
static inline int qcom_minidump_slot_name(char *buf, size_t size, const char *name, u32 seq)
{
	int n = strscpy(buf, name, size);
	u32 rest;

	if (n < 0 || !seq)
		return n;
	for (rest = seq, n++; rest; rest /= 10)
		n++;
	if (n >= size)
		return -E2BIG;
	buf[n] = '\0';
	for (buf += n; seq; seq /= 10)
		*--buf = '0' + seq % 10;
	*--buf = '_';
	return n;
}

/**
 * struct qcom_minidump_slot_data - what goes into a slot
 * @name: at most limits.name_max bytes, and NULs up to QCOM_MINIDUMP_NAME_MAX + 1
 * @seq: sequence number, unique among the slots of that name
 * @pa: physical address
 * @size: bytes
 */
struct qcom_minidump_slot_data {
	const char *name;
	u32 seq;
	phys_addr_t pa;
	u64 size;
};

/**
 * struct qcom_minidump_backend_ops - how the table is written
 * @init: set the table up, empty and valid, and say what it holds. May sleep. 0 or negative errno
 * @write_slot: make a slot invalid, fill it, then make it valid, in that order as seen by whoever reads the
 *	memory after a crash at any instant
 * @move_slot: a valid slot gets another range and stays valid: at every instant it is the old range, the new
 *	one, or the beginning of one of them
 * @slot_address: where in memory a slot has its physical address, little-endian. A store there is as good as @move_slot
 *	to a range of the same size, on any CPU and without the core's lock, while the slot is valid: so slots move at
 *	context switches. NULL: there is no such place, and regions can't follow what a CPU runs
 * @clear_slot: make a slot invalid
 * @publish: the first @count slots are to be looked at. Not before all earlier writes
 * @close: make the table invalid: nobody finds it any more. Nothing follows but @exit, and before it stores to
 *	@slot_address that are under way; or @reopen. Without the lock if no other CPU runs
 * @reopen: undo @close, and write again what isn't in RAM, or is another kernel's by now; @publish follows. NULL: this
 *	can't be done before the back end's device has resumed. Then its driver does it, and publishes by
 *	qcom_minidump_backend_look()
 * @exit: give the table's memory back. May sleep
 *
 * All but @init and @exit are called under the core's lock, a raw one, with interrupts off, and under whatever lock the
 * core's caller holds: nothing may be woken up but by irq_work, and other locks must be raw ones, too. A back end that
 * has to sleep takes a copy of the table, by qcom_minidump_backend_look(), and passes it on when it can: every change
 * ends with @move_slot or @publish, and every state that the table goes through is right as a whole. The header that
 * slot 0 names stays as it is until @move_slot of slot 0, but that it no longer says where a slot is that @move_slot
 * then moves.
 */
struct qcom_minidump_backend_ops {
	int (*init)(void *priv, struct qcom_minidump_limits *limits);
	void (*write_slot)(void *priv, u32 slot, const struct qcom_minidump_slot_data *data);
	void (*move_slot)(void *priv, u32 slot, phys_addr_t pa, u64 size);
	__le64 *(*slot_address)(void *priv, u32 slot);
	void (*clear_slot)(void *priv, u32 slot);
	void (*publish)(void *priv, u32 count);
	void (*close)(void *priv);
	void (*reopen)(void *priv);
	void (*exit)(void *priv);
};

/**
 * struct qcom_minidump_backend - a back end
 * @name: for listings, also of qcmd: "ram", "smem" ...
 * @owner: module to hold while bound
 * @ops: all but @slot_address and @reopen are mandatory
 * @priv: handed to every op
 */
struct qcom_minidump_backend {
	const char *name;
	struct module *owner;
	const struct qcom_minidump_backend_ops *ops;
	void *priv;
};

/**
 * qcom_minidump_backend_register() - bind a back end; pending regions go into its table
 * @backend: must stay until it is unregistered
 *
 * Regions that it can't take are rejected one by one, each with its reason; the back end stays bound.
 * May sleep.
 *
 * Return: 0; -EBUSY: another one is bound (the kernel log names both); -EINVAL: ops or limits make no sense;
 * -ENOMEM; or what @init returned.
 */
int qcom_minidump_backend_register(const struct qcom_minidump_backend *backend);

/**
 * qcom_minidump_backend_unregister() - unbind; all regions are pending again
 * @backend: the one that is bound; another one is left alone
 *
 * When it returns the core calls none of the ops any more. May sleep.
 */
void qcom_minidump_backend_unregister(const struct qcom_minidump_backend *backend);

/**
 * qcom_minidump_kexec_comes() - what a reboot notifier is called for is kexec, which hands memory to another kernel
 * @action: of the notifier
 * @cmd: of the notifier
 *
 * The core closes the table behind the last device's shutdown. A back end whose @close is not enough, as it would have
 * to sleep, unregisters here.
 */
static inline bool qcom_minidump_kexec_comes(unsigned long action, const char *cmd)
{
	/* As kernel_kexec() calls it. */
	return action == SYS_RESTART && cmd && !strcmp(cmd, "kexec reboot");
}

/**
 * qcom_minidump_backend_look() - look at the table while it holds still
 * @backend: whose it is; of another one that is bound nothing is shown
 * @fn: is called as the ops are, with how many slots are in use. @publish is one, for a back end whose table was opened
 *	again, empty, after its device had slept
 *
 * Any context but NMI, and not from within one of the ops.
 */
void qcom_minidump_backend_look(const struct qcom_minidump_backend *backend, void (*fn)(void *priv, u32 count));

/**
 * qcom_minidump_backend_refuse() - a region that is in the table can't be saved, as turned out only later
 * @backend: the one that is bound; of another one nothing is taken out
 * @name: of the region
 * @seq: sequence number of one of its slots
 * @pa: where that slot was when it was refused: what is there under this name and number by now may be another one
 * @why: constant text of the back end, for listings: what refused it, and how
 *
 * The region is out of the table and rejected when it returns; it may have been gone, or moved, before. The back end
 * stays bound. Slots 0 and 1 stay: without them there is no dump.
 * May sleep; not from within one of the ops.
 */
void qcom_minidump_backend_refuse(const struct qcom_minidump_backend *backend, const char *name, u32 seq,
				  phys_addr_t pa, const char *why);

#endif
