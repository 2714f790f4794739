/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine_view.c - rows of what nobody or one engine needs, and the directories of logs.
 *
 * A directory of logs may be declared at any time, long after the engine was born: it may
 * write where the host's policy lets logs be, and is born anew when that changes.
 */
#include "supervisor/engine_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/paths.h"

static const char sandbox[] = "the sandbox", service_word[] = "${service}";

/* Hidden from all of them. */
static const char *const never_seen[] = { "/home", "/root", "/run/user", "/tmp",
	"/var/tmp", "/dev", "/boot", "/mnt", "/media" };

static const struct {
	const char *hidden[6]; /* besides */
	bool writes_logs;
} rows[ENGINE_COUNT] = {
	[ENGINE_HEALTH] = { { NULL },
		false }, /* a check may connect to a socket anywhere */
	[ENGINE_LOG] = { { NULL }, true },
	[ENGINE_FIREWALL] = { { "/opt", "/run", "/srv", "/sys", "/var" }, false },
};

static int add(struct view *view, enum place_act act, const char *path)
{
	/* view_add() copies it */
	struct place place = { (char *)(uintptr_t)path, sandbox, act, true };

	return path ? view_add(view, &place) : -ENOMEM;
}

static int hide(struct view *view, enum engine which)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(never_seen); i++)
		r = add(view, PLACE_EMPTY, never_seen[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(rows->hidden); i++) {
		if (rows[which].hidden[i])
			r = add(view, PLACE_EMPTY, rows[which].hidden[i]);
	}
	return r < 0 ? r : add(view, PLACE_PROCESSES, "/proc");
}

static bool is_writable(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct place *place = &view->places[i];
		const char *rest = text_starts(path, place->path)
					   ? path + strlen(place->path)
					   : NULL;

		if (place->act == PLACE_DATA && rest && (*rest == '\0' || *rest == '/'))
			return true;
	}
	return false;
}

/* What a policy says of more places than a view can have, or of "/" itself, holds for
 * everything. */
static int open_up(struct view *view, const char *prefix)
{
	const char *word = strstr(prefix, service_word);
	_cleanup_free_ char *path =
		word ? strndup(prefix, (size_t)(word - prefix)) : strdup(prefix);
	char *slash = path ? strrchr(path, '/') : NULL;
	int r = 0;

	if (!path)
		return -ENOMEM;
	if (slash && (word || slash[1] == '\0'))
		*slash = '\0'; /* down to the directory that has one for each service */
	if (!path[0])
		view->read_only = false;
	else if (!is_writable(view, path))
		r = add(view, PLACE_DATA, path);
	if (r == -E2BIG)
		view->read_only = false;
	return r == -E2BIG ? 0 : r;
}

static int open_log_directories(struct view *view, const struct engine_view_plan *plan)
{
	const struct host_policy *policy = plan->policy;
	int r = open_up(view, plan->paths->log);

	for (size_t i = 0; r == 0 && i < policy->paths.logs.count; i++)
		r = open_up(view, policy->paths.logs.items[i]);
	for (size_t i = 0; i < policy->services_count; i++) {
		const struct strings *paths = &policy->services[i].paths;

		for (size_t at = 0; r == 0 && at < paths->count; at++)
			r = open_up(view, paths->items[at]);
	}
	return r;
}

static int show_program(struct view *view, const char *program)
{
	_cleanup_free_ char *folder = strdup(program);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!folder)
		return -ENOMEM;
	if (slash)
		*slash = '\0';
	return slash && view_hides(view, folder) ? add(view, PLACE_SHOW, folder) : 0;
}

int engine_view(struct view *ret, enum engine which, const struct engine_view_plan *plan)
{
	_cleanup_free_ char *secrets = text_format("%s/secrets", plan->paths->etc);
	int r;

	*ret = (struct view){ .read_only = true, .fresh_bytes = UNSET };
	r = hide(ret, which);
	if (r == 0)
		r = show_program(ret, plan->program);
	if (r == 0 && rows[which].writes_logs)
		r = open_log_directories(ret, plan);
	if (ret->count == VIEW_MAX_PLACES) /* one that may be written, as all now is */
		free(ret->places[--ret->count].path);
	/* the last: what may be written does not bring them back */
	return r < 0 ? r : add(ret, PLACE_EMPTY, secrets);
}
