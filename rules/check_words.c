/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_words.c - words that the system must know (signals), paths, and the
 * names of checks, files and logs.
 */
#include <signal.h>
#include <string.h>

#include "rules/address.h"
#include "rules/checking.h"

enum { PATH_BYTES = 128 };

/* ---- signals ------------------------------------------------------------------- */

/* All numbers that have a name; the others are skipped by a name that nobody writes. */
static const char *signal_at(size_t index, const void *data)
{
	const char *name;

	(void)data;
	if (index + 1 >= NSIG)
		return NULL;
	name = sigabbrev_np((int)index + 1);
	return name ? name : "-";
}

static bool is_signal(const char *name)
{
	const char *known;

	for (size_t i = 0; (known = signal_at(i, NULL)); i++)
		if (strcmp(known, name) == 0)
			return name[0] != '-';
	return false;
}

static void check_signal(struct checking *self, const char *path, const char *name)
{
	const char *bare, *nearest;

	if (!name || is_signal(name))
		return;
	bare = text_starts(name, "SIG") ? name + strlen("SIG") : name;
	nearest = text_nearest(bare, signal_at, NULL);
	checking_refuse(self, path, "'%s' is no signal%s%s%s", name,
		nearest ? "; write '" : "; write TERM, HUP, USR1 or the like",
		nearest ? nearest : "", nearest ? "'" : "");
}

/* ---- paths and commands ------------------------------------------------------------ */

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
			return true;
	return false;
}

bool path_is_plain(const char *path)
{
	return !has_dots(path) && !strstr(path, "//") && !strstr(path, "/./") &&
	       !text_ends(path, "/.");
}

static void check_path(struct checking *self, const char *key, const char *path)
{
	if (!path)
		return;
	if (path[0] != '/')
		checking_refuse(self, key, "must be an absolute path, not '%s'", path);
	else if (has_dots(path))
		checking_refuse(self, key, "must not go through '..': '%s'", path);
	else if (!path_is_plain(path))
		checking_refuse(self, key, "must be without '//' and '/.': '%s'", path);
}

/* An absolute path, or a name that is looked for in PATH; never relative to where we
 * happen to be. */
static void check_program(
	struct checking *self, const char *key, const struct strings *argv)
{
	const char *program = argv->count > 0 ? argv->items[0] : NULL;

	if (!program)
		return;
	if (!*program)
		checking_refuse(self, key, "the program is an empty word");
	else if (program[0] != '/' && strchr(program, '/')) {
		checking_refuse(self, key,
			"the program must be an absolute path or a plain name, not '%s'",
			program);
	} else if (has_dots(program)) {
		checking_refuse(
			self, key, "the program must not go through '..': '%s'", program);
	}
}

static void check_commands(struct checking *self)
{
	const struct run *run = &self->declaration->run;

	check_program(self, "run.command", &run->command);
	check_program(self, "run.reload.command", &run->reload.command);
	for (size_t i = 0; i < run->before.count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "run.before[%zu]", i);
		check_program(self, path, &run->before.items[i]);
	}
	check_path(self, "run.directory", run->directory);
	check_path(self, "run.environment_file", run->environment_file);
}

static void check_files(struct checking *self)
{
	const struct declaration *declaration = self->declaration;

	for (size_t i = 0; i < declaration->files_count; i++) {
		const char *file = declaration->files[i].path;
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "files[%zu].path", i);
		check_path(self, path, file);
		if (text_ends(file, "/"))
			checking_refuse(self, path,
				"'%s' ends in a '/': it must name a file", file);
		for (size_t j = 0; j < i; j++) {
			if (text_equal(declaration->files[j].path, file))
				checking_refuse(self, path,
					"'%s' is rendered twice; files[%zu] does it already",
					file, j);
		}
		if (!declaration->files[i].content)
			checking_refuse(
				self, path, "needs a `template` or its `content`");
	}
}

/* Whoever may read the file has the secret. */
static void check_file_modes(struct checking *self)
{
	const struct declaration *declaration = self->declaration;

	for (size_t i = 0; i < declaration->files_count; i++) {
		const struct file *file = &declaration->files[i];
		char path[PATH_BYTES];

		if (!config_has_secret(file->content) ||
			!(file->mode & ~(int64_t)SECRET_FILE_MODE))
			continue;
		snprintf(path, sizeof(path), "files[%zu].mode", i);
		checking_refuse(self, path,
			"a secret stands in this file: %04o lets others read it, 0640 is "
			"the most",
			(unsigned)file->mode);
	}
}

static void check_writable(struct checking *self)
{
	const struct strings *writable = &self->declaration->security.writable;

	for (size_t i = 0; i < writable->count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "security.writable[%zu]", i);
		check_path(self, path, writable->items[i]);
	}
}

/* ---- logs -------------------------------------------------------------------------- */

static void check_log_name(struct checking *self, const char *path, const char *name)
{
	if (!name)
		return;
	if (strchr(name, '/') || name[0] == '.')
		checking_refuse(self, path,
			"must be a file name in logs.directory, not '%s'", name);
}

static void check_logs(struct checking *self)
{
	const struct logs *logs = &self->declaration->logs;

	check_path(self, "logs.directory", logs->directory);
	check_path(self, "logs.rotate.olddir", logs->rotate.olddir);
	check_log_name(self, "logs.stdout", logs->out);
	check_log_name(self, "logs.stderr", logs->err);
	if (logs->total_bytes != UNSET && logs->rotate.size_bytes != UNSET &&
		logs->total_bytes < logs->rotate.size_bytes)
		checking_refuse(
			self, "logs.total", "is less than one file of logs.rotate.size");
	for (size_t i = 0; i < logs->files_count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "logs.files[%zu].path", i);
		check_path(self, path, logs->files[i].path);
		snprintf(path, sizeof(path), "logs.files[%zu].signal", i);
		check_signal(self, path, logs->files[i].signal);
	}
}

static void check_signals(struct checking *self)
{
	check_signal(self, "run.stop.signal", self->declaration->run.stop.signal);
	check_signal(self, "run.reload.signal", self->declaration->run.reload.signal);
}

void words_check(struct checking *self)
{
	check_signals(self);
	check_commands(self);
	check_files(self);
	check_file_modes(self);
	check_writable(self);
	check_logs(self);
}

/* ---- health ------------------------------------------------------------------------ */

static bool asks_a_port(const struct check *check)
{
	return check->kind == CHECK_TCP || check->kind == CHECK_HTTP ||
	       check->kind == CHECK_OPENAPI;
}

/* What restarts the service must ask the service: a dependency that is dead is dead for
 * every host, and no restart mends it. NULL: it does. */
static const char *asks_elsewhere(const struct checking *self, const struct check *check)
{
	if (check->kind == CHECK_OPENAPI)
		return "live restarts the service, and the examples of a specification "
		       "reach what it depends on; take http, tcp or notify";
	if (check->kind == CHECK_TCP && check->host)
		return "live restarts the service, and this asks another host; remove "
		       "tcp.host, or the effect";
	if (asks_a_port(check) && !check->unix_socket &&
		!config_listen(self->declaration, check->port))
		return "live restarts the service, and this port is none of its own "
		       "(`listen`)";
	return NULL;
}

static void check_live(struct checking *self, const struct check *check, const char *at)
{
	const char *trouble =
		check->effect == EFFECT_LIVE ? asks_elsewhere(self, check) : NULL;
	char path[PATH_BYTES + 16];

	snprintf(path, sizeof(path), "%s.effect", at);
	if (trouble)
		checking_refuse(self, path, "%s", trouble);
}

static void check_one(struct checking *self, const struct check *check, const char *at)
{
	char path[PATH_BYTES + 16];

	if (asks_a_port(check) && !check->unix_socket) {
		snprintf(path, sizeof(path), "%s.%s", at,
			check->kind == CHECK_TCP ? "tcp" : "port");
		checking_port(self, path, check->port);
	}
	if (check->kind == CHECK_EXEC) {
		snprintf(path, sizeof(path), "%s.exec", at);
		check_program(self, path, &check->exec);
	}
	if (check->kind == CHECK_FILE) {
		snprintf(path, sizeof(path), "%s.file", at);
		check_path(self, path, check->path);
	}
	if (check->timeout_ms > check->interval_ms) {
		snprintf(path, sizeof(path), "%s.timeout", at);
		checking_refuse(self, path,
			"is longer than the interval; the next check would begin before "
			"this one ends");
	}
}

void health_check(struct checking *self)
{
	const struct declaration *declaration = self->declaration;

	for (size_t i = 0; i < declaration->health.checks_count; i++) {
		const struct check *check = &declaration->health.checks[i];
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "health.checks[%zu]", i);
		check_one(self, check, path);
		check_live(self, check, path);
		snprintf(path, sizeof(path), "health.checks[%zu].name", i);
		for (size_t j = 0; j < i; j++) {
			if (text_equal(declaration->health.checks[j].name, check->name))
				checking_refuse(self, path,
					"there is a check '%s' before; names are unique",
					check->name);
		}
	}
}
