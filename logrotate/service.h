/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * service.h - the logs of one service: its pipes, where each stream goes, its rate and
 * its numbers.
 */
#pragma once

#include "config/config.h"
#include "logrotate/commons.h"
#include "logrotate/gap.h"
#include "logrotate/intake.h"
#include "logrotate/rate.h"
#include "logrotate/tidy.h"
#include "logrotate/writer.h"

enum { STREAM_OUT, STREAM_ERR, STREAMS };
extern const char *const stream_words[STREAMS]; /* stdout stderr */

struct service {
	struct commons *commons;
	struct service *next;
	char *name;
	struct logs logs; /* as declared; owned */
	char *group;      /* access.group, for words */
	bool declared;
	struct stream {
		bool journal;
		struct writer *writer; /* NULL: no file; both streams may have the same */
	} streams[STREAMS];
	struct intake *intakes; /* its pipes */
	gid_t *readers;         /* groups whose members may ask for its lines */
	size_t readers_count;

	struct rate rate;
	struct gap gap; /* lines over the rate, not told yet */
	struct timer *gap_timer;
	uint64_t lines, bytes, dropped;
	struct text scratch; /* lines with their stamps */

	struct tidying *tidying; /* the job, private to service.c; NULL: none runs */
	bool tidy_again, leaving;
	char *tidy_problem, *told_problem; /* as the journal has it; NULL: none */
};

/* Takes declaration. -ENOMEM. */
int service_new(struct service **ret, struct commons *commons, const char *name,
	struct declaration *declaration, struct moment at);
/* Takes declaration; what it changes is changed in place. */
int service_declare(
	struct service *service, struct declaration *declaration, struct moment at);
/* Writes what its pipes hold now and lets go of it. */
struct service *service_free(struct service *service, struct moment at);

/* Takes fd. `name` is "mathoid/1.stdout"; the same name and the same pipe again changes
 * nothing. */
struct pipe_told {
	const char *name;
	int64_t instance;
	int stream; /* STREAM_OUT, STREAM_ERR */
};
int service_add_pipe(
	struct service *service, const struct pipe_told *told, int fd, struct moment at);
void service_rotate(struct service *service, struct moment at);
/* Looks after the archives, soon and in the tidying thread. */
void service_tidy(struct service *service, struct moment at);
/* The last lines that an instance printed on a stream, also of a shared pipe; NULL:
 * none. */
struct tail_asked {
	int64_t instance, lines;
	int stream;
};
struct json_t *service_tail(
	struct service *service, const struct tail_asked *asked, struct moment at);
/* A list of group ids, or nothing. */
void service_set_readers(struct service *service, const struct json_t *gids);

/* {lines, bytes, dropped, rotations, problem, files: [{name, bytes, waiting}]} */
struct json_t *service_stats(const struct service *service);

/* Why lines are not written or archives not looked after is told to the journal, once
 * when it begins and once when it ends. */
void service_tell_problem(struct service *service);

/* For intake.c: whole lines of a stream. */
void service_take(struct service *service, int stream, const char *lines, size_t size,
	struct moment at);
bool service_is_full(const struct service *service, int stream);
/* The writers, each once; how many. */
size_t service_writers(const struct service *service, struct writer *ret[STREAMS]);
