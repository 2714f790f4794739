/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * command.c - from the rows of a declaration to the spec of a child.
 */
#include "service/command.h"

#include <assert.h>
#include <string.h>

#include "base/paths.h"

#include "spawn/spawn.h"

static int expand_words(struct strings *ret, const struct strings *words,
	unsigned instance, struct error *err)
{
	for (size_t i = 0; i < words->count; i++) {
		_cleanup_free_ char *word = NULL;
		int r = config_expand(&word, words->items[i], instance, err);

		if (r == 0)
			r = strings_add(ret, word);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_number(struct strings *environment, const char *key, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return environment_set(environment, key, text);
}

/* What every child has; a service may say otherwise in run.environment. */
static int add_standard(struct strings *environment, const struct process *process)
{
	const struct service *service = process->instance->service;
	const char *user = service->declaration->run.user;
	const struct {
		const char *key, *value;
	} standard[] = {
		{ "PATH", ENVIRONMENT_PATH },
		{ "HOME", service->identity.home },
		{ "SHELL", service->identity.shell },
		{ "USER", user },
		{ "LOGNAME", user },
		{ "LANG", "C.UTF-8" },
		{ "SVCD_SERVICE", service->name },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(standard); i++) {
		if (standard[i].value && standard[i].value[0]) {
			r = environment_set(
				environment, standard[i].key, standard[i].value);
		}
	}
	if (r == 0)
		r = add_number(environment, "SVCD_INSTANCE", process->instance->number);
	if (r == 0) {
		r = add_number(environment, "SVCD_INSTANCES",
			(unsigned)service->declaration->run.instances);
	}
	return r;
}

static int add_declared(
	struct strings *environment, const struct process *process, struct error *err)
{
	const struct pairs *pairs =
		&process->instance->service->declaration->run.environment;
	const struct strings *file = &process->environment;
	int r = 0;

	for (size_t i = 0; r == 0 && i < pairs->count; i++) {
		_cleanup_free_ char *value = NULL;

		if (config_has_secret(pairs->items[i].value))
			continue; /* from who may read secrets: prepare.c */
		r = config_expand(
			&value, pairs->items[i].value, process->instance->number, err);
		if (r == 0)
			r = environment_set(environment, pairs->items[i].key, value);
	}
	for (size_t i = 0; r == 0 && i < file->count; i++) {
		char *equals = strchr(file->items[i], '=');

		assert(equals); /* environment_set() made it */
		*equals = '\0';
		r = environment_set(environment, file->items[i], equals + 1);
		*equals = '=';
	}
	return r;
}

static int plan_view(
	struct command *command, const struct process *process, struct error *err)
{
	const struct service *service = process->instance->service;
	const struct paths *paths = service->host->paths;
	_cleanup_free_ char *secrets = text_format("%s/secrets", paths->etc);
	struct view_paths places = { command->directory, paths->run, secrets };
	int r = secrets ? view_plan(&command->view, service->declaration, &places)
			: -ENOMEM;

	if (r == -E2BIG) {
		return error_set(err, r, "security.writable and logs.files: more than %d",
			VIEW_MAX_PLACES);
	}
	return r;
}

static void fill_spec(struct command *command, const struct process *process)
{
	const struct service *service = process->instance->service;
	const struct declaration *declaration = service->declaration;
	const struct run *run = &declaration->run;

	command->spec = (struct spawn_spec){
		.spawner = service->host->spawner,
		.name = service->name,
		.argv = &command->argv,
		.directory = command->directory,
		.identity = &service->identity,
		.cgroup_fd = -1,
		.umask = run->umask,
		.nice = run->nice,
		.open_files = declaration->limits.open_files,
		.core_bytes = declaration->limits.core_bytes,
		.oom_score = declaration->limits.oom_score,
		.limits_asked = declaration->asked,
		.view = view_is_plain(&command->view) ? NULL : &command->view,
		.network_none = declaration->security.network == NETWORK_NONE,
		.service_calls = declaration->security.system_calls == CALLS_SERVICE,
		.no_new_privileges = declaration->security.no_new_privileges,
		.capabilities = &declaration->security.capabilities,
	};
}

int command_init(struct command *ret, const struct process *process,
	const struct strings *words, struct error *err)
{
	const struct run *run = &process->instance->service->declaration->run;
	int r = expand_words(&ret->argv, words, process->instance->number, err);

	if (r == 0 && run->directory) {
		r = config_expand(
			&ret->directory, run->directory, process->instance->number, err);
	}
	if (r == 0)
		r = add_standard(&ret->environment, process);
	if (r == 0)
		r = add_declared(&ret->environment, process, err);
	if (r == 0)
		r = plan_view(ret, process, err);
	if (r < 0)
		return error_is_set(err) ? r : error_errno(err, r, "command");
	fill_spec(ret, process);
	return 0;
}

void command_join(struct command *command, const struct process *process)
{
	command->spec.join_pidfd = process->instance->pidfd;
}

int command_seal(struct command *command)
{
	free(command->vector);
	command->vector = environment_vector(&command->environment);
	command->spec.environment = command->vector;
	return command->vector ? 0 : -ENOMEM;
}

void command_done(struct command *command)
{
	strings_done(&command->argv);
	strings_done(&command->environment);
	view_done(&command->view);
	free(command->vector);
	free(command->directory);
	*command = (struct command){ 0 };
}
