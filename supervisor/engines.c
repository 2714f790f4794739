/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engines.c - what the supervisor gives its engines at birth, and where what they tell
 * goes.
 *
 * Not here: the life of an engine (engine.c), what it is told of services (told.c), what
 * its facts mean (facts.c).
 */
#include <stdio.h>

#include "supervisor/engine_view.h"
#include "supervisor/store.h"
#include "supervisor/supervisor.h"

/* ---- what they are given ------------------------------------------------------- */

static bool give_view(
	struct supervisor *supervisor, enum engine which, struct engine_birth *ret)
{
	const struct engine_view_plan plan = { &supervisor->config->host.policy,
		&supervisor->paths, ret->program };

	if (engine_view(&ret->view, which, &plan) == 0)
		return true;
	snprintf(ret->reason, sizeof(ret->reason), "out of memory");
	return false;
}

static bool give_birth(void *owner, enum engine which, struct engine_birth *ret)
{
	static const char *const sockets[ENGINE_COUNT] = {
		[ENGINE_HEALTH] = STORE_HEALTH, [ENGINE_LOG] = STORE_LOG
	};
	struct supervisor *supervisor = owner;
	int fd = sockets[which] ? store_fd(supervisor->store, sockets[which]) : -1;

	ret->identity = &supervisor->found.engines[which];
	if (!ret->identity->known) {
		snprintf(ret->reason, sizeof(ret->reason),
			"%.120s; create it with `systemd-sysusers svcd.conf`",
			ret->identity->reason);
		return false;
	}
	if (fd >= 0) {
		ret->names[ret->count] = sockets[which];
		ret->fds[ret->count++] = fd;
	}
	for (size_t i = 0; which == ENGINE_HEALTH && i < supervisor->listeners.count &&
			   ret->count < ENGINE_MAX_LISTENERS;
		i++) {
		ret->names[ret->count] = supervisor->listeners.items[i].name;
		ret->fds[ret->count++] = supervisor->listeners.items[i].fd;
	}
	return give_view(supervisor, which, ret);
}

static struct json_t *print_hello(void *owner)
{
	const struct supervisor *supervisor = owner;
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	int r = 0;

	r |= json_set_int(body, "version", CHANNEL_VERSION);
	r |= json_set_text(body, "build", SVCD_VERSION);
	r |= json_set(body, "host", host_print(&supervisor->config->host));
	r |= json_set(body, "site", site_print(&supervisor->config->site));
	r |= json_set_text(body, "root", supervisor->paths.root);
	r |= json_set_text(body, "services_base", cgroups_base(supervisor->cgroups));
	return r ? NULL : TAKE(body);
}

/* ---- what they tell ------------------------------------------------------------ */

static void on_met(void *owner, enum engine which, struct instant now)
{
	told_anew(owner, which);
	told_flush(owner, which, now);
}

static void on_message(
	void *owner, enum engine which, enum message_kind kind, struct json_t *body)
{
	facts_take(owner, which, kind, body);
}

static void on_room(void *owner, enum engine which, struct instant now)
{
	told_flush(owner, which, now);
}

static void on_engine_event(void *owner, enum engine which, int level, const char *text)
{
	supervisor_say(owner, (struct about){ NULL, "engine", level }, "%s engine: %s",
		engine_words[which], text);
}

static void on_engine_stopped(void *owner, enum engine which, struct instant now)
{
	struct supervisor *supervisor = owner;

	(void)which;
	(void)now;
	if (++supervisor->engines_stopped == ENGINE_COUNT)
		loop_stop(supervisor->loop);
}

const struct engine_user engines_user = { give_birth, print_hello, on_met, on_message,
	on_room, on_engine_event, on_engine_stopped };
