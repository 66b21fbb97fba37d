/* SPDX-License-Identifier: GPL-2.0-only */
/* --map=OFFSET:PADDR:SIZE: which memory is where in a raw image. */
#ifndef MAP_OPTION_H
#define MAP_OPTION_H

#include "dump/core/rangemap.h"
#include "lib/error.h"

int map_option_parse(const char *arg, struct range *ret, struct derr *err);

#endif
