/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's modules in an image: their names and ORC tables, which are in memory of their own. */
#ifndef MODULES_H
#define MODULES_H

#include "dump/collect/collect.h"
#include "dump/stack/orc.h"

/* Adds them to those of the kernel. Nothing, where the dump does not say how a struct module is laid out. */
void modules_add(const struct collection *c, struct symbols *s, struct orc *orc);

#endif
