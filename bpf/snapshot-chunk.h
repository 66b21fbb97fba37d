/* SPDX-License-Identifier: GPL-2.0-only */
/* What snapshot.bpf.c and the daemon share: how much is copied at once. */
#ifndef QCMD_BPF_SNAPSHOT_CHUNK_H
#define QCMD_BPF_SNAPSHOT_CHUNK_H

#define SNAPSHOT_CHUNK 32768

#endif
