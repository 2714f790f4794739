/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * stats.c - the numbers of a service's logs, as LogStats and LOGSTATS tell them, and its
 * problem, as the journal does.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#include "logrotate/service.h"

static int add_file(struct json_t *files, const struct writer *writer)
{
	struct writer_stats stats = writer_stats(writer);
	struct json_t *file = json_new_object();

	json_set_text(file, "name", writer_name(writer));
	json_set_int(file, "bytes", stats.live_bytes);
	json_set_int(file, "waiting", (int64_t)stats.waiting_bytes);
	return json_append(files, file);
}

static const char *problem_of(const struct service *service)
{
	struct writer *writers[STREAMS];
	size_t count = service_writers(service, writers);

	for (size_t i = 0; i < count; i++)
		if (writer_problem(writers[i])[0] != '\0')
			return writer_problem(writers[i]);
	return service->tidy_problem ? service->tidy_problem : "";
}

struct json_t *service_stats(const struct service *service)
{
	_cleanup_(json_freep) struct json_t *stats = json_new_object();
	struct json_t *files = json_new_array();
	struct writer *writers[STREAMS];
	size_t count = service_writers(service, writers);
	uint64_t dropped = service->dropped, rotations = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		dropped += writer_stats(writers[i]).dropped_lines;
		rotations += writer_stats(writers[i]).rotations;
		r = add_file(files, writers[i]);
	}
	if (json_set(stats, "files", files) < 0 ||
		json_set_int(stats, "lines", (int64_t)service->lines) < 0 ||
		json_set_int(stats, "bytes", (int64_t)service->bytes) < 0 ||
		json_set_int(stats, "dropped", (int64_t)dropped) < 0 ||
		json_set_int(stats, "rotations", (int64_t)rotations) < 0 ||
		json_set_text(stats, "problem", problem_of(service)) < 0)
		return NULL;
	return r < 0 ? NULL : TAKE(stats);
}

void service_tell_problem(struct service *service)
{
	const char *problem = problem_of(service);
	const struct log_about about = { .service = service->name };

	if (strcmp(problem, service->told_problem ? service->told_problem : "") == 0)
		return;
	if (problem[0] != '\0')
		log_about(LOG_WARNING, about, "log: %s", problem);
	else
		log_about(LOG_NOTICE, about, "log: written again");
	free(service->told_problem);
	service->told_problem = problem[0] ? strdup(problem) : NULL;
}
