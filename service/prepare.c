/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * prepare.c - the deed before a start, in the child; and its answer, in the supervisor.
 */
#include "service/prepare.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/reason.h"

#include "service/environment_file.h"
#include "service/files.h"
#include "service/numbers.h"
#include "service/program.h"
#include "spawn/spawn.h"

enum { ANSWER_MAX_BYTES = 2 * ENVIRONMENT_FILE_MAX_BYTES };
static const char log_user[] = "svcd-log";

/* What was asked for others of a batch: each question goes through every name service of
 * the host. */
struct asked {
	const char *user, *group; /* the latest runs as: often the next one does, too */
	struct identity identity;
	struct numbers numbers;
	struct user
		engine; /* who writes what services print; root where it has no user */
};

struct preparation {
	const struct prepare *wish;
	struct asked *asked;
	struct identity identity; /* borrowed */
	struct secrets *secrets;
	struct json_t *answer, *environment;
};

static int ask_identity(struct asked *asked, const struct run *run)
{
	int r;

	if (asked->identity.known && text_equal(asked->user, run->user) &&
		text_equal(asked->group, run->group))
		return 0;
	identity_done(&asked->identity);
	asked->user = run->user;
	asked->group = run->group;
	r = identity_find(&asked->identity, run->user, run->group);
	if (r == 0)
		numbers_find(&asked->numbers, &asked->identity);
	return r;
}

static int find_identity(struct preparation *self, struct error *err)
{
	struct asked *asked = self->asked;
	struct json_t *json;

	if (self->wish->identity && self->wish->identity->known) {
		self->identity = *self->wish->identity;
		return 0;
	}
	if (ask_identity(asked, &self->wish->declaration->run) < 0)
		return error_set(err, -ENOENT, "%s", asked->identity.reason);
	self->identity = asked->identity;
	if (numbers_judge(&asked->numbers, self->wish->declaration, self->wish->policy,
		    err) < 0)
		return err->code;
	json = identity_print(&self->identity);
	return json ? json_set(self->answer, "identity", json) : -ENOMEM;
}

static struct user user_of(const struct preparation *self)
{
	const struct identity *identity = &self->identity;

	return (struct user){ identity->uid, identity->gid, identity->groups,
		identity->groups_count };
}

static bool is_file_target(const char *target)
{
	return target && strcmp(target, "none") != 0 && strcmp(target, "journal") != 0;
}

static struct user find_engine(void)
{
	const struct passwd *engine = getpwnam(log_user);

	return engine ? (struct user){ engine->pw_uid, engine->pw_gid, NULL, 0 }
		      : (struct user){ 0 };
}

/* At boot nobody has looked yet: a directory that stands keeps its group. */
static gid_t find_readers(const struct preparation *self)
{
	const struct declaration *declaration = self->wish->declaration;
	int64_t gid = self->wish->readers_gid;
	const struct group *group;
	struct stat info;

	if (gid >= 0)
		return (gid_t)gid;
	if (gid == UNSET || !declaration->access.group)
		return self->identity.gid;
	if (lstat(declaration->logs.directory, &info) == 0)
		return info.st_gid;
	group = getgrnam(declaration->access.group);
	return group ? group->gr_gid : self->identity.gid;
}

/* The engine writes there, the people of the service read: the group is the one that they
 * are in. Where the service is the owner, the group is the engine's. */
static int make_log_directory(
	struct preparation *self, const char *path, const char *key, struct error *err)
{
	const struct declaration *declaration = self->wish->declaration;
	const bool ours = declaration->logs.directory_owner == DIRECTORY_OURS;
	const struct user engine = self->asked->engine;
	struct directory_plan plan = { .path = path, .mode = 02750 };
	const char *name;

	if (!path)
		return 0;
	plan.owner = ours ? engine : user_of(self);
	plan.group = find_readers(self);
	if (!ours && engine.uid != 0) {
		plan.group = engine.gid;
		plan.mode = 02770;
		plan.writer = &engine;
	}
	name = strrchr(path, '/');
	plan.own = text_equal(name ? name + 1 : NULL, declaration->service);
	return directory_prepare(&plan, err) < 0 ? error_prefix(err, "%s", key) : 0;
}

static int make_log_directories(struct preparation *self, struct error *err)
{
	const struct logs *logs = &self->wish->declaration->logs;
	int r;

	if (!is_file_target(logs->out) && !is_file_target(logs->err))
		return 0;
	r = make_log_directory(self, logs->directory, "logs.directory", err);
	return r < 0 ? r
		     : make_log_directory(
			       self, logs->rotate.olddir, "logs.rotate.olddir", err);
}

static int read_secrets(struct preparation *self, struct error *err)
{
	const struct declaration *declaration = self->wish->declaration;

	if (!declaration_secrets(declaration))
		return 0;
	return secrets_read(&self->secrets, self->wish->paths, declaration->service, err);
}

static int render_files(struct preparation *self, struct error *err)
{
	const struct declaration *declaration = self->wish->declaration;
	struct file_plan plan = { self->wish->instance, user_of(self), self->secrets };
	bool changed;
	int r = 0;

	for (size_t i = 0; r == 0 && i < declaration->files_count; i++)
		r = file_render(&declaration->files[i], &plan, &changed, err);
	return r;
}

/* The other variables need no disk: command.c adds them. */
static int add_secret_variables(struct preparation *self, struct error *err)
{
	const struct pairs *pairs = &self->wish->declaration->run.environment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < pairs->count; i++) {
		_cleanup_free_ char *value = NULL;

		if (!config_has_secret(pairs->items[i].value))
			continue;
		r = config_expand_secrets(&value, pairs->items[i].value,
			self->wish->instance, self->secrets, err);
		if (r == 0)
			r = json_set_text(self->environment, pairs->items[i].key, value);
	}
	return r;
}

static int keep_variable(void *data, const char *key, const char *value)
{
	return json_set_text(data, key, value);
}

static int read_environment(struct preparation *self, struct error *err)
{
	const char *path = self->wish->declaration->run.environment_file;
	const struct user user = user_of(self);
	char *text = NULL;
	int r;

	if (!path)
		return 0;
	r = environment_file_read(&text, path, &user, err);
	if (r == 0) {
		r = environment_parse(text, keep_variable, self->environment, err);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	return r < 0 ? error_prefix(err, "run.environment_file %s", path) : 0;
}

static int find_command(struct preparation *self, struct error *err)
{
	const struct user user = user_of(self);

	return program_find(self->wish->declaration, self->wish->instance, &user, err);
}

static int (*const steps[])(struct preparation *self, struct error *err) = {
	find_identity,
	read_secrets,
	make_log_directories,
	render_files,
	add_secret_variables,
	read_environment,
	find_command,
};

static int print_answer(struct preparation *self, int output_fd)
{
	struct text line = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = json_set(self->answer, "environment", TAKE(self->environment));

	text = r < 0 ? NULL : json_print(self->answer, JSON_ONE_LINE);
	if (text)
		text_addf(&line, "%s\n", text);
	r = text && !text_failed(&line) ? fd_write_all(output_fd, line.bytes, line.size)
					: -ENOMEM;
	text_done(&line);
	return r;
}

static int prepare_one(const struct prepare *wish, struct asked *asked, int output_fd)
{
	struct preparation self = { .wish = wish,
		.asked = asked,
		.answer = json_new_object(),
		.environment = json_new_object() };
	struct error err = { 0 };
	int r = self.answer && self.environment ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(steps); i++)
		r = steps[i](&self, &err);
	if (r < 0) {
		r = json_set_text(
			self.answer, "reason", err.text[0] ? err.text : strerror(-r));
	}
	secrets_free(self.secrets);
	return r < 0 ? r : print_answer(&self, output_fd);
}

int prepare_run(void *data, int output_fd)
{
	const struct prepare_batch *batch = data;
	struct asked asked = { .engine = find_engine() };
	int r = 0;

	umask(022);
	if (setgroups(0, NULL) <
		0) /* of whoever started svcd: they are not needed here */
		return EXIT_FAILURE;
	for (size_t i = 0; r == 0 && i < batch->count; i++)
		r = prepare_one(&batch->items[i], &asked, output_fd);
	identity_done(&asked.identity);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

void prepared_done(struct prepared *prepared)
{
	identity_done(&prepared->identity);
	strings_done(&prepared->environment);
}

static int read_variables(struct strings *ret, struct json_t *variables)
{
	const char *key;
	struct json_t *value;
	int r = 0;

	json_each(variables, key, value)
	{
		if (!json_text(value))
			return -EINVAL;
		r = environment_set(ret, key, json_text(value));
		if (r < 0)
			return r;
	}
	return 0;
}

int prepared_read(struct prepared *ret, const char *bytes, size_t size)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	struct prepared prepared = { 0 };
	int r = json_parse(&json, bytes, size, ANSWER_MAX_BYTES, NULL);

	if (r < 0)
		return r;
	reason_set(prepared.reason, sizeof(prepared.reason), "%s",
		json_get_text(json, "reason", ""));
	if (json_get(json, "identity"))
		r = identity_read(&prepared.identity, json_get(json, "identity"));
	if (r == 0)
		r = read_variables(&prepared.environment, json_get(json, "environment"));
	if (r < 0) {
		prepared_done(&prepared);
		return r;
	}
	*ret = prepared;
	return 0;
}
