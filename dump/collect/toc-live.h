/* SPDX-License-Identifier: GPL-2.0-only */
/* The table behind registers, and the memory it names, of a machine that may be running meanwhile. */
#ifndef LIVE_H
#define LIVE_H

#include "dump/collect/toc.h"

/*
 * Finds the table and copies the memory of its regions, so that image_read() gives what belongs to the table. If the
 * table changes all the time, what it may have done to the copy is among the problems of the table.
 */
int live_read(struct image *img, struct toc *toc, struct derr *err);

#endif
