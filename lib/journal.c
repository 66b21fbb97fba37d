// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <systemd/sd-journal.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/journal.h"

#define MESSAGE_MAX 2048 /* bytes; the rest is cut */

static const char *const level_names[] = {
	[LOG_EMERG] = "emerg",	   [LOG_ALERT] = "alert",   [LOG_CRIT] = "crit", [LOG_ERR] = "err",
	[LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

static int max_level = LOG_INFO;
static bool to_journal;

/* Whether standard error is the stream that systemd connected to the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2 || fstat(STDERR_FILENO, &st) < 0)
		return false;
	return st.st_dev == dev && st.st_ino == ino;
}

void log_open(void)
{
	to_journal = stderr_is_journal();
}

int log_max_level(void)
{
	return max_level;
}

int log_set_max_level(const char *level)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++)
		if (!strcmp(level, level_names[i])) {
			max_level = i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_to_string(int level)
{
	return level_names[level & LOG_PRIMASK];
}

int log_set_target(const char *target)
{
	if (strcmp(target, "journal") && strcmp(target, "console"))
		return -EINVAL;
	to_journal = !strcmp(target, "journal");
	return 0;
}

const char *log_target(void)
{
	return to_journal ? "journal" : "console";
}

void log_writev(int level, const char *format, va_list ap)
{
	char message[MESSAGE_MAX];

	if (level > max_level)
		return;
	vsnprintf(message, sizeof(message), format, ap);
	if (!to_journal || sd_journal_send("MESSAGE=%s", message, "PRIORITY=%i", level, NULL) < 0)
		fprintf(stderr, "%s\n", message);
}

void log_write(int level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_writev(level, format, ap);
	va_end(ap);
}

void log_config(int level, const char *path, unsigned int line, const char *text)
{
	if (level > max_level)
		return;
	if (!to_journal || sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", level, "CONFIG_FILE=%s", path,
					   "CONFIG_LINE=%u", line, NULL) < 0)
		fprintf(stderr, "%s\n", text);
}
