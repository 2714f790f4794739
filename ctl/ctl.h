/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctl.h - private to this room: one run of svcctl, from its words to its exit status.
 *
 * Data goes to standard output, words about it to standard error. A verb is one row of
 * verb_rows (main.c) and one function; an option is one row of option_rows (options.c),
 * which --help, the manual and the completion print too.
 */
#pragma once

#include "base/paths.h"

#include "ctl/show.h"
#include "protocol/protocol.h"

/* Everything that can be said on the command line; members that a verb does not take
 * stay as they are. */
struct options {
	const char *root, *words_for;
	bool json, no_color, help, version;
	bool all, no_wait, watch, follow, yes, dry_run, create_users, names, host, binary,
		misc_dynamic;
	bool verbose, wanted, shutdown;
	const char *tag, *reason, *signal, *since, *until, *grep, *level, *stream,
		*format;
	const char *metric, *warning, *critical;
	int64_t lines, timeout_s;
	struct strings remove;
};

struct ctl {
	struct options options;
	enum verb verb;
	char **words; /* what stands behind the verb */
	size_t words_count;
	struct paths paths;
	struct view out, err; /* of the two streams */
	bool asks;            /* a person sits there: both ends are terminals */
	bool shows_progress;  /* standard error is a terminal */
};

/* Which exit statuses a verb has for what happened before it could do anything. */
struct verb_row {
	int (*run)(struct ctl *ctl);
	size_t least, most; /* words */
	int usage;          /* exit status of a mistake in the command line */
};
extern const struct verb_row verb_rows[VERB_COUNT];

/* options.c */
enum { MANY = 1000, NOT_SAID = -1 };
int options_parse(struct ctl *ctl, int argc, char **argv); /* 0, or the exit status */
void options_done(struct options *options);
void options_help(struct text *out, const struct view *view, int verb); /* -1: global */
void options_words(struct text *out, int verb); /* a line each, for completion */

/* help.c */
void help_all(struct text *out, const struct view *view);
void help_verb(struct text *out, const struct view *view, enum verb verb);
int help_words(const char *what); /* --words: for completion and the manual */

/* say.c: standard error, "svcctl: …". */
void say(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int usage(const struct ctl *ctl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Takes `text` to standard output; EXIT_FAILED when it cannot be written or memory ran
 * out. */
int put(struct text *text);
int put_json(const struct json_t *value);

/* ask.c */
struct question {
	const char *socket; /* one of ctl->paths */
	const char *who;    /* "svcd", for people */
	const char *method;
	bool more;
	bool may_hang_up;   /* that is an answer, too: 0 */
	int64_t timeout_ms; /* of silence */
	varlink_reply_fn *reply;
	void *data;
};
/* What is known is answered at once; what must be done first, or waited for, takes as
 * long as svcd is alive to do it. */
enum { ANSWER_MS = 5 * MS_PER_S, WHILE_ALIVE = -1 };
/* Takes parameters. The exit status: 0 when all answers came, else what went wrong is
 * said. */
int ask(const struct ctl *ctl, const struct question *question,
	struct json_t *parameters);
struct question ask_svcd(
	const struct ctl *ctl, const char *method, varlink_reply_fn *reply, void *data);
/* reply function: keeps the last answer; `data` is a struct json_t **. */
int keep_answer(struct json_t *parameters, bool more, void *data);
/* {names, tag} of the words of a verb: names, or one @TAG. 0, or the exit status. */
int select_services(const struct ctl *ctl, struct json_t **ret);
/* ["a", …] of the words; NULL when memory ran out. */
struct json_t *names_of(char *const *words, size_t count);

/* the verbs */
int verb_status(struct ctl *ctl);
int verb_list(struct ctl *ctl);
int verb_events(struct ctl *ctl);
int verb_act(struct ctl *ctl); /* start stop restart reload */
int verb_kill(struct ctl *ctl);
int verb_check(struct ctl *ctl);
int verb_logs(struct ctl *ctl);
int verb_diff(struct ctl *ctl);
int verb_apply(struct ctl *ctl);
int verb_validate(struct ctl *ctl);
int verb_show(struct ctl *ctl);
int verb_schema(struct ctl *ctl);
int verb_firewall(struct ctl *ctl);
int verb_reexec(struct ctl *ctl);
int verb_version(struct ctl *ctl);

/* create_users.c: users and groups that declarations name and the host does not have are
 * made, or (not `act`) told. The exit status. */
int create_users(const struct ctl *ctl, bool act, size_t *ret_count);

/* results.c: the last answer of an acting verb, and progress on the way to it. */
struct results {
	const struct ctl *ctl;
	struct json_t *last; /* owned */
	bool line_open;      /* a progress line stands on the terminal */
};
int results_reply(struct json_t *parameters, bool more, void *data);
int results_print(struct results *self, const char *done); /* the exit status */
void results_done(struct results *self);

/* ---- verb_offline.c: what the files say -------------------------------------------- */

struct config;
struct sources;
/* Adds to what was gathered; `data` is its own. */
typedef int offline_fn(struct sources *sources, const void *data);
/* Everything on disk, and what `add` (NULL: nothing) adds. NULL: it failed, which is
 * said. */
struct config *offline_config(const struct ctl *ctl, offline_fn *add, const void *data);
/* NULL: none of that path. */
const struct entry *offline_entry(const struct config *config, const char *path);
