/* SPDX-License-Identifier: GPL-2.0-only */
/* What everybody may see of the machine, and what it means for a crash: qcmdd and qcmdctl judge alike. */
#ifndef QCMD_MACHINE_H
#define QCMD_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

struct problem {
	const char *id;
	char *message;
	char *hint; /* what to type */
};

/* What struct machine.virtualization can be; NULL-terminated. */
extern const char *const machine_virtualizations[];

void problem_done(struct problem *p);

struct machine {
	bool loaded;	     /* qcom_minidump is */
	bool missing;	     /* and there is none for this kernel; false where that can't be seen */
	char reason[160];    /* why qcmd-backend could not load it, or "" */
	char remedy[192];    /* and what it says to do */
	char version[32];    /* of the module */
	char backend[32];    /* the one that is bound, or "" */
	bool own;	     /* log and current tasks are in its table, whoever else runs */
	bool panic;	     /* qcom_minidump_panic is loaded */
	char modules[128];   /* of back ends, loaded, where none is bound: "qcom_minidump_ram, qcom_minidump_smem" */
	char download[32];   /* Qualcomm's download mode, or "" */
	int download_error;  /* why that can't be read */
	bool scm;	     /* there is an interface to set it with */
	bool capture_kernel; /* a second kernel waits for the crash (kdump) */
	char virtualization[16]; /* in the words of systemd-detect-virt(1), or "" */
	char encryption[16];	 /* what keeps this virtual machine's memory from its host, in such words, or "" */
	bool encryption_sure;	 /* the memory is encrypted, and not just the CPU able to do that */
	char lockdown[24];	 /* what the kernel keeps from root: "integrity", "confidentiality", or "" */
	bool modules_disabled;	 /* none can be loaded or unloaded any more; false where that can't be seen */
	char unbound[32];	 /* where no back end is bound: one that a write to its parameter "bound" would bind */
	bool collect_disabled;	 /* qcmd-collect.service is installed, and is not started at boot */
	unsigned int kept;	 /* how many starts in a row memory came through, the last one included */
	bool lost;		 /* it did not come through the last one; neither: nobody knows */
};

/* What an x86 CPU says; of others there is nothing. */
struct machine_cpu {
	bool says;
	bool is_virtual;
	char hypervisor[13];
	unsigned int amd; /* EAX of CPUID 0x8000001f */
	char intel[13];	  /* the signature in CPUID 0x21 */
};

/* root: "" but in tests. */
void machine_read(struct machine *m, const char *root);

/* The single facts, for those who need no more. */
const char *machine_virtualization(const char *root, const struct machine_cpu *cpu);
const char *machine_encryption(const char *root, const struct machine_cpu *cpu, bool *ret_sure);
void machine_lockdown(const char *root, char *ret, size_t size);

/* Why there would be no dump at all. 1 with *ret filled in, 0, or -ENOMEM. */
int machine_problem(const struct machine *m, struct problem *ret);

/* Why there is a table that nobody would read; likewise. */
int machine_collector_problem(const struct machine *m, struct problem *ret);

/* What is good to know and no problem; likewise. */
int machine_note(const struct machine *m, struct problem *ret);
int machine_collect_note(const struct machine *m, struct problem *ret);
int machine_keep_note(const struct machine *m, struct problem *ret);
int machine_panic_note(const struct machine *m, struct problem *ret);

/* What to do about a problem or note where that can't be what is usual; NULL: it can, or there is no memory. */
char *machine_other_hint(const struct machine *m, const char *id);

/* Who would collect the dump. The text goes on after "the dump is collected by". */
struct collector {
	const char *id; /* "host", "firmware", "next-kernel", "capture-kernel" */
	char text[112];
};

#define MACHINE_COLLECTORS_MAX 3

/* How many of them there are. */
size_t machine_collectors(const struct machine *m, struct collector ret[MACHINE_COLLECTORS_MAX]);

#endif
