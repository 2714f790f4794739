/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * forward.c - a worker whose jobs are batches of lines.
 *
 * Owns the queued copies. Not here: the journal's protocol (base/log.c).
 */
#include "logrotate/forward.h"

#include <string.h>

#include "base/log.h"

#include "logrotate/line.h"
#include "logrotate/worker.h"

struct forwarder {
	struct worker *worker;
	size_t queued_bytes;
};

struct batch {
	struct job job;
	struct forwarder *forwarder;
	char *service;
	bool is_stderr;
	size_t size;
	char lines[];
};

static void tell(struct batch *batch, const char *line, size_t size)
{
	struct line_facts facts = line_read(line, size);
	int level =
		facts.level == LEVEL_UNKNOWN ? LOG_INFO : level_to_syslog(facts.level);
	struct log_line told = {
		.service = batch->service,
		.stream = batch->is_stderr ? "stderr" : "stdout",
		.level = level,
		.text = facts.text,
		.size = facts.size,
	};

	log_forward(&told);
}

static void on_work(struct job *job)
{
	struct batch *batch = (struct batch *)job;
	const char *at = batch->lines;
	size_t left = batch->size;

	while (left > 0) {
		const char *end = memchr(at, '\n', left);
		size_t size = end ? (size_t)(end - at) : left;

		tell(batch, at, size);
		left -= MIN(size + 1, left);
		at += size + 1;
	}
}

static void on_done(struct job *job, struct instant now)
{
	struct batch *batch = (struct batch *)job;

	(void)now;
	batch->forwarder->queued_bytes -= batch->size;
	free(batch->service);
	free(batch);
}

int forwarder_new(struct forwarder **ret, struct loop *loop)
{
	struct forwarder *forwarder = calloc(1, sizeof(*forwarder));
	int r;

	if (!forwarder)
		return -ENOMEM;
	r = worker_new(&forwarder->worker, loop, "log-journal", WORKER_NORMAL);
	if (r < 0) {
		free(forwarder);
		return r;
	}
	*ret = forwarder;
	return 0;
}

struct forwarder *forwarder_free(struct forwarder *forwarder, struct instant now)
{
	if (forwarder)
		worker_free(forwarder->worker, now);
	free(forwarder);
	return NULL;
}

bool forward_lines(struct forwarder *forwarder, const char *service, bool is_stderr,
	const char *lines, size_t size)
{
	struct batch *batch;

	if (forwarder->queued_bytes + size > FORWARD_QUEUE_BYTES)
		return false;
	batch = malloc(sizeof(*batch) + size);
	if (!batch)
		return false;
	*batch = (struct batch){ .job = { .work = on_work, .done = on_done },
		.forwarder = forwarder,
		.is_stderr = is_stderr,
		.size = size };
	batch->service = strdup(service);
	if (!batch->service) {
		free(batch);
		return false;
	}
	memcpy(batch->lines, lines, size);
	forwarder->queued_bytes += size;
	worker_add(forwarder->worker, &batch->job);
	return true;
}
