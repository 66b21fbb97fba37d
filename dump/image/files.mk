# SPDX-License-Identifier: GPL-2.0-only
# Memory to collect a dump from: RAM images, cores, pieces that firmware left, rawdump partitions.
DUMP_IMAGE_SRCS := \
	dump/image/assembled.c \
	dump/image/blobs.c \
	dump/image/guest.c \
	dump/image/image.c \
	dump/image/kdump.c \
	dump/image/map-option.c \
	dump/image/piece-list.c \
	dump/image/pieces.c \
	dump/image/qmp.c \
	dump/image/rawdump.c
