/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.c - from a declaration to open logs, from a batch of lines to where it goes.
 *
 * Owns writers, intakes and the tidying job. Not here: messages (engine.c), questions
 * (answer.c).
 */
#include "logrotate/service.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"

#include "logrotate/forward.h"

enum {
	GAP_TOLD_MS = 1000, /* at most one marker a second */
	SCRATCH_KEPT_BYTES = 64 * 1024,
};

#define DEFAULT_FILE "main.log"

const char *const stream_words[STREAMS] = { "stdout", "stderr" };

struct route {            /* where a stream goes, by declaration */
	const char *file; /* NULL: no file */
	bool journal;
};

static struct route route_of(const char *target)
{
	if (!target || strcmp(target, "file") == 0)
		return (struct route){ DEFAULT_FILE, false };
	if (strcmp(target, "none") == 0)
		return (struct route){ NULL, false };
	if (strcmp(target, "journal") == 0)
		return (struct route){ NULL, true };
	if (strcmp(target, "both") == 0)
		return (struct route){ DEFAULT_FILE, true };
	return (struct route){ target, false };
}

size_t service_writers(const struct service *service, struct writer *ret[STREAMS])
{
	struct writer *out = service->streams[STREAM_OUT].writer;
	struct writer *err = service->streams[STREAM_ERR].writer;
	size_t count = 0;

	if (out)
		ret[count++] = out;
	if (err && err != out)
		ret[count++] = err;
	return count;
}

struct tidying {
	struct tidy tidy; /* first: its job is the worker's */
	struct service *service;
};

static void on_tidied(struct job *job, struct instant now);

static void on_tidy(struct job *job)
{
	tidy_run((struct tidy *)job);
}

void service_tidy(struct service *service, struct moment at)
{
	struct writer *writers[STREAMS];
	size_t count = service_writers(service, writers), shelves = 0;
	_cleanup_free_ struct tidying *tidying = NULL;

	if (!service->commons->synced)
		return;
	service->tidy_again = service->tidying;
	if (service->tidying)
		return;
	tidying = calloc(1, sizeof(*tidying));
	if (!tidying)
		return;
	tidying->service = service;
	tidying->tidy = (struct tidy){
		.job = { .work = on_tidy, .done = on_tidied },
		.now = at.wall,
		.stop = &service->commons->stop,
	};
	policy_read(&tidying->tidy.policy, &service->logs, service->commons->spread);
	for (size_t i = 0; i < count; i++) {
		struct shelf *shelf = writer_shelf(writers[i]);

		if (shelf)
			tidying->tidy.shelves[shelves++] = shelf_share(shelf);
		tidying->tidy.live_bytes += writer_stats(writers[i]).live_bytes;
	}
	if (shelves == 0)
		return;
	service->tidying = TAKE(tidying);
	worker_add(service->commons->tidier, &service->tidying->tidy.job);
}

static void release(struct service *service);

static void on_tidied(struct job *job, struct instant now)
{
	_cleanup_free_ struct tidying *tidying = (struct tidying *)job;
	struct service *service = tidying->service;
	const char *problem = tidying->tidy.err.text;

	for (size_t i = 0; i < TIDY_SHELVES; i++)
		shelf_free(tidying->tidy.shelves[i]);
	service->tidying = NULL;
	free(service->tidy_problem);
	service->tidy_problem = problem[0] ? strdup(problem) : NULL;
	if (service->leaving)
		release(service);
	else if (service->tidy_again)
		service_tidy(service,
			(struct moment){ now, loop_wall(service->commons->loop) });
}

static void on_rotated(void *owner, struct moment at)
{
	service_tidy(owner, at);
}

static void on_grew(void *owner)
{
	struct service *service = owner;

	service->commons->grew(service->commons->owner, service);
}

static void on_room(void *owner, struct moment at)
{
	struct service *service = owner;

	(void)at;
	for (struct intake *i = service->intakes; i; i = intake_next(i))
		intake_pace(i);
}

static struct writer_settings settings_of(const struct service *service, const char *file)
{
	const struct logs *logs = &service->logs;
	struct writer_settings settings = {
		.place = {
			.directory = logs->directory,
			.olddir = logs->rotate.olddir,
			.live = file,
			.dateformat = logs->rotate.dateformat,
			.foreign = logs->directory_owner == DIRECTORY_SERVICE,
		},
		.look = look_of(logs),
		.overflow = logs->overflow,
		.mode = 0640,
	};

	if (logs->rotate.create_mode > 0)
		settings.mode = (mode_t)logs->rotate.create_mode;
	policy_read(&settings.policy, logs, service->commons->spread);
	return settings;
}

static int make_writer(
	struct service *service, const char *file, struct writer **ret, struct moment at)
{
	struct writer_settings settings = settings_of(service, file);
	int r = writer_new(ret, service->commons->loop, &service->commons->spill_budget,
		&settings, (struct writer_user){ service, on_rotated, on_grew, on_room });

	if (r == 0)
		writer_open(*ret, at);
	return r;
}

static struct writer *take_writer_named(
	struct writer *writers[STREAMS], size_t count, const char *file)
{
	for (size_t i = 0; i < count; i++)
		if (writers[i] && text_equal(writer_name(writers[i]), file))
			return TAKE(writers[i]);
	return NULL;
}

/* The writer for `file`: that of an earlier stream or an earlier declaration, or a new
 * one. */
static int find_writer(struct service *service, int stream, const char *file,
	struct writer *old[STREAMS], struct moment at)
{
	struct stream *out = &service->streams[STREAM_OUT];
	struct writer_settings settings = settings_of(service, file);
	struct writer *writer;

	if (stream == STREAM_ERR && out->writer &&
		text_equal(writer_name(out->writer), file)) {
		service->streams[stream].writer = out->writer;
		return 0;
	}
	writer = take_writer_named(old, STREAMS, file);
	service->streams[stream].writer = writer;
	if (!writer)
		return make_writer(service, file, &service->streams[stream].writer, at);
	writer_set(writer, &settings, at);
	return 0;
}

static int open_streams(struct service *service, struct moment at)
{
	const struct logs *logs = &service->logs;
	const char *targets[STREAMS] = { logs->out, logs->err };
	struct writer *old[STREAMS] = { NULL, NULL };
	int r = 0;

	service_writers(service, old);
	service->streams[STREAM_OUT] = service->streams[STREAM_ERR] =
		(struct stream){ 0 };
	for (int i = 0; r == 0 && i < STREAMS; i++) {
		struct route route = route_of(targets[i]);

		service->streams[i].journal =
			route.journal || strings_have(&logs->forward, "journal");
		if (route.file)
			r = find_writer(service, i, route.file, old, at);
	}
	for (int i = 0; i < STREAMS; i++)
		writer_free(old[i], at);
	return r;
}

/* At most one line a second tells what went over the rate. */
static void on_gap_due(void *owner, struct instant now)
{
	struct service *service = owner;
	struct moment at = { now, loop_wall(service->commons->loop) };
	char why[64], sentence[GAP_SENTENCE_BYTES];
	struct writer *writers[STREAMS];

	if (service->gap.lines == 0)
		return;
	snprintf(why, sizeof(why), "more than logs.rate, %lld lines/s",
		(long long)service->rate.per_s);
	gap_sentence(sentence, &service->gap, why);
	service->gap = (struct gap){ 0 };
	if (service_writers(service, writers) > 0)
		writer_notice(writers[0], sentence, at);
}

/* The rest of the declaration is nobody's here. */
static int adopt(
	struct service *service, struct declaration *declaration, struct moment at)
{
	_cleanup_(logs_done) struct logs before = service->logs;
	struct logs *logs = &service->logs;
	int r = 0;

	declaration_take_logs(declaration, logs);
	free(service->group);
	service->group = TAKE(declaration->access.group);
	declaration_free(declaration);
	if (!logs->directory)
		logs->directory = text_format(
			"%s/%s", service->commons->log_directory, service->name);
	if (!logs->directory)
		r = -ENOMEM;
	if (r == 0)
		r = open_streams(service, at);
	if (!service->declared || before.rate.lines_per_s != logs->rate.lines_per_s ||
		before.rate.burst != logs->rate.burst)
		rate_init(
			&service->rate, logs->rate.lines_per_s, logs->rate.burst, at.now);
	service->declared = true;
	for (struct intake *i = service->intakes; i; i = intake_next(i))
		intake_set_line_max(i);
	return r;
}

int service_declare(
	struct service *service, struct declaration *declaration, struct moment at)
{
	int r = adopt(service, declaration, at);

	on_room(service, at);
	service_tidy(service, at);
	return r;
}

int service_new(struct service **ret, struct commons *commons, const char *name,
	struct declaration *declaration, struct moment at)
{
	struct service *service = calloc(1, sizeof(*service));
	int r = -ENOMEM;

	if (service) {
		service->commons = commons;
		service->name = strdup(name);
		if (service->name)
			r = timer_new(
				&service->gap_timer, commons->loop, on_gap_due, service);
	}
	if (r == 0)
		r = adopt(service, TAKE(declaration), at);
	if (r < 0) {
		declaration_free(declaration);
		service_free(service, at);
		return r;
	}
	*ret = service;
	return 0;
}

/* A running tidy job points into it: then on_tidied() comes back here. */
static void release(struct service *service)
{
	service->leaving = true;
	if (service->tidying)
		return;
	logs_done(&service->logs);
	free(service->group);
	free(service->tidy_problem);
	free(service->told_problem);
	text_done(&service->scratch);
	free(service->readers);
	free(service->name);
	free(service);
}

struct service *service_free(struct service *service, struct moment at)
{
	struct writer *writers[STREAMS];
	size_t count;

	if (!service)
		return NULL;
	while (service->intakes)
		intake_free(service->intakes, at);
	if (service->gap_timer)
		on_gap_due(service, at.now);
	count = service_writers(service, writers);
	for (size_t i = 0; i < count; i++)
		writer_free(writers[i], at);
	service->streams[STREAM_OUT] = service->streams[STREAM_ERR] =
		(struct stream){ 0 };
	timer_free(service->gap_timer);
	service->gap_timer = NULL;
	release(service);
	return NULL;
}

int service_add_pipe(
	struct service *service, const struct pipe_told *told, int fd, struct moment at)
{
	for (struct intake *i = service->intakes; i; i = intake_next(i)) {
		if (!intake_is_named(i, told->name))
			continue;
		if (intake_is(i, told, fd)) {
			close(fd);
			return 0;
		}
		intake_retire(i, at);
		break;
	}
	return intake_new(service, told, fd);
}

/* How many bytes the first `count` lines are. */
static size_t bytes_of_lines(const char *lines, size_t size, uint64_t count)
{
	size_t at = 0;

	for (; count > 0 && at < size; count--)
		at = (size_t)((char *)memchr(lines + at, '\n', size - at) - lines) + 1;
	return at;
}

/* What of `size` bytes may pass; the rest is counted and told later. */
static size_t limit_rate(
	struct service *service, const char *lines, size_t size, struct moment at)
{
	uint64_t count = gap_count_lines(lines, size), passed;
	size_t pass;

	service->lines += count;
	service->bytes += size;
	passed = rate_take(&service->rate, count, at.now);
	if (passed == count)
		return size;
	pass = bytes_of_lines(lines, size, passed);
	service->dropped += gap_add(&service->gap, lines + pass, size - pass, at.wall);
	if (!timer_is_armed(service->gap_timer))
		timer_arm(service->gap_timer, instant_add_ms(at.now, GAP_TOLD_MS));
	return pass;
}

static void write_lines(struct service *service, struct writer *writer, const char *lines,
	size_t size, struct moment at)
{
	struct look look = look_of(&service->logs);
	struct text *scratch = &service->scratch;

	if (look.stamp == STAMP_NONE) {
		writer_write(writer, lines, size, at);
		return;
	}
	text_clear(scratch);
	mark_add_stamped(scratch, look, at.wall, lines, size);
	if (text_failed(scratch)) /* rather without stamps than not at all */
		writer_write(writer, lines, size, at);
	else
		writer_write(writer, scratch->bytes, scratch->size, at);
	if (scratch->capacity > SCRATCH_KEPT_BYTES || text_failed(scratch))
		text_done(scratch);
}

void service_take(struct service *service, int stream, const char *lines, size_t size,
	struct moment at)
{
	const struct stream *to = &service->streams[stream];

	size = limit_rate(service, lines, size, at);
	if (size == 0)
		return;
	if (to->journal && !forward_lines(service->commons->forwarder, service->name,
				   stream == STREAM_ERR, lines, size))
		service->dropped += gap_count_lines(lines, size);
	if (to->writer)
		write_lines(service, to->writer, lines, size, at);
	service->commons->stirred(service->commons->owner);
}

bool service_is_full(const struct service *service, int stream)
{
	const struct writer *writer = service->streams[stream].writer;

	return writer && writer_is_full(writer);
}

void service_rotate(struct service *service, struct moment at)
{
	struct writer *writers[STREAMS];
	size_t count = service_writers(service, writers);

	for (struct intake *i = service->intakes, *next; i; i = next) {
		next = intake_next(i); /* a retired one may go with its last bytes */
		intake_drain(i, at);
	}
	for (size_t i = 0; i < count; i++)
		writer_rotate(writers[i], at);
}

struct json_t *service_tail(
	struct service *service, const struct tail_asked *asked, struct moment at)
{
	return intakes_tail(service->intakes, asked, at);
}

void service_set_readers(struct service *service, const struct json_t *gids)
{
	size_t count = json_size(gids);
	gid_t *readers = count > 0 ? calloc(count, sizeof(*readers)) : NULL;

	free(service->readers);
	service->readers = readers;
	service->readers_count = readers ? count : 0;
	for (size_t i = 0; i < service->readers_count; i++)
		readers[i] = (gid_t)json_int(json_item(gids, i));
}
