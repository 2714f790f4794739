/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * writer.c - append, rotate, ride out.
 *
 * Owns the live file (as an epoch), the shelf, what waits in memory, and one timer for
 * both retries and the next rotation by time. Not here: packing and removing (tidy.c),
 * where lines come from.
 */
#include "logrotate/writer.h"

#include <fcntl.h>
#include <string.h>

#include "logrotate/gap.h"
#include "logrotate/live.h"
#include "logrotate/spill.h"

enum {
	RETRY_MS = 1000,
	LOOK_MS = 1000, /* how often the name is compared with what we write to */
	ROTATE_AGAIN_MS = 10000, /* after a rotation that failed */
	SYNC_AHEAD_BYTES =
		1024 * 1024, /* written back as we go: a later fsync is short */
	LONGEST_NAP_MS =
		600000, /* wall time may jump: look at the boundary now and then */
};

struct writer {
	struct writer_settings settings;
	struct writer_user user;
	struct loop *loop;
	struct timer *timer;
	struct shelf *shelf;
	struct epoch
		*epoch; /* stays when the file is lost: followers find the next from it */
	bool is_open;
	struct live live; /* what is known of the file in `epoch` */
	int64_t synced_bytes;
	struct spill spill;
	struct gap gap;
	char *problem; /* NULL: none */
	struct instant look_next, rotate_next;
	struct writer_stats stats;
};

static bool is_stuck(const struct writer *writer)
{
	return writer->spill.size > 0 || writer->gap.lines > 0;
}

static void arm(struct writer *writer, struct moment at)
{
	int64_t left_us;

	if (!writer->is_open || is_stuck(writer)) {
		timer_arm(writer->timer, instant_add_ms(at.now, RETRY_MS));
		return;
	}
	left_us = policy_boundary(&writer->settings.policy, writer->live.since).us;
	if (left_us == INT64_MAX) {
		timer_arm(writer->timer, NEVER);
		return;
	}
	left_us = MAX(left_us - at.wall.us, 0);
	left_us = MIN(left_us, (int64_t)LONGEST_NAP_MS * US_PER_MS);
	/* An empty log is due again and again: not in a hurry. */
	timer_arm(writer->timer, instant_add_us(at.now, MAX(left_us, US_PER_S)));
}

static void leave_file(struct writer *writer)
{
	writer->is_open = false;
	writer->shelf = shelf_free(writer->shelf);
}

static int complain(struct writer *writer, const struct error *err)
{
	free(writer->problem);
	writer->problem = strdup(err->text);
	return err->code;
}

static void be_content(struct writer *writer)
{
	free(writer->problem);
	writer->problem = NULL;
}

static int take_file(struct writer *writer, int fd, struct error *err)
{
	struct epoch *epoch = epoch_new(writer->epoch, fd);

	if (!epoch)
		return error_errno(err, -ENOMEM, "%s", writer_name(writer));
	writer->epoch = epoch;
	writer->is_open = true;
	be_content(writer);
	writer->synced_bytes = writer->live.size_bytes;
	return 0;
}

static int open_file(struct writer *writer, struct moment at)
{
	struct error err = { 0 };
	struct live live;
	int fd, r = 0;

	if (!writer->shelf)
		r = shelf_new(&writer->shelf, &writer->settings.place, &err);
	if (r < 0)
		return complain(writer, &err);
	fd = live_open(&live, writer->shelf, writer->settings.mode, at.wall, &err);
	if (fd < 0)
		return complain(writer, &err);
	writer->live = live;
	r = take_file(writer, fd, &err);
	return r < 0 ? complain(writer, &err) : 0;
}

/* The name may have been taken from us (an operator's rm, another program's rotation). */
static void look_at_name(struct writer *writer, struct moment at)
{
	if (!writer->is_open || !instant_reached(at.now, writer->look_next))
		return;
	writer->look_next = instant_add_ms(at.now, LOOK_MS);
	if (live_is_named(&writer->live, writer->shelf))
		return;
	/* Followers go on in the new file; a directory that is gone is found by its path
	 * again. */
	if (open_file(writer, at) < 0)
		leave_file(writer);
}

static int ensure_open(struct writer *writer, struct moment at)
{
	int r;

	look_at_name(writer, at);
	if (writer->is_open)
		return 0;
	r = open_file(writer, at);
	if (r < 0)
		leave_file(writer);
	return r;
}

/* 0: the live file is a fresh one. On failure the old one is written to further on. */
static int rotate(struct writer *writer, struct moment at)
{
	struct error err = { 0 };
	int r;

	if (!instant_reached(at.now, writer->rotate_next))
		return -EAGAIN;
	r = shelf_put_away(writer->shelf, at.wall);
	if (r < 0) {
		writer->rotate_next = instant_add_ms(at.now, ROTATE_AGAIN_MS);
		error_errno(&err, r, "cannot rotate %s", writer_name(writer));
		return complain(writer, &err);
	}
	writer->stats.rotations++;
	r = open_file(writer, at);
	if (r < 0)
		leave_file(writer);
	writer->user.rotated(writer->user.owner, at);
	return r;
}

static void sync_ahead(struct writer *writer)
{
	if (writer->live.size_bytes - writer->synced_bytes < SYNC_AHEAD_BYTES)
		return;
	sync_file_range(writer->epoch->fd, writer->synced_bytes,
		writer->live.size_bytes - writer->synced_bytes, SYNC_FILE_RANGE_WRITE);
	writer->synced_bytes = writer->live.size_bytes;
}

static ssize_t append(struct writer *writer, const char *lines, size_t size)
{
	struct error err = { 0 };
	ssize_t put;

	do
		put = write(writer->epoch->fd, lines, size);
	while (put < 0 && errno == EINTR);
	if (put < 0) {
		error_errno(&err, -errno, "cannot write %s", writer_name(writer));
		return complain(writer, &err);
	}
	writer->live.size_bytes += put;
	sync_ahead(writer);
	return put;
}

/* As much as the disk takes now, rotated where it must be; how much that was. */
static size_t put(struct writer *writer, const char *lines, size_t size, struct moment at)
{
	size_t done = 0;

	while (done < size && ensure_open(writer, at) == 0) {
		size_t fits = policy_fits(&writer->settings.policy,
			writer->live.size_bytes, lines + done, size - done);
		ssize_t written;

		if (fits == 0 && rotate(writer, at) == 0)
			continue;
		if (!writer->is_open)
			break;
		/* A log that cannot be rotated grows: better too long than lost. */
		written = append(writer, lines + done, fits ? fits : size - done);
		if (written < 0)
			break;
		done += (size_t)written;
	}
	if (done > 0)
		writer->user.grew(writer->user.owner);
	return done;
}

/* What the disk did not take. `torn`: the file ends in the middle of the first line of
 * it. */
static void keep(struct writer *writer, const char *lines, size_t size, bool torn,
	struct moment at)
{
	bool wait = writer->settings.overflow != OVERFLOW_DROP;

	/* half of a line is on the disk: its rest is kept, whatever the policy */
	if (torn) {
		size_t rest = (size_t)((char *)memchr(lines, '\n', size) - lines) + 1;

		if (spill_add(&writer->spill, lines, rest)) {
			lines += rest;
			size -= rest;
		}
	}
	if (size == 0)
		return;
	/* Once lines were dropped, all later ones are, until the gap was told: order is
	 * kept. */
	if (!wait || writer->gap.lines > 0 || !spill_add(&writer->spill, lines, size))
		writer->stats.dropped_lines +=
			gap_add(&writer->gap, lines, size, at.wall);
}

void writer_write(struct writer *writer, const char *lines, size_t size, struct moment at)
{
	bool was_stuck = is_stuck(writer);
	size_t done = 0;

	if (size == 0)
		return;
	if (!was_stuck)
		done = put(writer, lines, size, at);
	if (done == size)
		return;
	keep(writer, lines + done, size - done, done > 0 && lines[done - 1] != '\n', at);
	if (!was_stuck) /* else each line would put off the next try */
		arm(writer, at);
}

void writer_notice(struct writer *writer, const char *sentence, struct moment at)
{
	struct text text = { 0 };

	mark_add_notice(&text, writer->settings.look, at.wall, sentence);
	if (!text_failed(&text))
		writer_write(writer, text.bytes, text.size, at);
	text_done(&text);
}

/* The gap is told where it is: before any later line. */
static void tell_gap(struct writer *writer, struct moment at)
{
	char sentence[GAP_SENTENCE_BYTES];
	struct text text = { 0 };

	gap_sentence(sentence, &writer->gap, "the disk took nothing");
	mark_add_notice(&text, writer->settings.look, at.wall, sentence);
	if (!text_failed(&text)) {
		size_t done = put(writer, text.bytes, text.size, at);

		if (done > 0)
			writer->gap = (struct gap){ 0 };
		if (done > 0 && done < text.size)
			spill_add(&writer->spill, text.bytes + done, text.size - done);
	}
	text_done(&text);
}

static void flush(struct writer *writer, struct moment at)
{
	bool was_stuck = is_stuck(writer);

	if (writer->spill.size > 0)
		spill_consume(&writer->spill,
			put(writer, spill_bytes(&writer->spill), writer->spill.size, at));
	if (writer->spill.size == 0 && writer->gap.lines > 0)
		tell_gap(writer, at);
	if (is_stuck(writer))
		return;
	if (writer->is_open && writer->problem &&
		instant_reached(at.now, writer->rotate_next))
		be_content(writer);
	if (was_stuck)
		writer->user.room(writer->user.owner, at);
}

static void turn(struct writer *writer, struct moment at)
{
	flush(writer, at);
	ensure_open(writer, at);
	if (writer->is_open &&
		policy_due(&writer->settings.policy, writer->live.size_bytes,
			writer->live.since, at.wall))
		rotate(writer, at);
	arm(writer, at);
}

static void on_timer(void *owner, struct instant now)
{
	struct writer *writer = owner;

	turn(writer, (struct moment){ now, loop_wall(writer->loop) });
}

int writer_new(struct writer **ret, struct loop *loop, size_t *spill_budget,
	const struct writer_settings *settings, struct writer_user user)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return -ENOMEM;
	writer->settings = *settings;
	writer->user = user;
	writer->loop = loop;
	spill_init(&writer->spill, spill_budget);
	r = timer_new(&writer->timer, loop, on_timer, writer);
	if (r < 0) {
		free(writer);
		return r;
	}
	*ret = writer;
	return 0;
}

struct writer *writer_free(struct writer *writer, struct moment at)
{
	if (!writer)
		return NULL;
	flush(writer, at);
	leave_file(writer);
	epoch_free(writer->epoch);
	timer_free(writer->timer);
	spill_done(&writer->spill);
	be_content(writer);
	free(writer);
	return NULL;
}

void writer_open(struct writer *writer, struct moment at)
{
	turn(writer, at);
}

static bool same_place(const struct shelf_place *a, const struct shelf_place *b)
{
	return text_equal(a->directory, b->directory) &&
	       text_equal(a->olddir, b->olddir) && text_equal(a->live, b->live) &&
	       text_equal(a->dateformat, b->dateformat) && a->foreign == b->foreign;
}

void writer_set(
	struct writer *writer, const struct writer_settings *settings, struct moment at)
{
	bool moved = !same_place(&writer->settings.place, &settings->place);

	if (moved)
		flush(writer, at);
	writer->settings = *settings;
	if (moved)
		leave_file(writer);
	turn(writer, at);
}

void writer_rotate(struct writer *writer, struct moment at)
{
	if (!writer->is_open || writer->live.size_bytes == 0)
		return;
	writer->rotate_next = at.now;
	rotate(writer, at);
	arm(writer, at);
}

bool writer_is_full(const struct writer *writer)
{
	return writer->settings.overflow == OVERFLOW_BLOCK && writer->spill.size > 0;
}

const char *writer_name(const struct writer *writer)
{
	return writer->settings.place.live;
}

const char *writer_problem(const struct writer *writer)
{
	return writer->problem ? writer->problem : "";
}

struct shelf *writer_shelf(const struct writer *writer)
{
	return writer->shelf;
}

struct epoch *writer_epoch(const struct writer *writer)
{
	return writer->epoch;
}

struct writer_stats writer_stats(const struct writer *writer)
{
	struct writer_stats stats = writer->stats;

	stats.live_bytes = writer->is_open ? writer->live.size_bytes : 0;
	stats.waiting_bytes = writer->spill.size;
	return stats;
}
