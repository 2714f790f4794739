/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cgroup_limits.c - limits and usage of one leaf by rows of control files.
 *
 * A limit that is lowered below what is in use would have the kernel kill at once, for a
 * change that an operator was told to be harmless: such a one waits for the next process.
 */
#include "spawn/cgroup_limits.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/reason.h"
#include "base/text.h"

#include "config/config.h"
#include "spawn/cgroup.h"

enum {
	CONTROL_FILE_MAX_BYTES = 64 * 1024,
	THREADS_MAX_BYTES = 1024 * 1024,
	CPU_PERIOD_US = 100000,
	CPU_US_PER_PERCENT = CPU_PERIOD_US / 100,
	KERNEL_WEIGHT = 100, /* what cpu.weight and io.weight are by themselves */
};

const char *const controller_words[CONTROLLER_COUNT] = {
	[CONTROLLER_MEMORY] = "memory",
	[CONTROLLER_PIDS] = "pids",
	[CONTROLLER_CPU] = "cpu",
	[CONTROLLER_IO] = "io",
};

static void print_number(char *ret, size_t size, int64_t value)
{
	snprintf(ret, size, "%" PRId64, value);
}

static void print_cpu(char *ret, size_t size, int64_t percent)
{
	snprintf(
		ret, size, "%" PRId64 " %d", percent * CPU_US_PER_PERCENT, CPU_PERIOD_US);
}

static void print_default(char *ret, size_t size, int64_t weight)
{
	snprintf(ret, size, "default %" PRId64, weight);
}

#define AT(member) offsetof(struct limits, member)
static const struct row {
	const char *key, *file;
	size_t at;
	void (*print)(char *ret, size_t size, int64_t value);
	int64_t by_itself; /* this value needs no writing: the kernel has it */
	bool may_kill;     /* below what is in use it does, or stalls who writes it */
} rows[] = {
	/* clang-format off */
	{ "limits.memory_high", "memory.high",     AT(memory_high_bytes), print_number,  UNSET, true },
	{ "limits.memory",      "memory.max",      AT(memory_bytes),      print_number,  UNSET, true },
	{ "limits.swap",        "memory.swap.max", AT(swap_bytes),        print_number,  UNSET, false },
	{ "limits.tasks",       "pids.max",        AT(tasks),             print_number,  UNSET, false },
	{ "limits.cpu",         "cpu.max",         AT(cpu_percent),       print_cpu,     UNSET, false },
	{ "limits.cpu_weight",  "cpu.weight",      AT(cpu_weight),        print_number,  KERNEL_WEIGHT, false },
	{ "limits.io_weight",   "io.weight",       AT(io_weight),         print_default, KERNEL_WEIGHT, false },
	/* clang-format on */
};
#undef AT

static int64_t value_of(const struct limits *limits, const struct row *row)
{
	int64_t value;

	memcpy(&value, (const char *)limits + row->at, sizeof(value));
	return value;
}

static int put(int dir_fd, const struct row *row, int64_t value, struct error *err)
{
	char text[64] = "max";
	int r;

	if (value != UNSET)
		row->print(text, sizeof(text), value);
	r = file_put(dir_fd, row->file, text);
	if (r < 0 && r != -ENOENT)
		error_errno(
			err, r, "%s: writing \"%s\" to %s", row->key, text, row->file);
	return r;
}

static void note_missing(char *note, size_t size, const char *key)
{
	reason_add(note, size, "%s%s",
		note[0] ? ", " : "not enforced here (no such cgroup controller): ", key);
}

int cgroup_limits_set(int dir_fd, const struct limits *limits, char *note,
	size_t note_size, struct error *err)
{
	note[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = value_of(limits, &rows[i]);
		int r;

		if (value == rows[i].by_itself)
			continue;
		r = put(dir_fd, &rows[i], value, err);
		if (r == -ENOENT)
			note_missing(note, note_size, rows[i].key);
		else if (r < 0)
			return r;
	}
	return 0;
}

long long cgroup_read_key(int dir_fd, const char *file, const char *key)
{
	_cleanup_free_ char *text = NULL;
	size_t size = strlen(key);

	if (file_read(&text, NULL, dir_fd, file, CONTROL_FILE_MAX_BYTES) < 0)
		return UNSET;
	for (const char *line = text; *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, key, size) == 0 && line[size] == ' ')
			return strtoll(line + size + 1, NULL, 10);
	}
	return UNSET;
}

static int64_t read_number(int dir_fd, const char *file)
{
	_cleanup_free_ char *text = NULL;

	if (file_read(&text, NULL, dir_fd, file, CONTROL_FILE_MAX_BYTES) < 0)
		return UNSET;
	return strtoll(text, NULL, 10);
}

/* ---- of what runs ------------------------------------------------------------------ */

/* What the kernel cannot simply take back. */
static int64_t memory_in_use(int dir_fd)
{
	int64_t current = read_number(dir_fd, "memory.current");
	long long cache = cgroup_read_key(dir_fd, "memory.stat", "inactive_file");

	return cache == UNSET ? current : current - cache;
}

static bool must_wait(int dir_fd, const struct row *row, int64_t value)
{
	return row->may_kill && value != UNSET && memory_in_use(dir_fd) > value;
}

static void note_waiting(char *note, size_t size, const char *waiting)
{
	if (waiting[0])
		reason_add(note, size, "%sfrom the next start on, as more is in use: %s",
			note[0] ? "; " : "", waiting);
}

int cgroup_limits_change(int dir_fd, const struct limits *limits, char *note,
	size_t note_size, struct error *err)
{
	char waiting[128] = "";
	int worst = 0;

	note[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t value = value_of(limits, &rows[i]);
		int r;

		if (must_wait(dir_fd, &rows[i], value)) {
			reason_add(waiting, sizeof(waiting), "%s%s",
				waiting[0] ? ", " : "", rows[i].key);
			continue;
		}
		r = put(dir_fd, &rows[i], value, worst == 0 ? err : NULL);
		if (r != -ENOENT)
			worst = worst < 0 ? worst : r;
		else if (value != rows[i].by_itself)
			note_missing(note, note_size, rows[i].key);
	}
	note_waiting(note, note_size, waiting);
	return worst;
}

/* ---- usage ------------------------------------------------------------------------- */

/* As pids.current counts, where there is no pids controller. */
static int64_t count_threads(int dir_fd)
{
	_cleanup_free_ char *text = NULL;
	int64_t count = 0;

	if (file_read(&text, NULL, dir_fd, "cgroup.threads", THREADS_MAX_BYTES) < 0)
		return UNSET;
	for (const char *at = text; *at; at++)
		count += *at == '\n';
	return count;
}

void cgroup_usage_read(int dir_fd, struct usage *ret)
{
	*ret = (struct usage){
		.cpu_us = cgroup_read_key(dir_fd, "cpu.stat", "usage_usec"),
		.memory_bytes = read_number(dir_fd, "memory.current"),
		.inactive_file_bytes =
			cgroup_read_key(dir_fd, "memory.stat", "inactive_file"),
		.tasks = read_number(dir_fd, "pids.current"),
		.oom_kills = cgroup_read_key(dir_fd, "memory.events", "oom_kill"),
	};
	if (ret->tasks == UNSET)
		ret->tasks = count_threads(dir_fd);
}
