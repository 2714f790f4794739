/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * keep.c - the names under which what a slot holds open outlives svcd-supervisor:
 * "mathoid.1/out". Which descriptors those are: launch.c, answers.c.
 */
#include <string.h>

#include "service/process.h"

const char *const kept_streams[2] = { "out", "err" };

static char *name_of(const struct process *process, const char *what)
{
	const struct instance *instance = process->instance;

	return text_format("%s.%u/%s", instance->service->name, instance->number, what);
}

void process_keep(const struct process *process, const char *what, int fd)
{
	const struct service_host *host = process->instance->service->host;
	_cleanup_free_ char *name = host->keep ? name_of(process, what) : NULL;

	if (name)
		host->keep(host->owner, name, fd);
}

int process_kept(const struct process *process, const char *what)
{
	const struct service_host *host = process->instance->service->host;
	_cleanup_free_ char *name = host->kept ? name_of(process, what) : NULL;

	return name ? host->kept(host->owner, name) : -1;
}

void process_drop(const struct process *process, const char *what)
{
	const struct service_host *host = process->instance->service->host;
	_cleanup_free_ char *name = host->drop ? name_of(process, what) : NULL;

	if (name)
		host->drop(host->owner, name);
}

/* ---- what the service itself gave us to keep --------------------------------------- */

static void on_stored(void *owner, unsigned number, int fd)
{
	char what[32];

	snprintf(what, sizeof(what), "kept.%u", number);
	process_keep(owner, what, fd);
}

static void on_unstored(void *owner, unsigned number)
{
	char what[32];

	snprintf(what, sizeof(what), "kept.%u", number);
	process_drop(owner, what);
}

struct fdstore_user process_fdstore_user(struct process *process)
{
	return (struct fdstore_user){ on_stored, on_unstored, process };
}

void process_recall_stored(struct process *process, const struct json_t *list)
{
	const struct fdstore_user user = process_fdstore_user(process);

	if (json_size(list) == 0 || fdstore_new(&process->kept, &user) < 0)
		return;
	for (size_t i = 0; i < json_size(list); i++) {
		const struct json_t *one = json_item(list, i);
		struct fdstore_was was = { json_get_text(one, "name", ""),
			(unsigned)json_get_int(one, "number", 0),
			json_get_bool(one, "poll", true) };
		char what[32];
		int fd;

		snprintf(what, sizeof(what), "kept.%u", was.number);
		fd = process_kept(process, what);
		if (fd >= 0 && fdstore_take_back(process->kept, fd, &was) != 0)
			close(fd);
	}
}
