/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keys_logs.c - the keys below `logs`: what becomes of lines, and how files are rotated.
 */
#include "config/keys.h"

static const char *const log_format_words[] = {
	[LOG_TEXT] = "text",
	[LOG_JSON] = "json",
};
static const char *const timestamp_words[] = {
	[STAMP_DEFAULT] = "default",
	[STAMP_ISO] = "iso",
	[STAMP_TAI64N] = "tai64n",
	[STAMP_NONE] = "none",
};
static const char *const partial_words[] = {
	[PARTIAL_MARK] = "mark",
	[PARTIAL_KEEP] = "keep",
};
static const char *const directory_owner_words[] = {
	[DIRECTORY_OURS] = "ours",
	[DIRECTORY_SERVICE] = "service",
};
static const char *const every_words[] = {
	[EVERY_NEVER] = "never",
	[EVERY_HOUR] = "hourly",
	[EVERY_DAY] = "daily",
	[EVERY_WEEK] = "weekly",
	[EVERY_MONTH] = "monthly",
};
static const char *const compress_words[] = {
	[COMPRESS_ZSTD] = "zstd",
	[COMPRESS_GZIP] = "gzip",
	[COMPRESS_NONE] = "none",
};
static const char *const overflow_words[] = {
	[OVERFLOW_SPILL] = "spill",
	[OVERFLOW_BLOCK] = "block",
	[OVERFLOW_DROP] = "drop",
};
static const char *const method_words[] = {
	[METHOD_REOPEN] = "reopen",
	[METHOD_CUT] = "cut",
	[METHOD_COPYTRUNCATE_LOSSY] = "copytruncate_lossy",
	[METHOD_NONE] = "none",
};
static const struct words methods = {
	.items = method_words,
	.count = ARRAY_LEN(method_words),
	.other = "copytruncate",
	.other_is = METHOD_CUT,
};

enum { YEAR_DAYS = 366 };
#define DAYS(count) ((int64_t)(count)*24 * 3600 * 1000)

static int finish_rate(struct reader *reader, const struct node *node, void *base)
{
	struct logs *logs = base;

	(void)reader;
	(void)node;
	if (logs->rate.burst == UNSET)
		logs->rate.burst = logs->rate.lines_per_s;
	return 0;
}

/* clang-format off */

#define AT(member) offsetof(struct log_file, member)
static const struct rows log_file_rows = {
	.noun = "a log file", .size = sizeof(struct log_file),
	.fields = (const struct field[]){
	{ "path", AT(path), &kind_text, CHANGE_IN_PLACE, .required = true,
		.shape = &shape_path, .help = "path, with * ? [] in its last part" },
	{ "method", AT(method), &kind_word, CHANGE_IN_PLACE, "cut",
		.help = "rename and have it reopen; cut the head off in place; copytruncate is another word for cut",
		.words = &methods },
	{ "signal", AT(signal), &kind_text, CHANGE_IN_PLACE, .shape = &shape_signal,
		.help = "signal that makes the service open its files again (method reopen)" },
	{ 0 } } };

#undef AT
#define AT(member) offsetof(struct logs, member)
static const struct rows create_rows = {
	.noun = "create",
	.fields = (const struct field[]){
	{ "mode", AT(rotate.create_mode), &kind_mode, CHANGE_IN_PLACE, "0640",
		.help = "mode" },
	{ "owner", AT(rotate.create_owner), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_user, .help = "owner", .derived = "svcd-log" },
	{ "group", AT(rotate.create_group), &kind_text, CHANGE_IN_PLACE,
		.shape = &shape_user, .help = "group", .derived = "access.group" },
	{ 0 } } };

static const struct rows rotate_rows = {
	.noun = "rotate",
	.fields = (const struct field[]){
	{ "size", AT(rotate.size_bytes), &kind_size, CHANGE_IN_PLACE, "256M",
		.help = "rotated at this size; 0 is never" },
	{ "maxsize", AT(rotate.maxsize_bytes), &kind_size, CHANGE_IN_PLACE, .least = 1,
		.help = "rotated at this size even before its time" },
	{ "minsize", AT(rotate.minsize_bytes), &kind_size, CHANGE_IN_PLACE, .least = 1,
		.help = "not rotated below this size even when it is time" },
	{ "every", AT(rotate.every), &kind_word, CHANGE_IN_PLACE, "daily",
		.help = "rotated when this time begins", .words = WORDS(every) },
	{ "at", AT(rotate.at), &kind_text, CHANGE_IN_PLACE, .shape = &shape_time,
		.help = "hour and minute, quoted: \"04:30\"",
		.derived = "spread by host" },
	{ "keep", AT(rotate.keep), &kind_count, CHANGE_IN_PLACE, "15",
		.help = "archives that are kept", .most = 100000 },
	{ "max_age", AT(rotate.max_age_ms), &kind_duration, CHANGE_IN_PLACE,
		.least = 1000, .most = DAYS(10 * YEAR_DAYS),
		.help = "older archives are deleted" },
	{ "compress", AT(rotate.compress), &kind_word, CHANGE_IN_PLACE, "zstd",
		.help = "how archives are compressed", .words = WORDS(compress) },
	{ "level", AT(rotate.level), &kind_count, CHANGE_IN_PLACE, "3",
		.help = "and how hard", .least = 1, .most = 19 },
	{ "delay_compress", AT(rotate.delay_compress), &kind_bool, CHANGE_IN_PLACE,
		"false", .help = "whether the newest archive is left as it is" },
	{ "dateext", AT(rotate.dateext), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether archives are named by date" },
	{ "dateformat", AT(rotate.dateformat), &kind_text, CHANGE_IN_PLACE,
		"-%Y%m%d-%H%M%S", .help = "how (strftime)", .most = 64 },
	{ "numbered", AT(rotate.numbered), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether archives are .1, .2 and so on" },
	{ "missingok", AT(rotate.missingok), &kind_bool, CHANGE_IN_PLACE, "true",
		.help = "whether a file that is not there is fine" },
	{ "ifempty", AT(rotate.ifempty), &kind_bool, CHANGE_IN_PLACE, "false",
		.help = "whether an empty file is rotated too" },
	{ "olddir", AT(rotate.olddir), &kind_text, CHANGE_IN_PLACE, .shape = &shape_path,
		.help = "directory for archives", .derived = "beside the file" },
	{ "create", 0, &kind_section, .rows = &create_rows, .help = "how files are made" },
	{ "after", AT(rotate.after), &kind_argv, CHANGE_IN_PLACE, "[]",
		.help = "command that is run once after a rotation" },
	{ 0 } } };

static const struct rows lines_rows = {
	.noun = "rate", .finish = finish_rate,
	.fields = (const struct field[]){
	{ "lines", AT(rate.lines_per_s), &kind_rate, CHANGE_IN_PLACE, .required = true,
		.help = "lines that are kept", .least = 1, .most = 100000000 },
	{ "burst", AT(rate.burst), &kind_count, CHANGE_IN_PLACE, .least = 1,
		.most = 100000000, .help = "so many at once are fine",
		.derived = "those of a second" },
	{ 0 } } };

const struct rows logs_rows = { .noun = "logs", .fields = (const struct field[]){
	{ "directory", AT(directory), &kind_text, CHANGE_IN_PLACE, .shape = &shape_path,
		.help = "where its logs are",
		.derived = "/var/log/ and the service's name" },
	{ "stdout", AT(out), &kind_log_target, CHANGE_IN_PLACE, "main.log",
		.shape = &shape_file_name,
		.help = "where its output goes: a file name, journal, both or none" },
	{ "stderr", AT(err), &kind_log_target, CHANGE_IN_PLACE, "main.log",
		.shape = &shape_file_name, .help = "where its errors go" },
	{ "format", AT(format), &kind_word, CHANGE_IN_PLACE, "text",
		.help = "how lines are read for level and time",
		.words = WORDS(log_format) },
	{ "timestamp", AT(timestamp), &kind_word, CHANGE_IN_PLACE, "default",
		.help = "what is put before a line; default: iso for text, none for json",
		.words = WORDS(timestamp) },
	{ "partial", AT(partial), &kind_word, CHANGE_IN_PLACE, "mark",
		.help = "what is done with a line that does not end",
		.words = WORDS(partial) },
	{ "directory_owner", AT(directory_owner), &kind_word, CHANGE_IN_PLACE, "ours",
		.help = "who may write the directory", .words = WORDS(directory_owner) },
	{ "rotate", 0, &kind_section, .rows = &rotate_rows,
		.help = "how files are rotated" },
	{ "total", AT(total_bytes), &kind_size, CHANGE_IN_PLACE, "4G",
		.help = "cap for all logs of this service; the oldest go first",
		.least = 1 << 20 },
	{ "rate", AT(rate.lines_per_s), &kind_choice, CHANGE_IN_PLACE,
		.rows = &lines_rows, .help = "limit on lines" },
	{ "overflow", AT(overflow), &kind_word, CHANGE_IN_PLACE, "spill",
		.help = "when the disk is slower than the service: keep in memory and then drop, wait, or drop",
		.words = WORDS(overflow) },
	{ "min_keep", AT(min_keep), &kind_count, CHANGE_IN_PLACE, "1",
		.help = "archives that no cap takes", .most = 100000 },
	{ "line_max", AT(line_max_bytes), &kind_size, CHANGE_IN_PLACE, "1M",
		.help = "a longer line is cut in pieces", .least = 1 << 10,
		.most = 64 << 20 },
	{ "forward", AT(forward), &kind_strings, CHANGE_IN_PLACE, "[]",
		.help = "where lines go besides: journal, udp://HOST:PORT, tcp://HOST:PORT, unix:PATH" },
	{ "files", AT(files), &kind_list, CHANGE_IN_PLACE, "[]",
		.help = "logs that the service writes by itself",
		.count_at = AT(files_count), .rows = &log_file_rows },
	{ 0 } } };

/* clang-format on */
