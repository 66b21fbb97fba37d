/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each stack of exceptions ends where a page is that the kernel never maps: crash reads it where it knows of no size of
 * a stack, and leaves out the stack if that fails.
 */
#ifndef EXCEPTION_STACKS_H
#define EXCEPTION_STACKS_H

#include "dump/collect/collect.h"

/* These pages, by virtual address, of each CPU whose task state segment is there. */
void exception_guards_find(const struct collection *c, struct rangemap *guards);

#endif
