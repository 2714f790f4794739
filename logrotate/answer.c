/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * answer.c - the varlink methods Logs and LogStats, and the life of a call that follows.
 *
 * A call's search runs a step at a time; the next step waits until the client took what
 * it was sent, so that a slow terminal costs nobody memory. Owns calls, searches and
 * references to epochs.
 */
#include "logrotate/answer.h"

#include <string.h>
#include <sys/stat.h>

#include "logrotate/chosen.h"
#include "logrotate/engine.h"
#include "logrotate/search.h"
#include "logrotate/worker.h"
#include "protocol/protocol.h"

enum {
	QUEUED_MAX_BYTES = 1024 * 1024, /* then a client is slow */
	REPLY_MAX_BYTES = 700 * 1024,   /* of text, in a reply without `more` */
	EPOCHS_BEHIND = 64,             /* rotations that a slow follower may lag */
};

struct answers {
	struct log_engine *engine;
	struct loop *loop;
	struct varlink_server *server;
	struct answer *first;
	int64_t operators_gid;
	bool stopping;
};

struct followed {                /* beside each history of the search */
	struct service *service; /* NULL: gone */
	struct epoch *epoch;
};

struct answer {
	struct answers *all;
	struct answer *next;
	struct varlink_call *call;
	struct search search;
	struct followed *followed;
	struct json_t *gathered; /* for a reply without `more` */
	size_t gathered_bytes;
	bool running; /* the search has a job in the thread */
	bool gone;    /* nobody waits for it */
	bool waiting; /* for new lines */
};

/* ---- ending ------------------------------------------------------------------------ */

static void answer_free(struct answer *answer)
{
	struct answer **link = &answer->all->first;

	while (*link != answer)
		link = &(*link)->next;
	*link = answer->next;
	for (size_t i = 0; i < answer->search.count; i++)
		epoch_free(answer->followed[i].epoch);
	free(answer->followed);
	search_done(&answer->search);
	json_free(answer->gathered);
	free(answer);
}

static struct json_t *lines_body(struct json_t *lines)
{
	struct json_t *body = json_new_object();

	json_set(body, "lines", lines ? lines : json_new_array());
	return body;
}

static void finish(struct answer *answer)
{
	if (answer->search.result < 0 && !answer->gone)
		chosen_fail(answer->call, strerror(-answer->search.result));
	else
		varlink_reply(answer->call, lines_body(TAKE(answer->gathered)), false);
	answer_free(answer);
}

static void on_gone(void *data, struct varlink_call *call)
{
	struct answer *answer = data;

	(void)call;
	answer->gone = true;
	atomic_store(&answer->search.stop, true);
	if (!answer->running)
		finish(answer);
}

/* ---- searching --------------------------------------------------------------------- */

static void on_step(struct job *job)
{
	search_step((struct search *)job);
}

static void run(struct answer *answer)
{
	answer->running = true;
	worker_add(engine_commons(answer->all->engine)->searcher, &answer->search.job);
}

static void on_drained(void *data, struct instant now)
{
	struct answer *answer = data;

	(void)now;
	varlink_on_drained(answer->call, NULL, NULL);
	if (!answer->running && !answer->waiting)
		run(answer);
}

/* False: the answer to a call without `more` is full. */
static bool gather(struct answer *answer, struct json_t *lines)
{
	answer->gathered_bytes += answer->search.lines_bytes;
	for (size_t i = 0; i < json_size(lines); i++)
		json_append(answer->gathered, json_share(json_item(lines, i)));
	json_free(lines);
	return answer->gathered_bytes < REPLY_MAX_BYTES;
}

static bool send_lines(struct answer *answer)
{
	struct json_t *lines = TAKE(answer->search.lines);

	if (answer->gathered)
		return gather(answer, lines);
	if (json_size(lines) > 0)
		varlink_reply(answer->call, lines_body(lines), true);
	else
		json_free(lines);
	return true;
}

static void follow(struct answer *answer);

static void on_step_done(struct job *job, struct instant now)
{
	struct answer *answer =
		(struct answer *)((char *)job - offsetof(struct answer, search.job));

	(void)now;
	answer->running = false;
	if (answer->gone || answer->all->stopping || answer->search.result < 0 ||
		!send_lines(answer))
		finish(answer);
	else if (answer->search.phase == SEARCH_ENDED && answer->search.query.follow)
		follow(answer);
	else if (answer->search.phase == SEARCH_ENDED)
		finish(answer);
	else if (varlink_queued(answer->call) > QUEUED_MAX_BYTES)
		varlink_on_drained(answer->call, on_drained, answer);
	else
		run(answer);
}

/* ---- following --------------------------------------------------------------------- */

static int64_t size_of(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 ? info.st_size : 0;
}

static void tell_skipped(struct answer *answer, const struct history *history)
{
	struct json_t *lines = json_new_array(), *line = json_new_object();
	char at[WALL_TEXT_BYTES];

	json_set_text(line, "service", history->service);
	json_set(line, "instance", json_new_null());
	json_set_text(line, "stream", history->stream);
	json_set_text(line, "at", wall_format(history->latest, at));
	json_set_text(line, "level", level_words[LEVEL_WARNING]);
	json_set_text(line, "text",
		"svcd: lines are left out here: this reader was too slow for the log");
	json_append(lines, line);
	varlink_reply(answer->call, lines_body(lines), true);
}

/* So that a reader that sleeps does not keep every file open that ever was. */
static void catch_up(
	struct answer *answer, struct followed *followed, struct history *history)
{
	size_t behind = 0;

	for (const struct epoch *i = followed->epoch; i->next; i = i->next)
		behind++;
	if (behind <= EPOCHS_BEHIND)
		return;
	while (followed->epoch->next)
		followed->epoch = epoch_advance(followed->epoch);
	history->live_offset = 0;
	tell_skipped(answer, history);
}

/* Whether there is more to read of one log; goes on to the next file when this one was
 * read. */
static bool has_more(struct answer *answer, size_t i)
{
	struct followed *followed = &answer->followed[i];
	struct history *history = &answer->search.histories[i];

	catch_up(answer, followed, history);
	for (;;) {
		int64_t offset = history->live_offset;
		int64_t size = size_of(followed->epoch->fd);
		/* What an earlier look could not take is half a line: its end may yet
		 * come. */
		bool stalled = history->live_fd == followed->epoch->fd &&
			       history->live_end == size;

		if (size > offset && !stalled) {
			history->live_end = size;
			return history_follow(history, followed->epoch->fd, offset) == 0;
		}
		if (!followed->epoch->next)
			return false;
		followed->epoch = epoch_advance(followed->epoch);
		history->live_offset = history->live_end = 0;
	}
}

static void follow(struct answer *answer)
{
	bool more = false;

	answer->waiting = false;
	for (size_t i = 0; i < answer->search.count; i++)
		more |= has_more(answer, i);
	if (!more) {
		answer->waiting = true;
		return;
	}
	search_again(&answer->search);
	if (varlink_queued(answer->call) > QUEUED_MAX_BYTES)
		varlink_on_drained(answer->call, on_drained, answer);
	else
		run(answer);
}

static bool follows(const struct answer *answer, const struct service *service)
{
	for (size_t i = 0; i < answer->search.count; i++)
		if (answer->followed[i].service == service)
			return true;
	return false;
}

void answers_wake(struct answers *answers, struct service *service)
{
	for (struct answer *i = answers->first, *next; i; i = next) {
		next = i->next;
		if (i->waiting && follows(i, service))
			follow(i);
	}
}

void answers_forget(struct answers *answers, struct service *service)
{
	for (struct answer *i = answers->first; i; i = i->next)
		for (size_t j = 0; j < i->search.count; j++)
			if (i->followed[j].service == service)
				i->followed[j].service = NULL;
}

/* ---- Logs -------------------------------------------------------------------------- */

static int add_history(struct answer *answer, struct service *service,
	struct writer *writer, const char *stream)
{
	size_t at = answer->search.count;
	struct shelf *shelf = writer_shelf(writer);
	struct epoch *epoch = writer_epoch(writer);
	int r;

	if (!shelf || !epoch)
		return 0; /* not open now: its problem is told by LogStats */
	r = history_init(
		&answer->search.histories[at], service->name, stream, shelf, epoch->fd);
	if (r < 0)
		return r;
	answer->followed[at] = (struct followed){ service, epoch_share(epoch) };
	answer->search.count++;
	return 0;
}

static int add_service(struct answer *answer, struct service *service)
{
	struct writer *out = service->streams[STREAM_OUT].writer;
	struct writer *err = service->streams[STREAM_ERR].writer;
	int stream = answer->search.query.stream, r = 0;

	if (out && out == err)
		return add_history(answer, service, out, "");
	if (out && stream != STREAM_ERR)
		r = add_history(answer, service, out, stream_words[STREAM_OUT]);
	if (r == 0 && err && stream != STREAM_OUT)
		r = add_history(answer, service, err, stream_words[STREAM_ERR]);
	return r;
}

static int answer_new(struct answer **ret, struct answers *answers,
	struct varlink_call *call, struct query *query, const struct chosen *chosen)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	int r = 0;

	if (!answer)
		return -ENOMEM;
	answer->all = answers;
	answer->call = call;
	answer->next = answers->first;
	answers->first = answer;
	answer->search.query = *query;
	*query = (struct query){ 0 };
	answer->search.job = (struct job){ .work = on_step, .done = on_step_done };
	answer->search.histories =
		calloc(chosen->count * STREAMS + 1, sizeof(struct history));
	answer->followed = calloc(chosen->count * STREAMS + 1, sizeof(struct followed));
	if (!varlink_wants_more(call))
		answer->gathered = json_new_array();
	if (!answer->search.histories || !answer->followed)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < chosen->count; i++)
		r = add_service(answer, chosen->items[i]);
	if (r < 0)
		answer_free(answer);
	else
		*ret = answer;
	return r;
}

/* Nothing is open to read: say where the lines are. */
static void no_file(struct varlink_call *call, const struct service *service)
{
	struct writer *writers[STREAMS];
	size_t count = service_writers(service, writers);
	_cleanup_free_ char *reason = NULL;

	if (count > 0)
		reason = text_format("%s: the log cannot be opened: %s", service->name,
			writer_problem(writers[0]));
	else if (service->streams[STREAM_OUT].journal ||
		 service->streams[STREAM_ERR].journal)
		reason = text_format("%s logs to the journal: journalctl SVCD_SERVICE=%s",
			service->name, service->name);
	else
		reason = text_format(
			"%s keeps no log: stdout and stderr are none", service->name);
	chosen_fail(call, reason ? reason : "no log");
}

static bool choose(const struct answers *answers, struct varlink_call *call,
	const struct json_t *parameters, struct chosen *ret)
{
	return chosen_read(ret, engine_services(answers->engine), call, parameters,
		answers->operators_gid);
}

static void on_logs(void *owner, struct varlink_call *call, struct json_t *parameters,
	struct instant now)
{
	struct answers *answers = owner;
	struct error err = { 0 };
	struct query query = { 0 };
	struct chosen chosen = { 0 };
	struct answer *answer = NULL;
	int r = query_read(&query, parameters, loop_wall(answers->loop), &err);

	(void)now;
	if (r < 0)
		chosen_fail(call, err.text);
	if (r == 0 && choose(answers, call, parameters, &chosen)) {
		query.follow = query.follow && varlink_wants_more(call);
		r = answer_new(&answer, answers, call, &query, &chosen);
		if (r < 0)
			chosen_fail(call, strerror(-r));
	}
	if (answer && answer->search.count == 0 && chosen.count == 1) {
		answer_free(TAKE(answer));
		no_file(call, chosen.items[0]);
	}
	if (answer) {
		varlink_on_gone(call, on_gone, answer);
		run(answer);
	}
	query_done(&query);
	chosen_done(&chosen);
}

static void on_log_stats(void *owner, struct varlink_call *call,
	struct json_t *parameters, struct instant now)
{
	struct chosen chosen = { 0 };
	struct json_t *services, *body;

	(void)now;
	if (choose(owner, call, parameters, &chosen)) {
		services = json_new_object();
		for (size_t i = 0; i < chosen.count; i++)
			json_set(services, chosen.items[i]->name,
				service_stats(chosen.items[i]));
		body = json_new_object();
		json_set(body, "services", services);
		varlink_reply(call, body, false);
	}
	chosen_done(&chosen);
}

static const struct varlink_method methods[] = {
	{ "io.svcd.Logs", on_logs },
	{ "io.svcd.LogStats", on_log_stats },
	{ NULL, NULL },
};

int answers_new(
	struct answers **ret, struct log_engine *engine, struct loop *loop, int listen_fd)
{
	struct answers *answers = calloc(1, sizeof(*answers));
	int r = 0;

	if (!answers)
		return -ENOMEM;
	answers->engine = engine;
	answers->loop = loop;
	answers->operators_gid = UNSET;
	if (listen_fd >= 0)
		r = varlink_server_new(&answers->server, loop, listen_fd, methods,
			varlink_io_svcd, answers);
	if (r < 0) {
		free(answers);
		return r;
	}
	*ret = answers;
	return 0;
}

void answers_set_operators(struct answers *answers, int64_t gid)
{
	answers->operators_gid = gid;
}

void answers_stop(struct answers *answers)
{
	answers->stopping = true;
	for (struct answer *i = answers->first, *next; i; i = next) {
		next = i->next;
		atomic_store(&i->search.stop, true);
		if (!i->running)
			finish(i);
	}
}

struct answers *answers_free(struct answers *answers)
{
	if (!answers)
		return NULL;
	varlink_server_free(answers->server);
	free(answers);
	return NULL;
}
