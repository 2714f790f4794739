/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file_watch.c - many small changes are one: Puppet writes forty files, an editor four.
 *
 * Owns the inotify instance. Not here: which directories (sources/gather.c), what is done
 * then (apply.c).
 */
#include "supervisor/file_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/text.h"

/* ---- when it is quiet ---------------------------------------------------------- */

void quiet_begin(struct quiet *quiet)
{
	*quiet = (struct quiet){ NEVER, NEVER };
}

void quiet_change(struct quiet *quiet, bool complete, struct instant now)
{
	struct instant due = instant_add_ms(now, complete ? QUIET_MS : QUIET_OPEN_MS);

	if (quiet->first.us == NEVER.us)
		quiet->first = now;
	quiet->due = instant_earlier(due, instant_add_ms(quiet->first, QUIET_MOST_MS));
}

bool file_watch_cares(const char *name)
{
	static const char *const leftovers[] = { "~", ".swp", ".swx", ".bak", ".orig",
		".rej", ".tmp", ".new", ".dpkg-old", ".dpkg-new", ".dpkg-dist",
		".dpkg-tmp" };

	if (name[0] == '.' || name[0] == '#')
		return false;
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++)
		if (text_ends(name, leftovers[i]))
			return false;
	return true;
}

/* ---- inotify ------------------------------------------------------------------- */

enum { EVENTS_BYTES = 16 * 1024 };

/* A file that is open for writing changes (IN_CREATE, IN_MODIFY) before it is closed. */
static const uint32_t open_events = IN_CREATE | IN_MODIFY;
static const uint32_t complete_events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM |
					IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
					IN_MOVE_SELF;

struct file_watch {
	int fd;
	struct watch *watch;
	struct timer *timer;
	struct quiet quiet;
	struct json_t *numbers; /* of the directories that are heard */
	file_watch_fn *fn;
	void *owner;
};

static void take_event(
	struct file_watch *self, const struct inotify_event *event, struct instant now)
{
	const char *name = event->len > 0 ? event->name : "directory";

	if (event->mask & IN_Q_OVERFLOW ||
		(event->mask & complete_events && file_watch_cares(name)))
		quiet_change(&self->quiet, true, now);
	else if (event->mask & open_events && file_watch_cares(name))
		quiet_change(&self->quiet, (event->mask & IN_ISDIR) != 0, now);
}

static void on_readable(void *owner, unsigned events, struct instant now)
{
	struct file_watch *self = owner;
	_Alignas(struct inotify_event) char bytes[EVENTS_BYTES];
	ssize_t got;

	(void)events;
	while ((got = read(self->fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + got;) {
			const struct inotify_event *event = (const void *)at;

			take_event(self, event, now);
			at += sizeof(*event) + event->len;
		}
	}
	timer_arm(self->timer, self->quiet.due);
}

static void on_quiet(void *owner, struct instant now)
{
	struct file_watch *self = owner;

	quiet_begin(&self->quiet);
	self->fn(self->owner, now);
}

CLEANUP(struct file_watch *, file_watch_free)

int file_watch_new(
	struct file_watch **ret, struct loop *loop, file_watch_fn *fn, void *owner)
{
	_cleanup_(file_watch_freep) struct file_watch *self = calloc(1, sizeof(*self));
	int r;

	if (!self)
		return -ENOMEM;
	self->fn = fn;
	self->owner = owner;
	quiet_begin(&self->quiet);
	self->numbers = json_new_array();
	self->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (self->fd < 0 || !self->numbers)
		return self->fd < 0 ? -errno : -ENOMEM;
	r = watch_new(&self->watch, loop, self->fd, WATCH_READ, on_readable, self);
	if (r == 0)
		r = timer_new(&self->timer, loop, on_quiet, self);
	if (r == 0)
		*ret = TAKE(self);
	return r;
}

struct file_watch *file_watch_free(struct file_watch *self)
{
	if (!self)
		return NULL;
	watch_free(self->watch);
	timer_free(self->timer);
	json_free(self->numbers);
	if (self->fd >= 0)
		close(self->fd);
	free(self);
	return NULL;
}

int file_watch_fd(const struct file_watch *self)
{
	return self ? self->fd : -1;
}

int file_watch_add(int fd, const char *directory)
{
	int number = inotify_add_watch(
		fd, directory, open_events | complete_events | IN_ONLYDIR);

	return number < 0 ? -errno : number;
}

static bool has_number(const struct json_t *numbers, int64_t number)
{
	for (size_t i = 0; i < json_size(numbers); i++)
		if (json_int(json_item(numbers, i)) == number)
			return true;
	return false;
}

void file_watch_keep(struct file_watch *self, const struct json_t *numbers)
{
	struct json_t *kept = json_clone(numbers);

	if (!kept)
		return;
	for (size_t i = 0; i < json_size(self->numbers); i++) {
		int64_t number = json_int(json_item(self->numbers, i));

		if (!has_number(kept, number))
			(void)inotify_rm_watch(self->fd, (int)number);
	}
	json_free(self->numbers);
	self->numbers = kept;
}
