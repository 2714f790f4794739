/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy_paths.c - where a declaration may write, read and run something.
 *
 * A prefix is a directory (or the file itself) and is compared by whole names. That no
 * path goes through `..` check_words.c saw to. Links are judged where they are followed.
 */
#include <string.h>

#include "base/paths.h"

#include "rules/policy.h"

static const char service_word[] = "${service}";

/* Behind `prefix`, all of which `path` begins with; NULL: it does not. */
static const char *skip_prefix(const char *path, const char *prefix, const char *service)
{
	while (*prefix) {
		const bool word = text_starts(prefix, service_word);
		const char *piece = word ? service : prefix;
		const size_t size = word ? strlen(service) : 1;

		if (strncmp(path, piece, size) != 0)
			return NULL;
		path += size;
		prefix += word ? strlen(service_word) : 1;
	}
	return path;
}

static bool is_below(const char *path, const char *prefix, const char *service)
{
	const char *rest = skip_prefix(path, prefix, service);

	return rest && (*rest == '\0' || *rest == '/' || text_ends(prefix, "/"));
}

static bool is_below_any(
	const char *path, const struct strings *prefixes, const char *service)
{
	for (size_t i = 0; i < prefixes->count; i++)
		if (is_below(path, prefixes->items[i], service))
			return true;
	return false;
}

/* Where svcd keeps what it believes: no list opens these. */
static bool is_svcds(const struct judging *self, const char *path)
{
	const struct paths *paths = self->checking->paths;

	return is_below(path, paths->etc, "") || is_below(path, paths->run, "") ||
	       is_below(path, paths->state, "");
}

static void add_prefixes(
	struct text *out, const struct strings *prefixes, const char *service)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		const char *prefix = prefixes->items[i];
		const char *word = strstr(prefix, service_word);

		text_addf(out, "%s%.*s%s%s", i ? ", " : "",
			(int)(word ? word - prefix : (long)strlen(prefix)), prefix,
			word ? service : "", word ? word + strlen(service_word) : "");
	}
	if (prefixes->count == 0)
		text_add(out, "nowhere");
}

/* What is declared at `key`, and the list of policy.paths that it is for. */
struct place {
	const char *key, *list;
	const struct strings *prefixes;
};

static void judge_place(struct judging *self, struct place place, char *path)
{
	const char *service = self->declaration->service;
	_cleanup_free_ char *rule = text_format("paths.%s", place.list);
	struct text allowed = { 0 };
	char key[] = "paths";

	if (!path || !rule)
		return;
	if (is_svcds(self, path)) {
		policy_refuse(self, place.key, (struct ruling){ rule, NULL },
			"'%s' is svcd's own", path);
		return;
	}
	if (is_below_any(path, place.prefixes, service) ||
		is_below_any(path, &self->besides->paths, service))
		return;
	add_prefixes(&allowed, place.prefixes, service);
	if (!text_failed(&allowed))
		policy_refuse_value(self, place.key, rule, (struct pair){ key, path },
			"'%s' is not below %s", path, allowed.bytes);
	text_done(&allowed);
}

/* ---- each kind --------------------------------------------------------------------- */

static void judge_files(struct judging *self)
{
	for (size_t i = 0; i < self->declaration->files_count; i++) {
		char key[POLICY_PATH_BYTES];

		snprintf(key, sizeof(key), "files[%zu].path", i);
		judge_place(self,
			(struct place){ key, "files", &self->policy->paths.files },
			self->declaration->files[i].path);
	}
}

static void judge_writable(struct judging *self)
{
	const struct strings *writable = &self->declaration->security.writable;

	for (size_t i = 0; i < writable->count; i++) {
		char key[POLICY_PATH_BYTES];

		snprintf(key, sizeof(key), "security.writable[%zu]", i);
		judge_place(self,
			(struct place){ key, "writable", &self->policy->paths.writable },
			writable->items[i]);
	}
}

/* What is there without a word of the declaration is where we put it. */
static bool is_usual_log_directory(const struct judging *self)
{
	const char *path = self->declaration->logs.directory;
	const char *rest =
		path ? skip_prefix(path, self->checking->paths->log, "") : NULL;

	return rest && rest[0] == '/' && text_equal(rest + 1, self->declaration->service);
}

static void judge_logs(struct judging *self)
{
	const struct logs *logs = &self->declaration->logs;
	const struct strings *prefixes = &self->policy->paths.logs;

	if (!is_usual_log_directory(self))
		judge_place(self, (struct place){ "logs.directory", "logs", prefixes },
			logs->directory);
	judge_place(self, (struct place){ "logs.rotate.olddir", "logs", prefixes },
		logs->rotate.olddir);
	for (size_t i = 0; i < logs->files_count; i++) {
		char key[POLICY_PATH_BYTES];

		snprintf(key, sizeof(key), "logs.files[%zu].path", i);
		judge_place(self, (struct place){ key, "logs", prefixes },
			logs->files[i].path);
	}
}

static void judge_run(struct judging *self)
{
	const struct run *run = &self->declaration->run;
	const struct policy_paths *paths = &self->policy->paths;

	judge_place(self,
		(struct place){ "run.environment_file", "environment_file",
			&paths->environment_file },
		run->environment_file);
	if (!text_equal(run->directory, "/"))
		judge_place(self,
			(struct place){ "run.directory", "directory", &paths->directory },
			run->directory);
}

/* ---- before ------------------------------------------------------------------------ */

/* Programs that run whatever text they are given. */
static bool is_shell(const char *program)
{
	static const char *const shells[] = { "sh", "ash", "bash", "rbash", "csh", "dash",
		"fish", "ksh", "ksh93", "mksh", "tcsh", "zsh", "busybox", "toybox", "env",
		"nsenter", "unshare", "setpriv", "su", "sudo", "xargs" };
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

static bool declares_path(const struct declaration *declaration)
{
	const struct pairs *environment = &declaration->run.environment;

	for (size_t i = 0; i < environment->count; i++)
		if (strcmp(environment->items[i].key, "PATH") == 0)
			return true;
	return false;
}

static void judge_program(struct judging *self, const char *key, const char *program)
{
	const struct declaration *declaration = self->declaration;
	const struct strings *prefixes = &self->policy->paths.before;
	_cleanup_free_ char *fix = text_format("before: [%s]", declaration->service);
	const struct ruling ruling = { "before", fix };

	if (is_shell(program)) {
		policy_refuse(self, key, ruling,
			"'%s' runs whatever it is told; name the program itself",
			program);
	} else if (program[0] != '/' && declares_path(declaration)) {
		policy_refuse(self, key, ruling,
			"'%s' is looked for in a PATH of the declaration's own; write "
			"where it is",
			program);
	} else if (program[0] == '/' &&
		   !is_below_any(program, prefixes, declaration->service) &&
		   !is_below_any(program, &self->besides->paths, declaration->service)) {
		policy_refuse(self, key, ruling,
			"'%s' is not below any of policy.paths.before", program);
	}
}

static void judge_before(struct judging *self)
{
	const struct argvs *before = &self->declaration->run.before;

	if (policy_lists(&self->policy->before, self->declaration->service))
		return;
	for (size_t i = 0; i < before->count; i++) {
		char key[POLICY_PATH_BYTES];

		snprintf(key, sizeof(key), "run.before[%zu]", i);
		if (before->items[i].count > 0)
			judge_program(self, key, before->items[i].items[0]);
	}
}

void policy_judge_paths(struct judging *self)
{
	judge_files(self);
	judge_writable(self);
	judge_logs(self);
	judge_run(self);
	judge_before(self);
}
