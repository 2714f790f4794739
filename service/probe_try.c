/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * probe_try.c - how each kind is tried: exec is a command, file a look in a child (a path
 * may be on a disk that hangs, or closed to everybody but the service), notify a memory.
 *
 * Not here: who may ask, how often and how many at once (probes.c); what a row of tries
 * means (the health engine).
 */
#include "service/probe_try.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/reason.h"

#include "service/command.h"
#include "service/process.h"

enum {
	OUTPUT_MAX_BYTES = 64 * 1024, /* printing more ends a command */
	/* Of the watchdog's time: longer silence counts. Programs speak each half. */
	QUIET_PERCENT = 75,
};
enum plugin { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

/* ---- file ------------------------------------------------------------------------ */

struct look {
	const char *path, *user;
	int64_t fresh_ms;
	struct wall now;
};

static int say(int output_fd, enum plugin code, const char *text)
{
	return dprintf(output_fd, "%s\n", text) < 0 ? PLUGIN_UNKNOWN : (int)code;
}

static int judge_age(const struct look *look, const struct statx *found, int output_fd)
{
	int64_t written_us =
		found->stx_mtime.tv_sec * US_PER_S + found->stx_mtime.tv_nsec / US_PER_MS;
	int64_t age_us = MAX(look->now.us - written_us, 0);
	char age[DURATION_TEXT_BYTES], fresh[DURATION_TEXT_BYTES], text[REASON_BYTES];
	bool old = look->fresh_ms != UNSET && age_us > look->fresh_ms * US_PER_MS;

	duration_format(age_us, age);
	reason_set(text, sizeof(text), "%s was last written %s ago", look->path, age);
	if (old) {
		reason_add(text, sizeof(text), ", not within %s",
			duration_format(look->fresh_ms * US_PER_MS, fresh));
	}
	return say(output_fd, old ? PLUGIN_CRITICAL : PLUGIN_OK, text);
}

/* In the child, as the service's user. */
static int look_at_file(void *data, int output_fd)
{
	const struct look *look = data;
	char text[REASON_BYTES];
	struct statx found;

	if (statx(AT_FDCWD, look->path, AT_NO_AUTOMOUNT, STATX_MTIME, &found) == 0)
		return judge_age(look, &found, output_fd);
	reason_set(text, sizeof(text), "%s: %s", look->path, strerror(errno));
	if (errno == EACCES) {
		reason_add(text, sizeof(text),
			" (user %s must be able to search its directory)", look->user);
	}
	return say(output_fd, errno == ENOENT ? PLUGIN_CRITICAL : PLUGIN_UNKNOWN, text);
}

/* ---- exec and file ---------------------------------------------------------------- */

struct trial {
	const struct instance *instance;
	const struct check *check;
	struct command command;
	struct look look;
	char *path;
};

static int prepare_exec(struct trial *trial, struct error *err)
{
	const struct declaration *declaration = trial->instance->service->declaration;
	unsigned port = config_port_of(
		declaration, NULL, trial->instance->number); /* 0: it has none */
	char text[16];
	int r = 0;

	if (port) {
		snprintf(text, sizeof(text), "%u", port);
		r = environment_set(&trial->command.environment, "SVCD_PORT", text);
	}
	trial->command.spec.name = trial->command.argv.items[0];
	return r < 0 ? error_errno(err, r, "check %s", trial->check->name) : 0;
}

static int prepare_file(struct trial *trial, struct error *err)
{
	const struct service *service = trial->instance->service;
	int r = config_expand(
		&trial->path, trial->check->path, trial->instance->number, err);

	if (r < 0)
		return r;
	trial->look = (struct look){ trial->path, service->declaration->run.user,
		trial->check->fresh_ms, loop_wall(service->host->loop) };
	trial->command.spec.name = trial->path;
	trial->command.spec.directory = NULL;
	trial->command.spec.function = look_at_file;
	trial->command.spec.data = &trial->look;
	return 0;
}

static int (*const prepare[])(struct trial *trial, struct error *err) = {
	[CHECK_EXEC] = prepare_exec,
	[CHECK_FILE] = prepare_file,
	[CHECK_NOTIFY] = NULL,
};

bool try_is_ours(const struct check *check)
{
	return try_needs_child(check) || check->kind == CHECK_NOTIFY;
}

bool try_needs_child(const struct check *check)
{
	return check->kind < ARRAY_LEN(prepare) && prepare[check->kind];
}

static int start(struct trial *trial, struct deed **ret, const struct deed_plan *wished,
	struct error *err)
{
	const struct service *service = trial->instance->service;
	struct spawn_spec *spec = &trial->command.spec;
	struct deed_plan plan = *wished;
	int r = command_init(
		&trial->command, trial->instance->process, &trial->check->exec, err);

	if (r == 0)
		r = prepare[trial->check->kind](trial, err);
	if (r < 0)
		return r;
	spec->limits = &service->declaration->limits;
	command_join(&trial->command, trial->instance->process);
	plan.service = service->name;
	plan.spec = spec;
	plan.timeout_ms = trial->check->timeout_ms;
	plan.output_max_bytes = OUTPUT_MAX_BYTES;
	r = command_seal(&trial->command);
	if (r == 0)
		r = deed_start(ret, service->host->loop, service->host->cgroups, &plan);
	return r < 0 ? error_errno(err, r, "check %s", trial->check->name) : 0;
}

int try_start(struct deed **ret, const struct instance *instance,
	const struct check *check, const struct deed_plan *plan, struct error *err)
{
	struct trial trial = { .instance = instance, .check = check };
	int r = start(&trial, ret, plan, err);

	command_done(&trial.command);
	free(trial.path);
	return r;
}

/* ---- notify ------------------------------------------------------------------------ */

void try_hear(struct deed_result *ret, char text[static REASON_BYTES],
	const struct instance *instance, struct instant now)
{
	const struct process *process = instance->process;
	int64_t silent_us = instant_since_us(now, process->heard);
	char silence[DURATION_TEXT_BYTES], limit[DURATION_TEXT_BYTES];
	enum plugin code = PLUGIN_OK;

	reason_set(text, REASON_BYTES, "%s", remark_text(&instance->status));
	if (!instance->notified_ready) {
		code = PLUGIN_CRITICAL;
		reason_set(text, REASON_BYTES, "has not said READY=1 (sd_notify)");
	} else if (process->watchdog_us > 0 &&
		   silent_us > process->watchdog_us / 100 * QUIET_PERCENT) {
		code = PLUGIN_CRITICAL;
		reason_set(text, REASON_BYTES, "no WATCHDOG=1 for %s of %s",
			duration_format(silent_us, silence),
			duration_format(process->watchdog_us, limit));
	}
	*ret = (struct deed_result){ .ok = code == PLUGIN_OK,
		.code = (int)code,
		.output = text,
		.output_size = strlen(text) };
}
