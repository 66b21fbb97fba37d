/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What never changes while a kernel runs and is in its vmlinux: its code, the tables by which stacks are unwound (ORC,
 * x86_64), and the names of tasks' states.
 */
#ifndef KTEXT_H
#define KTEXT_H

#include "dump/core/keyval.h"
#include "dump/collect/kernel-map.h"
#include "dump/collect/derived.h"

/* Fails with a message if the vmlinux is not that of the dump. */
int ktext_add(struct made_list *made, const char *path, const struct kmap *k, const struct kv *vmcoreinfo,
	      struct derr *err);

#endif
