/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wishes.c - keeps what operators want on the disk: read once at the start, written by a
 * deed, since a disk may stall and this loop may not.
 *
 * Not here: the table and its file's format (wanted.c).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/file.h"
#include "base/log.h"

#include "spawn/spawn.h"
#include "supervisor/supervisor.h"

enum {
	WISHES_TIMEOUT_MS = 30000,
	WISHES_AGAIN_MS = 60 * 1000, /* after a failure */
};

struct page {
	char *path, *text;
};

static int write_page(void *data, int output_fd)
{
	const struct page *page = data;
	int r = file_write(page->path, page->text, strlen(page->text), 0644);

	if (r < 0)
		dprintf(output_fd, "write %s: %s", page->path, strerror(-r));
	return r < 0;
}

/* Each service's status says it. */
static void set_failure(struct supervisor *supervisor, const char *reason)
{
	char *failure = supervisor->wanted_failure;

	if (strcmp(failure, reason) == 0)
		return;
	snprintf(failure, sizeof(supervisor->wanted_failure), "%s", reason);
	for (size_t i = 0; i < supervisor->members.count; i++)
		member_changed(supervisor->members.items[i]);
}

/* The same trouble every minute is one line, not many. */
static void on_failed(
	struct supervisor *supervisor, const char *reason, struct instant now)
{
	if (strcmp(supervisor->wanted_failure, reason) != 0)
		supervisor_say(supervisor, (struct about){ NULL, "wanted", LOG_ERR },
			"what operators want is not on disk, a restart forgets it: %s",
			reason);
	set_failure(supervisor, reason);
	supervisor->wanted_dirty = true;
	timer_arm(supervisor->wanted_again, instant_add_ms(now, WISHES_AGAIN_MS));
}

static void on_kept(struct supervisor *supervisor)
{
	set_failure(supervisor, "");
	for (size_t i = 0; !supervisor->wanted_dirty && i < supervisor->members.count;
		i++)
		supervisor->members.items[i]->unkept = false;
}

static void on_saved(void *owner, const struct deed_result *result, struct instant now)
{
	struct supervisor *supervisor = owner;

	if (result->ok)
		on_kept(supervisor);
	else
		on_failed(supervisor, result->reason, now);
	supervisor->wanted_deed = deed_free(supervisor->wanted_deed);
	task_schedule(supervisor->settle);
}

/* A disk may stall: a child writes. The child has its own copy of everything, so the
 * text may go at once. */
static void save(struct supervisor *supervisor, struct instant now)
{
	_cleanup_free_ char *path =
		text_format("%s/wanted.json", supervisor->paths.state);
	_cleanup_free_ char *text = json_print(supervisor->wanted.json, JSON_PRETTY);
	struct page page = { path, text };
	struct spawn_spec spec = spawn_plain("writing wanted.json");
	struct deed_plan plan = { .spec = &spec,
		.timeout_ms = WISHES_TIMEOUT_MS,
		.done = on_saved,
		.owner = supervisor };

	spec.function = write_page;
	spec.keep_privileges = true;
	spec.data = &page;
	supervisor->wanted_dirty = false;
	if (!path || !text ||
		deed_start(&supervisor->wanted_deed, supervisor->loop,
			supervisor->cgroups, &plan) < 0)
		on_failed(supervisor, "out of memory", now);
}

/* All that change in one turn are written at once, when it settles. */
static void wishes_changed(struct supervisor *supervisor)
{
	supervisor->wanted_dirty = true;
	timer_arm(supervisor->wanted_again, NEVER); /* whoever asks waits for it */
	task_schedule(supervisor->settle);
}

bool supervisor_wishes_are_settled(const struct supervisor *supervisor)
{
	return !supervisor->wanted_deed &&
	       (!supervisor->wanted_dirty || timer_is_armed(supervisor->wanted_again));
}

void supervisor_keep_wish(struct supervisor *supervisor, struct member *member)
{
	const struct service *service = member->service;
	struct wish wish = { .value = service->wanted,
		.who = service->wish.who,
		.why = remark_text(&service->wish.why),
		.since = service->wish.since,
		.until = service->wish.until };

	if (!wanted_put(&supervisor->wanted, member->name, &wish))
		return;
	member->unkept = true;
	wishes_changed(supervisor);
}

void supervisor_forget_wish(struct supervisor *supervisor, const char *service)
{
	if (wanted_forget(&supervisor->wanted, service))
		wishes_changed(supervisor);
}

void supervisor_save_wishes(struct supervisor *supervisor, struct instant now)
{
	if (!supervisor_wishes_are_settled(supervisor) && !supervisor->wanted_deed)
		save(supervisor, now);
}

void supervisor_load_wishes(struct supervisor *supervisor)
{
	_cleanup_free_ char *path =
		text_format("%s/wanted.json", supervisor->paths.state);
	struct error err = { 0 };

	if (path && wanted_read(&supervisor->wanted, path, &err) < 0)
		log_error("%s: every service is wanted as declared", err.text);
}
