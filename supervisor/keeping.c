/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keeping.c - all that was accepted in one turn is written by one child: each file
 * beside, synced, renamed, and the directory synced at the end.
 *
 * The child prints, too: it has its own copy of everything. Owns the heads, the queue of
 * what is to be written, and the deed.
 */
#include "supervisor/keeping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/file.h"

#include "spawn/spawn.h"
#include "supervisor/accepted.h"
#include "supervisor/supervisor.h"

enum {
	KEEP_TIMEOUT_MS = 120 * 1000, /* of all files of a host, on a slow disk */
	KEEP_AGAIN_MS = 60 * 1000,    /* after a failure */
	KEEP_PAUSE_MS = 2000,         /* after the start */
};

/* {NAME: body as text}, a null for a file that goes; the heads are in `heads`. */
struct batch {
	struct json_t *bodies;
	size_t count;
};

struct keeping {
	struct supervisor *supervisor;
	struct json_t *heads; /* NULL: not looked yet */
	struct batch waiting, writing;
	char *directory;
	struct deed *deed;
	struct timer *again;
	struct instant not_before;
	char failure[REASON_BYTES]; /* of the latest write, as it was said */
};

/* ---- in the child -------------------------------------------------------------- */

static int write_one(const struct keeping *keeping, const char *path, const char *name,
	const struct json_t *body)
{
	_cleanup_free_ char *text = NULL;

	if (json_kind(body) == JSON_IS_NULL)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	text = accepted_print(json_get(keeping->heads, name), json_text(body));
	return text ? file_write(path, text, strlen(text), 0600) : -ENOMEM;
}

static int write_all(const struct keeping *keeping, const char **ret_name)
{
	const char *name;
	struct json_t *body;
	int r = 0;

	json_each(keeping->writing.bodies, name, body)
	{
		_cleanup_free_ char *path =
			text_format("%s/%s", keeping->directory, name);

		*ret_name = name;
		r = path ? write_one(keeping, path, name, body) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_batch(void *data, int output_fd)
{
	const struct keeping *keeping = data;
	_cleanup_close_ int directory = -1;
	const char *name = "";
	int r = directory_make(keeping->directory, 0700);

	if (r == 0)
		r = write_all(keeping, &name);
	directory = open(keeping->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (directory < 0 || fsync(directory) < 0))
		r = -errno;
	if (r < 0)
		dprintf(output_fd, "write %s/%s: %s", keeping->directory, name,
			strerror(-r));
	return r < 0;
}

/* ---- in the supervisor --------------------------------------------------------- */

static void batch_done(struct batch *batch)
{
	json_free(batch->bodies);
	*batch = (struct batch){ 0 };
}

static void put(struct batch *batch, const char *name, struct json_t *body)
{
	if (!batch->bodies)
		batch->bodies = json_new_object();
	if (json_set(batch->bodies, name, body) == 0)
		batch->count = json_size(batch->bodies);
}

/* What was to be written and was not waits again, unless something newer does. */
static void put_back(struct keeping *keeping)
{
	const char *name;
	struct json_t *body;

	json_each(keeping->writing.bodies, name, body)
	{
		if (!json_get(keeping->waiting.bodies, name))
			put(&keeping->waiting, name, json_share(body));
	}
}

static void on_failed(struct keeping *keeping, const char *reason, struct instant now)
{
	if (strcmp(keeping->failure, reason) != 0) {
		supervisor_say(keeping->supervisor,
			(struct about){ NULL, "accepted", LOG_ERR },
			"what was accepted is not on disk; if a file were refused, the "
			"next boot would run an older one: %s",
			reason);
	}
	snprintf(keeping->failure, sizeof(keeping->failure), "%s", reason);
	put_back(keeping);
	keeping->not_before = instant_add_ms(now, KEEP_AGAIN_MS);
}

static void on_written(void *owner, const struct deed_result *result, struct instant now)
{
	struct keeping *keeping = owner;

	if (!result->ok) {
		on_failed(keeping, result->reason, now);
	} else if (keeping->failure[0]) {
		keeping->failure[0] = '\0';
		supervisor_say(keeping->supervisor,
			(struct about){ NULL, "accepted", LOG_NOTICE },
			"what was accepted is on disk again");
	}
	batch_done(&keeping->writing);
	keeping->deed = deed_free(keeping->deed);
	task_schedule(keeping->supervisor->settle);
}

static void on_again(void *owner, struct instant now)
{
	keeping_save(owner, now);
}

void keeping_save(struct keeping *keeping, struct instant now)
{
	struct spawn_spec spec = { .name = "keeping what was accepted",
		.function = write_batch,
		.data = keeping,
		.keep_privileges = true,
		.umask = UNSET,
		.nice = SPAWN_INHERIT,
		.open_files = UNSET,
		.core_bytes = 0,
		.oom_score = SPAWN_INHERIT };
	struct deed_plan plan = { .spec = &spec,
		.timeout_ms = KEEP_TIMEOUT_MS,
		.done = on_written,
		.owner = keeping };

	if (keeping->deed || keeping->waiting.count == 0)
		return;
	if (!instant_reached(now, keeping->not_before)) {
		timer_arm(keeping->again, keeping->not_before);
		return;
	}
	keeping->writing = keeping->waiting;
	keeping->waiting = (struct batch){ 0 };
	if (deed_start(&keeping->deed, keeping->supervisor->loop,
		    keeping->supervisor->cgroups, &plan) < 0) {
		on_failed(keeping, "out of memory", now);
		batch_done(&keeping->writing);
	}
}

bool keeping_is_done(const struct keeping *keeping)
{
	return !keeping->deed &&
	       (keeping->waiting.count == 0 ||
		       (keeping->failure[0] && keeping->not_before.us > 0));
}

const char *keeping_failure(const struct keeping *keeping)
{
	return keeping->failure;
}

void keeping_learn(struct keeping *keeping, const char *name, const struct json_t *head)
{
	if (!keeping->heads)
		keeping->heads = json_new_object();
	(void)json_set(keeping->heads, name, json_clone(head));
}

void keeping_begin(
	struct keeping *keeping, const struct json_t *heads, struct instant now)
{
	if (json_kind(heads) == JSON_IS_MAP) {
		json_free(keeping->heads);
		keeping->heads = json_clone(heads);
	}
	keeping->not_before = instant_add_ms(now, KEEP_PAUSE_MS);
}

struct json_t *keeping_heads(const struct keeping *keeping)
{
	return keeping->heads;
}

void keeping_hurry(struct keeping *keeping)
{
	keeping->not_before = (struct instant){ 0 };
}

void keeping_accept(struct keeping *keeping, const struct acceptance *acceptance)
{
	_cleanup_(json_freep) struct json_t *head =
		accepted_head(acceptance, loop_wall(keeping->supervisor->loop));
	const struct json_t *before = json_get(keeping->heads, acceptance->name);

	if (!head || (before && accepted_same(before, head) &&
			     accepted_pending(before).us == 0))
		return;
	if (!keeping->heads)
		keeping->heads = json_new_object();
	if (json_set(keeping->heads, acceptance->name, TAKE(head)) < 0)
		return;
	put(&keeping->waiting, acceptance->name, json_new_text(acceptance->body));
	task_schedule(keeping->supervisor->settle);
}

void keeping_pend(
	struct keeping *keeping, const char *name, struct wall since, const char *body)
{
	_cleanup_(json_freep) struct json_t *head = NULL;
	const struct json_t *before = json_get(keeping->heads, name);

	if (!before || accepted_pending(before).us == since.us)
		return;
	head = accepted_pend(before, since);
	if (!head || json_set(keeping->heads, name, TAKE(head)) < 0)
		return;
	put(&keeping->waiting, name, json_new_text(body));
	task_schedule(keeping->supervisor->settle);
}

void keeping_accept_host(struct keeping *keeping, struct json_t *seal)
{
	const struct config *config = keeping->supervisor->config;
	_cleanup_(json_freep) struct json_t *body = json_new_object();
	_cleanup_free_ char *text = NULL;
	char hash[HASH_TEXT_BYTES];
	int r = json_set(body, "host", host_print(&config->host));

	r |= json_set(body, "site", site_print(&config->site));
	if (seal)
		r |= json_set(body, "seal", seal);
	text = r ? NULL : json_print(body, JSON_ONE_LINE);
	if (!text)
		return;
	snprintf(hash, sizeof(hash), "%016llx", text_hash(text, strlen(text)));
	keeping_accept(
		keeping, &(struct acceptance){
				 .name = ACCEPTED_HOST, .hash = hash, .body = text });
}

void keeping_forget(struct keeping *keeping, const char *name)
{
	if (!json_get(keeping->heads, name))
		return;
	json_remove(keeping->heads, name);
	put(&keeping->waiting, name, json_new_null());
	task_schedule(keeping->supervisor->settle);
}

CLEANUP(struct keeping *, keeping_free)

int keeping_new(struct keeping **ret, struct supervisor *supervisor)
{
	_cleanup_(keeping_freep) struct keeping *keeping = calloc(1, sizeof(*keeping));

	if (!keeping)
		return -ENOMEM;
	keeping->supervisor = supervisor;
	keeping->directory = text_format("%s/accepted", supervisor->paths.state);
	if (!keeping->directory ||
		timer_new(&keeping->again, supervisor->loop, on_again, keeping) < 0)
		return -ENOMEM;
	*ret = TAKE(keeping);
	return 0;
}

struct keeping *keeping_free(struct keeping *keeping)
{
	if (!keeping)
		return NULL;
	deed_free(keeping->deed);
	timer_free(keeping->again);
	batch_done(&keeping->waiting);
	batch_done(&keeping->writing);
	json_free(keeping->heads);
	free(keeping->directory);
	free(keeping);
	return NULL;
}
