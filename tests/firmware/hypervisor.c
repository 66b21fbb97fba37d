// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Gunyah hypervisor as far as a guest needs it to talk to the resource manager: where QEMU starts the firmware at
 * EL2 it stays there and runs Linux at EL1. It answers the hypercalls for message queues, and passes PSCI calls on to
 * QEMU. Source: docs/api/gunyah_api.md of quic/gunyah-hypervisor, and the calls by SMCCC as Linux makes them.
 *
 * There is one queue for each direction. The manager runs within the calls: whenever there is a request and room for
 * its reply. Linux' memory is read and written with the MMU off, as QEMU emulates no caches.
 */
#include "firmware.h"

#define get_register(name) ({ uint64_t value_; asm volatile("mrs %0, " #name : "=r"(value_)); value_; })
#define set_register(name, value) asm volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

#define EL2			(2 << 2)
#define HCR_RW			(1UL << 31)	/* EL1 is AArch64 */
#define HCR_TSC			(1UL << 19)	/* SMC at EL1 comes here */
#define CNTHCTL_EL1_MAY		3		/* counter and timer are EL1's */
#define CPTR_NO_TRAPS		0x33ff
#define SCTLR_EL1_RESET		0x30d00800	/* no MMU, no caches, little-endian */
#define SPSR_EL1H_MASKED	0x3c5

#define CLASS_HVC		0x16
#define CLASS_SMC		0x17

#define PSCI_CPU_ON_32		0x84000003
#define PSCI_CPU_ON_64		0xc4000003
#define PSCI_INVALID_PARAMETERS	-2L
/* As many as a GICv2 has. Their numbers are their affinities. */
#define CPUS_MAX		8

#define CALL_VENDOR_UID		0x8600ff01
#define CALL_IDENTIFY		0xc6008000
#define CALL_MSGQ_SEND		0xc600801b
#define CALL_MSGQ_RECEIVE	0xc600801c

#define API_VERSION		1
#define API_64_BIT		(1UL << 15)
#define API_VARIANT		(0x48UL << 56)
#define API_MESSAGE_QUEUES	(1UL << 2)

enum {
	OK = 0,
	UNIMPLEMENTED = -1,
	ARGUMENT_INVALID = 1,
	ARGUMENT_SIZE = 2,
	ADDRESS_OVERFLOW = 20,
	ADDRESS_INVALID = 22,
	CAPABILITY_NULL = 50,
	CAPABILITY_RIGHTS = 53,
	QUEUE_EMPTY = 60,
	QUEUE_FULL = 61,
};

/* As rm.dtsi has them. QEMU's machine has no device at these two interrupts. */
#define TX_CAPABILITY		0x100000010UL
#define RX_CAPABILITY		0x100000011UL
#define TX_INTERRUPT		(32 + 14)
#define RX_INTERRUPT		(32 + 15)
#define GICD_ISPENDR		0x08000200UL

#define QUEUE_DEPTH		8
#define PAGE			4096

struct queue {
	uint32_t first;
	uint32_t count;
	struct message messages[QUEUE_DEPTH];
};

static struct queue requests, replies;
static bool lock;
static bool busy;
/* Set from outside, by tests/vm/break-table.py */
static volatile bool absent;

static struct {
	uint64_t entry;
	uint64_t context;
} starting[CPUS_MAX];

bool at_el2(void)
{
	return get_register(CurrentEL) == EL2;
}

static void interrupt(unsigned int number)
{
	put32(GICD_ISPENDR + number / 32 * 4, 1U << number % 32);
}

static bool full(const struct queue *q)
{
	return q->count == QUEUE_DEPTH;
}

static struct message *end(struct queue *q)
{
	return &q->messages[(q->first + q->count) % QUEUE_DEPTH];
}

static void remove_first(struct queue *q)
{
	q->first = (q->first + 1) % QUEUE_DEPTH;
	q->count--;
}

static void run_manager(void)
{
	bool was_full = full(&requests), was_empty = !replies.count;

	while (requests.count && !full(&replies)) {
		if (manager_answer(&requests.messages[requests.first], end(&replies)))
			replies.count++;
		remove_first(&requests);
	}
	if (was_full && !full(&requests))
		interrupt(TX_INTERRUPT);
	if (was_empty && replies.count)
		interrupt(RX_INTERRUPT);
}

/* Where the caller's address is in its RAM, by its own page tables. 0: it may not read, or write, there. */
static uintptr_t translate(uint64_t address, bool write)
{
	uint64_t saved = get_register(par_el1), result;

	if (write)
		asm volatile("at s1e1w, %0; isb" : : "r"(address) : "memory");
	else
		asm volatile("at s1e1r, %0; isb" : : "r"(address) : "memory");
	result = get_register(par_el1);
	set_register(par_el1, saved);
	if (result & 1)
		return 0;
	result = (result & 0xfffffffff000) | address % PAGE;
	return in_ram(result, 1) ? result : 0;
}

/* From or to the caller's buffer; what lies side by side for the caller may be anywhere. */
static bool copy(uint8_t *own, uint64_t address, uint64_t size, bool write)
{
	for (uint64_t done = 0, part; done < size; done += part) {
		volatile uint8_t *at = (volatile uint8_t *)translate(address + done, write);

		if (!at)
			return false;
		part = PAGE - (uintptr_t)at % PAGE;
		if (part > size - done)
			part = size - done;
		for (uint64_t i = 0; i < part; i++) {
			if (write)
				at[i] = own[done + i];
			else
				own[done + i] = at[i];
		}
	}
	return true;
}

static long send(uint64_t capability, uint64_t size, uint64_t address, uint64_t *ready)
{
	static unsigned int sends;

	if (capability != TX_CAPABILITY)
		return capability == RX_CAPABILITY ? CAPABILITY_RIGHTS : CAPABILITY_NULL;
	if (!size || size > MESSAGE_SIZE)
		return ARGUMENT_SIZE;
	if (busy && ++sends % 3 == 0) {
		interrupt(TX_INTERRUPT);
		return QUEUE_FULL;
	}
	if (full(&requests))
		return QUEUE_FULL;
	if (!copy(end(&requests)->data, address, size, false))
		return ADDRESS_INVALID;
	end(&requests)->size = size;
	requests.count++;
	run_manager();
	*ready = !full(&requests);
	return OK;
}

static long receive(uint64_t capability, uint64_t address, uint64_t max, uint64_t *size, uint64_t *more)
{
	struct message *message = &replies.messages[replies.first];

	if (capability != RX_CAPABILITY)
		return capability == TX_CAPABILITY ? CAPABILITY_RIGHTS : CAPABILITY_NULL;
	if (!replies.count)
		return QUEUE_EMPTY;
	if (max < message->size)
		return ADDRESS_OVERFLOW;
	if (!copy(message->data, address, message->size, true))
		return ADDRESS_INVALID;
	*size = message->size;
	remove_first(&replies);
	run_manager();
	*more = replies.count > 0;
	return OK;
}

static void queue_call(uint64_t *x)
{
	uint64_t results[2] = { 0, 0 };

	while (__atomic_exchange_n(&lock, true, __ATOMIC_ACQUIRE))
		;
	if (x[0] == CALL_MSGQ_SEND)
		x[0] = x[4] & ~1UL || x[5] ? ARGUMENT_INVALID : send(x[1], x[2], x[3], &results[0]);
	else
		x[0] = x[4] ? ARGUMENT_INVALID : receive(x[1], x[2], x[3], &results[0], &results[1]);
	__atomic_store_n(&lock, false, __ATOMIC_RELEASE);
	x[1] = results[0];
	x[2] = results[1];
}

static void hypercall(uint64_t *x)
{
	switch (absent ? 0 : x[0]) {
	case CALL_VENDOR_UID:	/* c1d58fcd-a453-5fdb-9265-ce36673d5f14 */
		x[0] = 0xcd8fd5c1;
		x[1] = 0xdb5f53a4;
		x[2] = 0x36ce6592;
		x[3] = 0x145f3d67;
		break;
	case CALL_IDENTIFY:
		x[0] = API_VERSION | API_64_BIT | API_VARIANT;
		x[1] = API_MESSAGE_QUEUES;
		x[2] = 0;
		x[3] = 0;
		break;
	case CALL_MSGQ_SEND:
	case CALL_MSGQ_RECEIVE:
		queue_call(x);
		break;
	default:
		x[0] = UNIMPLEMENTED;
	}
}

/* A CPU that Linux starts is to be at EL1, too: QEMU starts it here first. */
static void secure_call(uint64_t *x)
{
	if (x[0] == PSCI_CPU_ON_32 || x[0] == PSCI_CPU_ON_64) {
		uint64_t cpu = x[1];

		if (cpu >= CPUS_MAX) {
			x[0] = PSCI_INVALID_PARAMETERS;
			return;
		}
		starting[cpu].entry = x[2];
		starting[cpu].context = x[3];
		x[2] = (uintptr_t)start_cpu;
		x[3] = cpu;
	}
	forward(x);
}

void hypervisor_trap(uint64_t *x)
{
	uint64_t class = get_register(esr_el2) >> 26;

	if (class == CLASS_HVC) {
		hypercall(x);
	} else if (class == CLASS_SMC) {
		set_register(elr_el2, get_register(elr_el2) + 4);
		secure_call(x);
	} else {
		hypervisor_unexpected();
	}
}

void hypervisor_unexpected(void)
{
	say("firmware: exception at EL2: ESR ");
	say_hex(get_register(esr_el2));
	say(" ELR ");
	say_hex(get_register(elr_el2));
	say(" FAR ");
	say_hex(get_register(far_el2));
	say("\n");
	power_off();
}

static void __attribute__((noreturn)) run_at_el1(uint64_t entry, uint64_t argument)
{
	set_register(vbar_el2, vectors);
	set_register(hcr_el2, HCR_RW | HCR_TSC);
	set_register(cptr_el2, CPTR_NO_TRAPS);
	set_register(cnthctl_el2, CNTHCTL_EL1_MAY);
	set_register(cntvoff_el2, 0);
	set_register(vpidr_el2, get_register(midr_el1));
	set_register(vmpidr_el2, get_register(mpidr_el1));
	set_register(sctlr_el1, SCTLR_EL1_RESET);
	set_register(spsr_el2, SPSR_EL1H_MASKED);
	set_register(elr_el2, entry);
	return_to_el1(argument);
}

void hypervisor_cpu(uint64_t cpu)
{
	run_at_el1(starting[cpu].entry, starting[cpu].context);
}

void hypervisor_start(const char *variant, uint64_t image, uint64_t dtb)
{
	busy = equal(variant, "busy");
	manager_start(variant);
	run_at_el1(image, dtb);
}
