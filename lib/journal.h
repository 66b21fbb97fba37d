/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's log: the journal with its fields where there is one, standard error elsewhere. */
#ifndef QCMDD_LOG_H
#define QCMDD_LOG_H

#include <errno.h>
#include <stdarg.h>
#include <syslog.h>

void log_open(void);
int log_max_level(void);

/* "debug" to "emerg"; -EINVAL for anything else. */
int log_set_max_level(const char *level);
const char *log_level_to_string(int level);

/* "journal" or "console"; -EINVAL for anything else. */
int log_set_target(const char *target);
const char *log_target(void);

__attribute__((format(printf, 2, 3))) void log_write(int level, const char *format, ...);
__attribute__((format(printf, 2, 0))) void log_writev(int level, const char *format, va_list ap);

/* What is to say of a line in a file of configuration; CONFIG_FILE and CONFIG_LINE are for searching the journal. */
void log_config(int level, const char *path, unsigned int line, const char *text);

#define log_debug(...)	 log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_INFO, __VA_ARGS__)
#define log_notice(...)	 log_write(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...)	 log_write(LOG_ERR, __VA_ARGS__)

static inline int log_oom(void)
{
	log_error("Out of memory");
	return -ENOMEM;
}

#endif
