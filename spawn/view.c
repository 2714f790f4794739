/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * view.c - from the keys below `security` to a plan of places.
 *
 * Pure: names are compared, nothing is looked at.
 * Not here: mounts (view_enter.c).
 */
#include "spawn/view.h"

#include <string.h>

#include "base/text.h"

#include "config/config.h"

enum { FRESH_SHARE = 2 }; /* of limits.memory, which what it writes counts for */

static const char *const homes[] = { "/home", "/root", "/run/user" };

struct planning {
	struct view *view;
	const struct declaration *declaration;
	const struct view_paths *paths;
};

static bool is_strict(const struct planning *self)
{
	return self->declaration->security.system == SYSTEM_STRICT;
}

int view_add(struct view *view, const struct place *place)
{
	struct place *added;

	if (!place->path)
		return -EINVAL;
	if (view->count >= VIEW_MAX_PLACES)
		return -E2BIG;
	if (!view->places)
		view->places = calloc(VIEW_MAX_PLACES, sizeof(*view->places));
	if (!view->places)
		return -ENOMEM;
	added = &view->places[view->count];
	*added = *place;
	added->path = strdup(place->path);
	if (!added->path)
		return -ENOMEM;
	view->count++;
	return 0;
}

static int add(
	struct planning *self, enum place_act act, const char *key, const char *path)
{
	/* view_add() copies it */
	struct place place = { (char *)(uintptr_t)path, key, act, true };

	return view_add(self->view, &place);
}

/* A place that somebody counts on: without it there is no start. */
static int add_needed(
	struct planning *self, enum place_act act, const char *key, const char *path)
{
	int r = add(self, act, key, path);

	if (r == 0)
		self->view->places[self->view->count - 1].optional = false;
	return r;
}

/* What programs talk to the kernel through. */
static int plan_system(struct planning *self)
{
	static const char key[] = "security.system";
	int r = 0;

	self->view->read_only = is_strict(self);
	if (!is_strict(self))
		return 0;
	r = add(self, PLACE_KEEP, key, "/proc");
	if (r == 0)
		r = add(self, PLACE_KEEP, key, "/sys");
	if (r == 0 && self->declaration->security.devices == SPACE_HOST)
		r = add(self, PLACE_KEEP, key, "/dev");
	return r;
}

static int plan_devices(struct planning *self)
{
	if (self->declaration->security.devices == SPACE_HOST)
		return 0;
	return add(self, PLACE_DEVICES, "security.devices", "/dev");
}

static int plan_homes(struct planning *self)
{
	enum home_access home = self->declaration->security.home;
	enum place_act act = home == HOME_HIDDEN    ? PLACE_EMPTY
			     : home == HOME_VISIBLE ? PLACE_KEEP
						    : PLACE_SHOW;
	/* Strict or not has said so already. */
	bool is_so = (home == HOME_VISIBLE && !is_strict(self)) ||
		     (home == HOME_READ_ONLY && is_strict(self));
	int r = 0;

	for (size_t i = 0; !is_so && r == 0 && i < ARRAY_LEN(homes); i++)
		r = add(self, act, "security.home", homes[i]);
	return r;
}

static int plan_tmp(struct planning *self)
{
	int64_t memory_bytes = self->declaration->limits.memory_bytes;
	int r;

	self->view->fresh_bytes =
		memory_bytes == UNSET ? UNSET : memory_bytes / FRESH_SHARE;
	if (self->declaration->security.tmp == SPACE_HOST)
		return 0;
	r = add(self, PLACE_FRESH, "security.tmp", "/tmp");
	return r < 0 ? r : add(self, PLACE_FRESH, "security.tmp", "/var/tmp");
}

/* What it was told to use is there, wherever it lies. */
static int plan_shown(struct planning *self, const char *key, const char *path)
{
	return path && view_hides(self->view, path)
		       ? add_needed(self, PLACE_SHOW, key, path)
		       : 0;
}

static int plan_own(struct planning *self)
{
	int r = plan_shown(self, "NOTIFY_SOCKET", self->paths->run);

	return r < 0 ? r : plan_shown(self, "run.directory", self->paths->directory);
}

static int plan_writable(struct planning *self)
{
	const struct strings *writable = &self->declaration->security.writable;
	int r = 0;

	if (view_is_plain(self->view))
		return 0;
	for (size_t i = 0; r == 0 && i < writable->count; i++) {
		if (text_equal(writable->items[i], "/")) {
			self->view->read_only = false;
		} else {
			r = add_needed(self, PLACE_KEEP, "security.writable",
				writable->items[i]);
		}
	}
	return r;
}

/* A directory that is not there yet: then there is nothing to write either. */
static int plan_log_directory(struct planning *self, const char *key, const char *path)
{
	const struct view *view = self->view;

	for (size_t i = 0; i < view->count; i++) {
		if (view->places[i].act == PLACE_KEEP &&
			text_equal(view->places[i].path, path))
			return 0;
	}
	return add(self, PLACE_KEEP, key, path);
}

/* Where it writes logs by itself. */
static int plan_logs(struct planning *self)
{
	const struct logs *logs = &self->declaration->logs;
	int r = 0;

	if (view_is_plain(self->view))
		return 0;
	if (logs->directory && logs->directory_owner == DIRECTORY_SERVICE)
		r = plan_log_directory(self, "logs.directory", logs->directory);
	for (size_t i = 0; r == 0 && i < logs->files_count; i++) {
		const char *path = logs->files[i].path, *name = strrchr(path, '/');
		_cleanup_free_ char *folder = strndup(path, (size_t)(name - path));

		if (!folder)
			return -ENOMEM;
		if (folder[0])
			r = plan_log_directory(self, "logs.files", folder);
	}
	return r;
}

/* The last: no place that is kept brings them back. */
static int plan_secrets(struct planning *self)
{
	return add(self, PLACE_EMPTY, "security.system", self->paths->secrets);
}

static int (*const plans[])(struct planning *self) = {
	plan_system,
	plan_devices,
	plan_homes,
	plan_tmp,
	plan_own,
	/* where nothing was taken away, these give nothing back */
	plan_writable,
	plan_logs,
};

int view_plan(struct view *ret, const struct declaration *declaration,
	const struct view_paths *paths)
{
	struct view view = { .fresh_bytes = UNSET };
	struct planning self = { &view, declaration, paths };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(plans); i++)
		r = plans[i](&self);
	if (r == 0 && paths->secrets && !view_is_plain(&view))
		r = plan_secrets(&self);
	if (r < 0) {
		view_done(&view);
		return r;
	}
	*ret = view;
	return 0;
}

void view_done(struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->places[i].path);
	free(view->places);
	*view = (struct view){ 0 };
}

bool view_is_plain(const struct view *view)
{
	return view->count == 0 && !view->read_only;
}

static bool is_in(const char *path, const char *place)
{
	size_t size = strlen(place);

	return strncmp(path, place, size) == 0 &&
	       (path[size] == '\0' || path[size] == '/');
}

static const bool shows_host[] = {
	[PLACE_KEEP] = true,
	[PLACE_SHOW] = true,
	[PLACE_DATA] = true,
	[PLACE_PROCESSES] = false,
};

const char *view_hides(const struct view *view, const char *path)
{
	const struct place *deepest = NULL;

	for (size_t i = 0; i < view->count; i++) {
		const struct place *place = &view->places[i];

		if (is_in(path, place->path) &&
			(!deepest || strlen(place->path) >= strlen(deepest->path)))
			deepest = place;
	}
	return deepest && !shows_host[deepest->act] ? deepest->key : NULL;
}
