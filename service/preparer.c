/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * preparer.c - who waits for a preparation, and the deeds that do them.
 *
 * Owns those that were asked for, in order, and the batches under way. Each is answered
 * as soon as it is prepared, while its batch goes on. What holds up a batch is asked
 * again, alone.
 */
#include "service/preparer.h"

#include <stdlib.h>
#include <string.h>

#include "service/prepare.h"

enum {
	BATCH_MAX = 128,
	BATCHES_MAX = 2, /* at a time; more would only wait for the same disk */
	/* A fork is worth it beside one under way for so many, or when that is slow. */
	WORTH_A_BATCH = 64,
	SLOW_MS = 50,
	BATCH_TIMEOUT_MS = 5 * MS_PER_S,
	ALONE_TIMEOUT_MS = 60 * MS_PER_S,
};

struct preparing {
	struct preparer *preparer;
	struct preparer_wish wish;
	struct preparing *next; /* in the queue */
	struct batch *batch;    /* that does it; NULL: none yet, or it is answered */
	bool queued;
	bool alone; /* a batch did not come past it in time */
};

struct batch {
	struct preparer *preparer;
	struct deed *deed;
	struct preparing *items[BATCH_MAX]; /* NULL: answered, or given up */
	size_t count, answered;
	bool answering; /* who is told may give up others of it */
	struct batch *next;
};

struct preparer {
	struct loop *loop;
	struct cgroups *cgroups;
	struct task *flush;
	struct preparing *first, **end; /* the queue */
	size_t waiting;                 /* in it */
	struct batch *batches;
	size_t batches_count; /* without those of one alone */
	struct timer *slow;   /* armed: when the latest batch has taken long */
};

/* ---- the queue ---- */

static void append(struct preparer *preparer, struct preparing *preparing)
{
	preparing->next = NULL;
	preparing->batch = NULL;
	preparing->queued = true;
	*preparer->end = preparing;
	preparer->end = &preparing->next;
	preparer->waiting++;
	task_schedule(preparer->flush);
}

static void unlink_one(struct preparer *preparer, struct preparing *preparing)
{
	struct preparing **at = &preparer->first;

	while (*at != preparing)
		at = &(*at)->next;
	*at = preparing->next;
	if (!*at)
		preparer->end = at;
	preparer->waiting--;
	preparing->queued = false;
}

static struct preparing *take_first(struct preparer *preparer)
{
	struct preparing *preparing = preparer->first;

	unlink_one(preparer, preparing);
	return preparing;
}

/* ---- batches ---- */

static void forget_batch(struct batch *batch)
{
	struct preparer *preparer = batch->preparer;
	struct batch **at = &preparer->batches;

	while (*at != batch)
		at = &(*at)->next;
	*at = batch->next;
	if (batch->count > 1)
		preparer->batches_count--;
	deed_free(batch->deed);
	free(batch);
	task_schedule(preparer->flush);
}

static void answer(
	struct preparing *preparing, struct prepared *prepared, struct instant now)
{
	preparing->batch = NULL;
	preparing->wish.done(preparing->wish.owner, prepared, now);
	prepared_done(prepared);
}

static void answer_line(
	struct preparing *preparing, const char *line, size_t size, struct instant now)
{
	struct prepared prepared = { 0 };

	if (prepared_read(&prepared, line, size) < 0)
		reason_set(prepared.reason, sizeof(prepared.reason),
			"prepare: its answer is broken");
	answer(preparing, &prepared, now);
}

static void not_prepared(
	struct preparing *preparing, const char *reason, struct instant now)
{
	struct prepared prepared = { 0 };

	reason_set(prepared.reason, sizeof(prepared.reason), "%s",
		reason[0] ? reason : "prepare: no answer");
	answer(preparing, &prepared, now);
}

/* The first without an answer is the one that took too long; those behind it were not got
 * to. */
static void not_answered(struct preparing *preparing, bool was_tried, const char *reason,
	struct instant now)
{
	if (was_tried && preparing->batch->count == 1) {
		not_prepared(preparing, reason, now);
		return;
	}
	preparing->alone = was_tried;
	append(preparing->preparer, preparing);
}

static bool on_line(void *owner, const char *line, size_t size, struct instant now)
{
	struct batch *batch = owner;
	struct preparing *preparing;

	if (batch->answered == batch->count)
		return false;
	preparing = TAKE(batch->items[batch->answered]);
	batch->answered++;
	batch->answering = true;
	if (preparing)
		answer_line(preparing, line, size, now);
	batch->answering = false;
	return true;
}

static void on_done(void *owner, const struct deed_result *result, struct instant now)
{
	struct batch *batch = owner;

	batch->answering = true;
	for (size_t i = batch->answered; i < batch->count; i++) {
		if (batch->items[i])
			not_answered(batch->items[i], i == batch->answered,
				result->reason, now);
		batch->items[i] = NULL;
	}
	forget_batch(batch);
}

static int start_batch(struct batch *batch)
{
	struct prepare wishes[BATCH_MAX];
	struct prepare_batch data = { wishes, batch->count };
	struct spawn_spec spec = spawn_plain("prepare");
	struct deed_plan plan = { .spec = &spec,
		.timeout_ms = batch->count > 1 ? BATCH_TIMEOUT_MS : ALONE_TIMEOUT_MS,
		.done = on_done,
		.line = on_line,
		.owner = batch };

	spec.function = prepare_run;
	spec.data = &data;
	for (size_t i = 0; i < batch->count; i++) {
		const struct preparer_wish *wish = &batch->items[i]->wish;

		wishes[i] = (struct prepare){ wish->service->host->paths,
			wish->service->declaration, wish->service->host->policy,
			wish->instance, &wish->service->identity,
			wish->service->readers_gid };
	}
	return deed_start(
		&batch->deed, batch->preparer->loop, batch->preparer->cgroups, &plan);
}

static void fill(struct batch *batch)
{
	struct preparer *preparer = batch->preparer;
	bool alone = preparer->first->alone;

	do {
		struct preparing *preparing = take_first(preparer);

		preparing->batch = batch;
		batch->items[batch->count++] = preparing;
	} while (!alone && preparer->first && !preparer->first->alone &&
		 batch->count < BATCH_MAX);
}

/* Takes the first of the queue and those that may go with it. */
static void next_batch(struct preparer *preparer, struct instant now)
{
	static const struct deed_result no_memory = { .output = "",
		.reason = "no memory for a side job" };
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch) {
		not_prepared(take_first(preparer), no_memory.reason, now);
		return;
	}
	batch->preparer = preparer;
	batch->next = preparer->batches;
	preparer->batches = batch;
	fill(batch);
	if (batch->count > 1)
		preparer->batches_count++;
	if (start_batch(batch) < 0)
		on_done(batch, &no_memory, now);
}

static bool is_worth_it(const struct preparer *preparer)
{
	return preparer->first->alone || preparer->batches_count == 0 ||
	       (preparer->batches_count < BATCHES_MAX &&
		       (preparer->waiting >= WORTH_A_BATCH ||
			       !timer_is_armed(preparer->slow)));
}

static void on_flush(void *owner, struct instant now)
{
	struct preparer *preparer = owner;

	while (preparer->first && is_worth_it(preparer)) {
		timer_arm(preparer->slow, instant_add_ms(now, SLOW_MS));
		next_batch(preparer, now);
	}
}

/* ---- the door ---- */

int preparer_new(struct preparer **ret, struct loop *loop, struct cgroups *cgroups)
{
	struct preparer *preparer = calloc(1, sizeof(*preparer));
	int r;

	if (!preparer)
		return -ENOMEM;
	preparer->loop = loop;
	preparer->cgroups = cgroups;
	preparer->end = &preparer->first;
	r = task_new(&preparer->flush, loop, on_flush, preparer);
	if (r == 0)
		r = timer_new(&preparer->slow, loop, on_flush, preparer);
	if (r < 0) {
		preparer_free(preparer);
		return r;
	}
	*ret = preparer;
	return 0;
}

struct preparer *preparer_free(struct preparer *preparer)
{
	if (!preparer)
		return NULL;
	while (preparer->batches)
		forget_batch(preparer->batches);
	task_free(preparer->flush);
	timer_free(preparer->slow);
	free(preparer);
	return NULL;
}

bool preparer_is_idle(const struct preparer *preparer)
{
	return !preparer->first && !preparer->batches;
}

int preparer_ask(struct preparing **ret, struct preparer *preparer,
	const struct preparer_wish *wish)
{
	struct preparing *preparing = calloc(1, sizeof(*preparing));

	if (!preparing)
		return -ENOMEM;
	preparing->preparer = preparer;
	preparing->wish = *wish;
	append(preparer, preparing);
	*ret = preparing;
	return 0;
}

/* Nobody waits for what it still does. */
static bool is_given_up(const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->items[i])
			return false;
	}
	return !batch->answering;
}

struct preparing *preparing_free(struct preparing *preparing)
{
	struct batch *batch;

	if (!preparing)
		return NULL;
	if (preparing->queued)
		unlink_one(preparing->preparer, preparing);
	batch = preparing->batch;
	for (size_t i = 0; batch && i < batch->count; i++) {
		if (batch->items[i] == preparing)
			batch->items[i] = NULL;
	}
	if (batch && is_given_up(batch))
		forget_batch(batch);
	free(preparing);
	return NULL;
}
