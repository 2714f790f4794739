/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * log.c - the journal's native protocol when we have a journal, lines otherwise.
 *
 * The level and the ident are the only file-scope state: every process sets them once.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/cleanup.h"

enum { LINE_BYTES = 2048, NAME_BYTES = 64, FIELD_BYTES = LINE_BYTES + 2 * NAME_BYTES };

static struct {
	const char *ident;
	int max_level;
	bool journal;
} the_log = { .ident = "svcd", .max_level = LOG_INFO }; /* NOLINT: one a process */

/* systemd.exec(5): $JOURNAL_STREAM is "DEVICE:INODE" of the stream that stderr is. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat info;

	if (!stream || fstat(STDERR_FILENO, &info) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)info.st_dev,
		(uintmax_t)info.st_ino);
	return strcmp(ours, stream) == 0;
}

void log_init(const char *ident, int max_level)
{
	the_log.ident = ident;
	the_log.max_level = max_level;
	the_log.journal = stderr_is_journal();
}

static const char *level_word(int level)
{
	static const char *const words[] = { "emergency", "alert", "critical", "error",
		"warning", "notice", "info", "debug" };

	return words[level & 7];
}

static void to_stderr(int level, const char *service, const char *line)
{
	char text[LINE_BYTES + 2 * NAME_BYTES];
	int size = snprintf(text, sizeof(text), "%s: %s: %s%s%s", the_log.ident,
		level_word(level), service ? service : "", service ? ": " : "", line);

	/* One write, so that lines of several processes do not mix; dprintf() asks the
	 * kernel about the file each time. */
	size = MIN(size, (int)sizeof(text) - 1);
	text[size] = '\n';
	(void)!write(STDERR_FILENO, text, (size_t)size + 1);
}

static void to_journal(int level, struct log_about about, const char *line)
{
	char own[6][FIELD_BYTES];
	struct iovec vector[ARRAY_LEN(own) + LOG_FIELDS_MAX];
	int count = 0;

	snprintf(own[count++], FIELD_BYTES, "MESSAGE=%.*s%s%s", NAME_BYTES,
		about.service ? about.service : "", about.service ? ": " : "", line);
	snprintf(own[count++], FIELD_BYTES, "PRIORITY=%d", level);
	snprintf(own[count++], FIELD_BYTES, "SYSLOG_IDENTIFIER=%s", the_log.ident);
	if (about.service)
		snprintf(own[count++], FIELD_BYTES, "SVCD_SERVICE=%s", about.service);
	if (about.event)
		snprintf(own[count++], FIELD_BYTES, "SVCD_EVENT=%s", about.event);
	if (about.message_id)
		snprintf(own[count++], FIELD_BYTES, "MESSAGE_ID=%s", about.message_id);
	for (int i = 0; i < count; i++)
		vector[i] = (struct iovec){ own[i], strlen(own[i]) };
	for (int i = 0; about.fields && about.fields[i] && i < LOG_FIELDS_MAX; i++) {
		/* sendmsg(2) only reads it; struct iovec cannot say so */
		vector[count].iov_base = (void *)(uintptr_t)about.fields[i];
		vector[count++].iov_len = strlen(about.fields[i]);
	}
	if (sd_journal_sendv(vector, count) < 0)
		to_stderr(level, about.service, line);
}

static void emit(int level, struct log_about about, const char *format, va_list args)
{
	char line[LINE_BYTES];

	if (level > the_log.max_level)
		return;
	vsnprintf(line, sizeof(line), format, args);
	if (the_log.journal)
		to_journal(level, about, line);
	else
		to_stderr(level, about.service, line);
}

void log_at(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(level, (struct log_about){ 0 }, format, args);
	va_end(args);
}

void log_about(int level, struct log_about about, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(level, about, format, args);
	va_end(args);
}

int log_forward(const struct log_line *line)
{
	static const char prefix[] = "MESSAGE=";
	const size_t prefix_size = sizeof(prefix) - 1;
	_cleanup_free_ char *message = malloc(prefix_size + line->size);
	char fields[4][NAME_BYTES + NAME_BYTES];
	struct iovec vector[5];
	int count = 0;

	if (!message)
		return -ENOMEM;
	memcpy(message, prefix, prefix_size);
	memcpy(message + prefix_size, line->text, line->size);
	snprintf(fields[count++], sizeof(*fields), "PRIORITY=%d", line->level);
	snprintf(fields[count++], sizeof(*fields), "SYSLOG_IDENTIFIER=%s", line->service);
	snprintf(fields[count++], sizeof(*fields), "SVCD_SERVICE=%s", line->service);
	snprintf(fields[count++], sizeof(*fields), "SVCD_STREAM=%s", line->stream);
	for (int i = 0; i < count; i++)
		vector[i] = (struct iovec){ fields[i], strlen(fields[i]) };
	vector[count++] = (struct iovec){ message, prefix_size + line->size };
	return sd_journal_sendv(vector, count);
}
