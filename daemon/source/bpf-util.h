/* SPDX-License-Identifier: GPL-2.0-only */
/* What all users of BPF programs share. */
#ifndef QCMDD_BPF_UTIL_H
#define QCMDD_BPF_UTIL_H

/* libbpf's own messages: for whoever debugs; errors are told by the caller in its own words. */
void bpf_log_quietly(void);

/* What failed and what libbpf's error number means, for people; to be freed; NULL without memory. */
char *bpf_reason(const char *what, int err);

/*
 * The same for a program that could not be loaded: the error alone, which is often "Invalid argument", doesn't say why.
 * root: "" but in tests.
 */
char *bpf_load_reason(const char *root, int err);

#endif
