// SPDX-License-Identifier: GPL-2.0-only
/*
 * The minidump table behind registers, as the posted driver for "qcom,virt-minidump" has them. Real ones are emulated
 * by a hypervisor; these are a page of memory that the device tree gives to nobody else.
 */
#include "firmware.h"

#define REG_SS_STATUS		0x20
#define REG_SS_ENABLED		0x24
#define REG_SS_ENCRYPTION	0x28
#define REG_SS_COUNT		0x30
#define REG_SS_BASE_LOW		0x34
#define REG_SS_BASE_HIGH	0x38

void registers_lay_out(void)
{
	zero((void *)REGISTERS_BASE, REGISTERS_SIZE);
	toc_lay_out(REGISTERS_BASE);
}

bool registers_read_table(struct table *t)
{
	*t = (struct table){
		.initialised = get32(REGISTERS_BASE),
		.status = get32(REGISTERS_BASE + REG_SS_STATUS),
		.enabled = get32(REGISTERS_BASE + REG_SS_ENABLED),
		.encryption = get32(REGISTERS_BASE + REG_SS_ENCRYPTION),
		.count = get32(REGISTERS_BASE + REG_SS_COUNT),
		.base = (uint64_t)get32(REGISTERS_BASE + REG_SS_BASE_HIGH) << 32 |
			get32(REGISTERS_BASE + REG_SS_BASE_LOW),
	};
	return true;
}
