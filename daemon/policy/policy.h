/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies: INI files in /etc/qcmd.d, /run/qcmd.d, /usr/local/lib/qcmd.d and /usr/lib/qcmd.d. A file in an
 * earlier directory masks one of the same name in a later one; an empty file or a link to /dev/null
 * disables it. Only names that end in ".conf" and don't start with a dot are read. NAME.conf.d/ in any of the
 * directories holds drop-ins (*.conf) for NAME.conf: read after it in the order of their names, under the
 * same rules. [Policy] in a drop-in changes what NAME.conf says; other sections are added to it.
 *
 * Pure: reads files, knows neither the module nor D-Bus. Used by qcmdd and, offline, by qcmdctl check.
 */
#ifndef QCMD_POLICY_H
#define QCMD_POLICY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bpf/task-state.h"
#include "lib/diag.h"
#include "uapi/linux/qcom_minidump.h"

#define POLICY_FILE_SIZE_MAX	(256 * 1024) /* bytes */
#define POLICY_FILES_MAX	256	     /* of one directory, the first by name; likewise its folders of drop-ins */
#define POLICY_SECTIONS_MAX	64	     /* of one policy */
#define POLICY_PRIORITY_DEFAULT 100	     /* range 0..1000; the higher one wins when the table is full */

enum policy_source_kind {
	POLICY_SOURCE_PRINTK,
	POLICY_SOURCE_CURRENT,
	POLICY_SOURCE_TASK,
	POLICY_SOURCE_SYMBOL,
	POLICY_SOURCE_MAP,
	POLICY_SOURCE_FTRACE,
	_POLICY_SOURCE_MAX,
	POLICY_EXCLUDE = _POLICY_SOURCE_MAX, /* no source's: what is left out of what all of them ask for */
};

#define POLICY_TASK_PART(part) (1U << (part)) /* enum qcom_minidump_task_part */

/* Which of more than MaxTasks= stay. */
enum policy_task_keep {
	POLICY_TASK_KEEP_OLDEST,
	POLICY_TASK_KEEP_NEWEST,
};

enum policy_tristate {
	POLICY_ANY,
	POLICY_YES,
	POLICY_NO,
};

#define POLICY_TASK_COMMS_MAX	64 /* patterns in one section */
#define POLICY_TASK_PIDS_MAX	64
#define POLICY_TASK_CGROUPS_MAX 64
#define POLICY_TASK_USERS_MAX	16
#define POLICY_TASK_MAX_DEFAULT 64 /* MaxTasks=, range 1..4096 */
#define POLICY_TASK_AGE_DEFAULT 1  /* seconds, of those that have not begun another program since their fork */
#define POLICY_TASK_AGE_UNSET	UINT_MAX

/* From one UID to another, both included. */
struct policy_users {
	struct policy_user_range {
		unsigned int first;
		unsigned int last;
	} * items;
	size_t n; /* 0: any */
};

/* [Task]: all of the selectors that are given have to be true. */
struct policy_task {
	char **comms;			    /* Comm=: NULL-terminated glob patterns (fnmatch) for task_struct.comm */
	unsigned int *pids;		    /* PID=: of a process or a thread; ends in 0 */
	char **cgroups;			    /* Cgroup=: NULL-terminated glob patterns for its cgroup or one above */
	struct policy_users users;	    /* User=: of the real UID */
	enum policy_tristate kernel_thread; /* KernelThread= */
	unsigned int states;		    /* State=, enum task_state; 0: any */
	unsigned int state_sec;		    /* StateSec=: for at least that long */
	unsigned int age_sec;		    /* AgeSec=: it has been there for at least that long, or _UNSET */
	unsigned int parts;		    /* Register=, POLICY_TASK_PART() of each; default task, of [Current] both */
	unsigned int max_tasks;		    /* MaxTasks= */
	unsigned int max_per_user;	    /* MaxTasksPerUser=: of each but root; 0: any number */
	enum policy_task_keep keep;	    /* Keep= */
};

bool policy_users_have(const struct policy_users *users, unsigned int uid);

/* How many seconds a task has to be there. */
static inline unsigned int policy_task_age(const struct policy_task *t, bool has_begun_program)
{
	if (t->age_sec != POLICY_TASK_AGE_UNSET)
		return t->age_sec;
	return has_begun_program ? 0 : POLICY_TASK_AGE_DEFAULT;
}

static inline bool policy_task_has(const struct policy_task *t, enum qcom_minidump_task_part part)
{
	return t->parts & POLICY_TASK_PART(part);
}

#define POLICY_SYMBOLS_MAX 64 /* items in one list */
#define POLICY_SYMBOL_MAX  95 /* bytes of one */

/* [Symbol]; a variable is "name" or "module:name", of Pointer= also "name.member" */
struct policy_symbol {
	char **names;	 /* Name=; for these and the next two see policy_symbol_name() */
	char **percpu;	 /* PerCPU= */
	char **pointers; /* Pointer=; see policy_symbol_member(), too */
	/* Size=: of what they point to, at most of the others: bytes, -bytes, "struct type", a variable that has it */
	char *size;
	char **lists; /* List=: "head:struct type.member" */
};

/* Pointer=NAME.MEMBER; NULL: it is a variable. Compilers call those in functions "name.1". */
static inline const char *policy_symbol_member(const char *item)
{
	const char *dot = strchr(item, '.');

	return dot && (dot[1] < '0' || dot[1] > '9') ? dot + 1 : NULL;
}

/* Without the '-' of one that not all kernels have. */
static inline const char *policy_symbol_name(const char *item)
{
	return item + (*item == '-');
}

/* [Map] */
struct policy_map {
	char **pins; /* Pin=: absolute paths */
	char **ids;  /* Id=: decimal numbers */
};

#define POLICY_FTRACE_WORD_MAX	 63 /* bytes of a name */
#define POLICY_FTRACE_EVENTS_MAX 64 /* in one section */

/* [Ftrace] */
struct policy_ftrace {
	char *instance;	      /* Instance=; NULL: the top-level trace array */
	char **events;	      /* Events=: "system:event", either can be a pattern; NULL-terminated */
	uint64_t size;	      /* SizePerCPU=, bytes; 0: as the kernel has it */
	uint64_t subbuf_size; /* SubBufferSize=, bytes; 0: what takes few slots */
	char *clock;	      /* Clock=; NULL: as the kernel has it */
};

/* One [Section] that names a kind of buffer. */
struct policy_section {
	enum policy_source_kind kind;
	char *path;		     /* the file that it is in: of the policy or of a drop-in */
	unsigned int line;	     /* of its header */
	struct policy_task task;     /* POLICY_SOURCE_TASK; of POLICY_SOURCE_CURRENT the parts, of POLICY_EXCLUDE who */
	struct policy_symbol symbol; /* POLICY_SOURCE_SYMBOL; of POLICY_EXCLUDE the names */
	char **regions;		     /* Region= of POLICY_EXCLUDE: NULL-terminated glob patterns */
	struct policy_map map;
	struct policy_ftrace ftrace;
};

enum policy_condition_kind {
	POLICY_CONDITION_KERNEL_VERSION,
	POLICY_CONDITION_ARCHITECTURE,
	POLICY_CONDITION_BACKEND,
	POLICY_CONDITION_VIRTUALIZATION,
};

/* [Policy] Condition*= */
struct policy_condition {
	const char *key; /* "ConditionBackend" */
	enum policy_condition_kind kind;
	bool trigger; /* "|": one of these is enough */
	bool negate;  /* "!" */
	char *value;  /* without the two */
	char *path;
	unsigned int line;
};

/* What conditions ask about. */
struct policy_facts {
	const char *kernel;	    /* uname -r */
	const char *machine;	    /* uname -m */
	const char *backend;	    /* bound, or "" */
	const char *virtualization; /* of struct machine, or "" */
};

enum policy_state {
	POLICY_ENABLED,	 /* used */
	POLICY_DISABLED, /* masked by /dev/null or empty, Enabled=no, or a condition is not met */
	POLICY_ERROR,	 /* has errors: not used at all */
	_POLICY_STATE_MAX,
};

struct policy {
	char *name; /* file name without ".conf" */
	char *path;
	char **dropins;		  /* paths of the drop-ins that were read, in order; NULL-terminated, or NULL */
	char *description;	  /* [Policy] Description=, or NULL */
	int priority;		  /* [Policy] Priority= */
	bool enabled;		  /* [Policy] Enabled= */
	unsigned int max_regions; /* [Policy] MaxRegions=, 0: any number */
	unsigned int max_slots;	  /* [Policy] MaxSlots=, 0: any number */
	uint64_t max_bytes;	  /* [Policy] MaxBytes=, 0: any number */
	bool dry_run;		  /* [Policy] DryRun=: what it wants is found, but not registered */
	struct policy_condition *conditions;
	size_t n_conditions;
	bool unmet; /* disabled by its conditions alone */
	enum policy_state state;
	char *reason; /* where the state is not ENABLED: why, one line */
	struct policy_section *sections;
	size_t n_sections;
};

static inline bool policy_has_limit(const struct policy *p)
{
	return p->max_regions || p->max_slots || p->max_bytes;
}

struct policy_set {
	struct policy *policies; /* sorted by file name */
	size_t n_policies;
	struct diags diags; /* of all files, in order */
};

/* Whether it asks for anything that could be saved, and whether it leaves out what others ask for. */
bool policy_saves(const struct policy *policy);
bool policy_excludes(const struct policy *policy);

/* Walks the [Exclude] sections that are in use, from 0 and 0 on; NULL: that was the last one. */
const struct policy_section *policy_next_exclude(const struct policy_set *set, size_t *policy, size_t *section);

/* The variable that an item of [Symbol] starts from; the name of a region. */
bool policy_excludes_symbol(const struct policy_section *exclude, const char *item);
bool policy_excludes_region(const struct policy_section *exclude, const char *name);
/* The first section that does, or NULL. */
const struct policy_section *policy_set_excludes_symbol(const struct policy_set *set, const char *item);

/*
 * The directories of policy files, highest precedence first, NULL-terminated. $QCMD_POLICY_PATH, a
 * colon-separated list, replaces the built-in one (tests, qcmdctl check of a tree that is not installed).
 */
const char *const *policy_dirs(void);

/*
 * Read all policies below dirs. Returns 0 with *ret set, also when some files have errors (their policies
 * are POLICY_ERROR); negative errno when nothing could be read for lack of memory or access.
 */
int policy_set_load(const char *const *dirs, struct policy_set **ret);

/*
 * Parse one file, without drop-ins. Returns 0 whatever its content, negative errno if it can't be read.
 * Initialises *policy and adds to *diags; policy_done() is right after a failure too.
 */
int policy_load_file(const char *path, struct policy *policy, struct diags *diags);

/* The same for text in memory: the whole parser, and what the fuzzer calls. text need not end in NUL. */
int policy_parse(const char *path, const char *text, size_t size, struct policy *policy, struct diags *diags);

/* Policies are enabled or disabled by their conditions. Returns whether any has changed, or -ENOMEM. */
int policy_set_judge(struct policy_set *set, const struct policy_facts *facts);

void policy_done(struct policy *policy);
struct policy_set *policy_set_free(struct policy_set *set); /* returns NULL */

/* Whether path is the file of the policy or one of its drop-ins: tells whose a diagnostic is. */
bool policy_has_path(const struct policy *policy, const char *path);

const char *policy_state_to_string(enum policy_state state);
const char *policy_source_to_string(enum policy_source_kind kind); /* as in the section header: "Printk" */

#endif
