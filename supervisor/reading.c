/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reading.c - in the supervisor: the deed that reads, and what it answers.
 *
 * Not here: the child (reader.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"

#include "supervisor/accepted.h"
#include "supervisor/reader_words.h"

struct reader {
	struct deed *deed;
	struct reader_plan plan;
	bool sealed; /* it has said so */
};

/* ---- all as it was accepted ---- */

/* -EINVAL, -ENOMEM. */
static int take_host(
	struct reader *reader, const char *line, size_t size, struct instant now)
{
	_cleanup_(json_freep) struct json_t *json = NULL;
	struct reader_result answer = { 0 };
	struct error err = { 0 };
	int r = json_parse(&json, line, size, DEED_OUTPUT_MAX_BYTES, &err);

	if (r == 0)
		r = config_read(&answer.config, json, &err);
	if (r < 0)
		return r;
	answer.watches = json_get(json, "watches");
	reader->plan.host(reader->plan.owner, &answer, now);
	return 0;
}

/* The field up to the next tab, as a string of its own; NULL: there is none. */
static char *take_field(const char **at, const char *end)
{
	const char *tab = memchr(*at, '\t', (size_t)(end - *at));
	char *field = tab ? strndup(*at, (size_t)(tab - *at)) : NULL;

	if (field)
		*at = tab + 1;
	return field;
}

static int take_service(
	struct reader *reader, const char *line, size_t size, struct instant now)
{
	const char *at = line, *const end = line + size;
	_cleanup_free_ char *name = take_field(&at, end), *head = take_field(&at, end);
	_cleanup_free_ char *body = strndup(at, (size_t)(end - at));
	const struct reader_service service = { name, head, body };

	if (!name || !head || !body)
		return -EINVAL;
	return reader->plan.service(reader->plan.owner, &service, now);
}

static bool on_line(void *owner, const char *line, size_t size, struct instant now)
{
	struct reader *reader = owner;
	int r = reader->sealed ? take_service(reader, line, size, now)
			       : take_host(reader, line, size, now);

	if (r == 0)
		reader->sealed = true;
	return r == 0;
}

/* ---- the end ---- */

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct reader *reader = owner;
	struct reader_plan plan = reader->plan;
	_cleanup_(json_freep) struct json_t *json = NULL, *accepted = NULL,
					    *watches = NULL;
	struct reader_result answer = { 0 };
	struct error err = { 0 };
	int r;

	answer.sealed = result->ok && reader->sealed && result->output_size == 0;
	if (!result->ok)
		r = error_set(&err, -EIO, "%s", result->reason);
	else if (answer.sealed)
		r = 0;
	else
		r = json_parse(&json, result->output, result->output_size,
			DEED_OUTPUT_MAX_BYTES, &err);
	if (r == 0 && !answer.sealed)
		r = config_read(&answer.config, json, &err);
	answer.reason = r < 0 ? err.text : NULL;
	answer.accepted = accepted = json_share(json_get(json, "accepted"));
	answer.watches = watches = json_share(json_get(json, "watches"));
	/* large, and `done` begins to fork */
	json_free(TAKE(json));
	/* `done` may free the reader, and with it the deed and its result */
	plan.done(plan.owner, &answer, now);
}

static void give(struct spawn_spec *spec, int fd, int target)
{
	spec->fds[spec->fds_count].fd = fd;
	spec->fds[spec->fds_count].target = target;
	spec->fds_count++;
}

/* What was accepted before, as a file without a name. */
static int print_accepted(int *ret_fd, const struct json_t *accepted)
{
	_cleanup_free_ char *text = json_print(accepted, JSON_ONE_LINE);
	int fd = text ? fd_sealed("accepted", text, strlen(text)) : -ENOMEM;

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

static int add_words(struct strings *words, const struct reader_wish *wish)
{
	_cleanup_free_ char *option = NULL;
	enum reader_word word;
	int r = strings_add(words, "/proc/self/exe");

	if (r == 0 && wish->paths->root[0])
		r = strings_add(words, "--root");
	if (r == 0 && wish->paths->root[0])
		r = strings_add(words, wish->paths->root);
	word = wish->takeover ? READ_ACCEPTED
	       : wish->boot   ? READ_BOOT
	       : wish->first  ? READ_FIRST
			      : READ_APPLY;
	option = text_format("--read=%s", reader_words[word]);
	return r < 0 ? r : option ? strings_add(words, option) : -ENOMEM;
}

/* The program anew, and no copy of this process: secrets pass through here. */
static int start(struct reader *reader, const struct reader_plan *plan,
	const struct strings *words)
{
	const struct reader_wish *wish = &plan->wish;
	_cleanup_close_ int accepted = -1;
	struct spawn_spec spec = spawn_plain("reading the declarations");
	struct deed_plan deed = { .spec = &spec,
		.timeout_ms = READER_TIMEOUT_MS,
		.done = on_done,
		.line = wish->boot || wish->takeover ? on_line : NULL,
		.owner = reader };

	spec.argv = words;
	spec.environment = (const char *const *)environ;
	spec.keep_privileges = true;
	spec.core_bytes = 0;
	if (wish->watch_fd >= 0)
		give(&spec, wish->watch_fd, READER_WATCH_FD);
	if (wish->accepted) {
		int r = print_accepted(&accepted, wish->accepted);

		if (r < 0)
			return r;
		give(&spec, accepted, READER_ACCEPTED_FD);
	}
	return deed_start(&reader->deed, plan->loop, plan->cgroups, &deed);
}

int reader_start(struct reader **ret, const struct reader_plan *plan)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	struct strings words = { 0 };
	int r;

	if (!reader)
		return -ENOMEM;
	reader->plan = *plan;
	reader->sealed = plan->wish.takeover; /* nothing is told before the services */
	r = add_words(&words, &plan->wish);
	if (r == 0)
		r = start(reader, plan, &words);
	strings_done(&words);
	if (r < 0) {
		free(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

struct reader *reader_free(struct reader *reader)
{
	if (!reader)
		return NULL;
	deed_free(reader->deed);
	free(reader);
	return NULL;
}
