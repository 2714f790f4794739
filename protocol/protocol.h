/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * protocol.h - DOOR. What processes say to each other.
 *
 * Three languages: the words (verbs, states, verdicts) that every face shows alike; the
 * channel between the supervisor and an engine (one JSON message per SEQPACKET
 * datagram, fds beside it); varlink between svcctl and whoever answers (channel.h and
 * varlink.h are private to this room: this door has all).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/time.h"

/* ---- words ----------------------------------------------------------------------- */

enum wanted { WANTED_UP, WANTED_DOWN, WANTED_MAINT };
extern const char *const wanted_words[3]; /* up down maintenance */

/* Of an instance; a service has the "best" of its instances. */
enum state {
	STATE_DOWN,     /* nothing runs, nobody asked for it */
	STATE_STARTING, /* `before` or the process runs; until run.ready.timeout */
	STATE_UP,       /* it runs and was ready */
	STATE_STOPPING, /* told to stop; its cgroup is killed at run.stop.timeout */
	STATE_WAITING,  /* it died; started again when the back-off is over */
	STATE_FAILED,   /* gave up; says why; an operator's start begins anew */
	STATE_DONE,     /* a one-shot that succeeded */
};
extern const char *const state_words[7];

enum verdict { VERDICT_UNKNOWN, VERDICT_PASS, VERDICT_WARN, VERDICT_FAIL };
extern const char *const verdict_words[4]; /* unknown pass warn fail */

/* The terms of readiness, in the order in which every face shows them. */
#define READY_TERMS(X)                                                                   \
	X(WANTED, "wanted")     /* an operator or the declaration wants it up */         \
	X(STATE, "state")       /* at least one instance is up */                        \
	X(VERDICT, "verdict")   /* no check with effect ready or live fails */           \
	X(PORT, "port")         /* its own port accepts */                               \
	X(FIREWALL, "firewall") /* its rules are in the kernel */                        \
	X(VIP, "vip")           /* VIP on lo and ARP sysctls, when `lvs` */              \
	X(DRAINING, "draining") /* nobody drains it */                                   \
	X(WARM, "warm")         /* slow start is over */
enum ready_term {
#define X(id, word) TERM_##id,
	READY_TERMS(X)
#undef X
		TERM_COUNT
};
extern const char *const ready_term_words[TERM_COUNT];

/* What svcctl can ask; one list for the enum, the parser, --help, completion and
 * svcctl(1). id, word, arguments, who (r: reader, o: operator of the service, a: root,
 * -: off-line), help */
#define VERBS(X)                                                                         \
	X(STATUS, "status", "[NAME...]", 'r', "how services are, in full or as a table") \
	X(LIST, "list", "[@TAG...]", 'r', "the table of all services")                   \
	X(EVENTS, "events", "[-f] [-n N] [NAME]", 'r', "what happened, with causes")     \
	X(START, "start", "NAME...|--all|@TAG", 'o', "start, and wait until ready")      \
	X(STOP, "stop", "NAME...|--all|@TAG", 'o', "stop, and wait until down")          \
	X(RESTART, "restart", "NAME...|--all|@TAG", 'o',                                 \
		"stop and start, wait until ready")                                      \
	X(RELOAD, "reload", "NAME...|--all|@TAG", 'o',                                   \
		"tell it to read its configuration again")                               \
	X(KILL, "kill", "[-s SIGNAL] NAME...", 'o',                                      \
		"send a signal to its main processes")                                   \
	X(CHECK, "check", "[NAME] [-w R] [-c R]", 'r', "Nagios plugin: 0 1 2 3")         \
	X(LOGS, "logs", "[-f] [-n N] NAME", 'r', "what the service printed")             \
	X(DIFF, "diff", "[NAME...]", 'r', "declarations on disk against what runs")      \
	X(APPLY, "apply", "[--yes] [--remove NAME] [NAME...]", 'a',                      \
		"make it run as declared")                                               \
	X(REEXEC, "reexec", "", 'a', "replace svcd, touch no service")                   \
	X(VALIDATE, "validate", "FILE|DIR...", '-',                                      \
		"find mistakes before a daemon reads files")                             \
	X(SHOW, "show", "NAME|FILE", '-',                                                \
		"the whole effective declaration with origins")                          \
	X(SCHEMA, "schema", "", '-', "JSON Schema of a declaration, for editors")        \
	X(FIREWALL, "firewall", "show [NAME]", '-',                                      \
		"the rules a declaration makes, as nft text")                            \
	X(VERSION, "version", "", 'r', "versions of svcctl and of what runs")
enum verb {
#define X(id, word, args, who, help) VERB_##id,
	VERBS(X)
#undef X
		VERB_COUNT
};
struct verb_facts {
	const char *word, *args, *help;
	char who;
};
extern const struct verb_facts verbs[VERB_COUNT];
int verb_find(const char *word); /* -1: none */

/* Exit statuses of svcctl's acting verbs. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_SUCH = 4,
	EXIT_NOT_ALLOWED = 5,
	EXIT_NOT_REACHABLE = 7
};

/* ---- the channel between supervisor and engine ----------------------------------- */

#define ENGINES(X)                                                                       \
	X(HEALTH, "health", "svcd-health")                                               \
	X(LOG, "log", "svcd-log")                                                        \
	X(FIREWALL, "firewall", "svcd-firewall")
enum engine {
#define X(id, word, program) ENGINE_##id,
	ENGINES(X)
#undef X
		ENGINE_COUNT
};
extern const char *const engine_words[ENGINE_COUNT];
extern const char *const engine_programs[ENGINE_COUNT]; /* also the user each runs as */

enum { CHANNEL_VERSION = 1 };

/* Every message is {"kind": WORD, …}. The rows say who sends what; docs/engines.md
 * tells the bodies.
 *
 * To every engine, in this order after it started: HELLO, one SERVICE per declaration
 * that is here (and PIPE, STATE where the engine wants them), SYNC. An engine deletes
 * nothing before SYNC. After that: changes as they come. SERVICE, GONE and SYNC carry
 * `generation`, and are answered by ACK. */
/* clang-format off */
#define MESSAGES(X)                                                                      \
	/* both ways, first: version, build; down also host, site, root */              \
	X(HELLO, "hello")                                                                \
	/* supervisor → engine */                                                        \
	X(SERVICE, "service")   /* service, generation, declaration (effective JSON) */  \
	X(GONE, "gone")         /* service, generation: no longer declared here */       \
	X(SYNC, "sync")         /* generation: all was told; the rest may go */       \
	X(STATE, "state")       /* health: service, status (docs/status.md) */           \
	X(PROBED, "probed")     /* health: what came of a PROBE */                       \
	X(PIPE, "pipe")         /* log: service, name, instance, stream; 1 fd */      \
	X(ROTATE, "rotate")     /* log: service: rotate now */                           \
	X(STOP, "stop")         /* finish, say BYE, exit */                              \
	/* engine → supervisor */                                                        \
	X(ACK, "ack")           /* of, service, generation, error */                  \
	X(VERDICT, "verdict")   /* health: service, check, instance, verdict, reason */ \
	X(PROBE, "probe")       /* health: service, check, instance, number: try it */ \
	X(APPLIED, "applied")   /* firewall: service, generation, ok, reason */          \
	X(COUNTERS, "counters") /* firewall: services: {NAME: {accepted, dropped}} */    \
	X(FOREIGN, "foreign")   /* firewall: text: who changed our table, what we did */ \
	X(TAIL, "tail")   /* both ways; log: service, instance, exit, stream, lines */   \
	X(LOGSTATS, "logstats") /* log: services: {NAME: {bytes, lines, dropped, …}} */  \
	X(BYE, "bye")                                                                    \
	/* health → supervisor, unanswered: a face was asked; at most every 5 s */     \
	X(ALIVE, "alive")
/* clang-format on */
enum message_kind {
#define X(id, word) MESSAGE_##id,
	MESSAGES(X)
#undef X
		MESSAGE_COUNT
};
extern const char *const message_words[MESSAGE_COUNT];

enum {                                       /* what a peer can make us hold */
	CHANNEL_MAX_BYTES = 8 * 1024 * 1024, /* of one message */
	CHANNEL_INLINE_BYTES = 64 * 1024,    /* a longer body travels as a sealed memfd */
	CHANNEL_MAX_FDS = 4,
};

/* One end of a SOCK_SEQPACKET pair, on a loop. Sends never block: what the socket does
 * not take now waits in a queue; `channel_waiting` tells how much, so that its user
 * keeps only newest state. */
struct channel;
/* Fds on their way: at most CHANNEL_MAX_FDS and the memfd of a long body. */
struct fds {
	int items[CHANNEL_MAX_FDS + 1];
	size_t count;
};
struct channel_user {
	/* `body` is borrowed (json_share() keeps it). `fds` are the callee's to take: set
	 * an item to -1 to keep it. Freeing the channel in here is allowed. */
	void (*message)(void *owner, enum message_kind kind, struct json_t *body,
		struct fds *fds, struct instant now);
	/* The queue is empty again; may be NULL. */
	void (*writable)(void *owner, struct instant now);
	/* EOF, a broken frame, or an error: the channel is dead; free it. `reason` is
	 * for people. */
	void (*closed)(void *owner, const char *reason, struct instant now);
};
int channel_new(struct channel **ret, struct loop *loop, int fd,
	const struct channel_user *user, void *owner); /* takes fd */
struct channel *channel_free(struct channel *self);
/* Takes `body` (an object; its "kind" is set here); duplicates `fds`. 0, -ENOMEM,
 * -E2BIG, -EPIPE. */
int channel_send(struct channel *self, enum message_kind kind, struct json_t *body,
	const int *fds, size_t fds_count);
/* The same, with a last member that is text already (JSON): several are told the same. */
struct channel_part {
	const char *key, *text;
};
int channel_send_part(struct channel *self, enum message_kind kind, struct json_t *body,
	const struct channel_part *part);
/* Messages not yet taken by the kernel. */
size_t channel_waiting(const struct channel *self);
CLEANUP(struct channel *, channel_free)

/* Where an engine finds what it was given: fd 3 is its channel; further fds by
 * LISTEN_FDNAMES as sd_listen_fds_with_names(3), e.g. "health.sock:http:http". */
enum { ENGINE_CHANNEL_FD = 3, ENGINE_FIRST_LISTENER_FD = 4 };
/* The fds named `name` (borrowed numbers) in $SVCD_FDNAMES ("name:name:…", from fd 4
 * on): how many. */
size_t engine_listeners(const char *name, int *fds, size_t max);

/* ---- varlink --------------------------------------------------------------------- */

enum {
	VARLINK_MAX_BYTES = 1024 * 1024,
	VARLINK_MAX_CLIENTS = 256,
	VARLINK_MAX_QUEUED_BYTES = 4 * 1024 * 1024
};

extern const char varlink_io_svcd[]; /* the interface text, for varlink_server_new() */

/* Server: for the supervisor, the health engine and the log engine. */
struct varlink_server;
struct varlink_call;

struct varlink_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	gid_t groups
		[64]; /* SO_PEERGROUPS; a peer in more groups is judged by the first 64 */
	size_t groups_count;
};

struct varlink_method {
	const char *name; /* "io.svcd.Status" */
	/* Answers now or keeps `call` and answers later; every call is ended by exactly
	 * one varlink_reply(…, more = false) or varlink_error(). */
	void (*run)(void *owner, struct varlink_call *call, struct json_t *parameters,
		struct instant now);
};

/* `methods` ends with a NULL name. `description` is the interface text that
 * GetInterfaceDescription returns. Takes listen_fd. */
int varlink_server_new(struct varlink_server **ret, struct loop *loop, int listen_fd,
	const struct varlink_method *methods, const char *description, void *owner);
struct varlink_server *varlink_server_free(
	struct varlink_server *self); /* drops its clients */
/* Holds back all its methods but these (ends with a NULL name, borrowed): other calls,
 * and what the same client says behind them, wait for varlink_server_release(). */
void varlink_server_hold(
	struct varlink_server *self, const struct varlink_method *at_once);
void varlink_server_release(struct varlink_server *self);

const struct varlink_peer *varlink_peer(const struct varlink_call *call);
bool varlink_wants_more(const struct varlink_call *call);
bool varlink_is_gone(
	const struct varlink_call *call); /* the client hung up; still end the call */
/* Called when the client of a kept call hangs up (e.g. `logs -f`), from the loop and
 * never from inside a reply; the call must then be ended. */
void varlink_on_gone(struct varlink_call *call,
	void (*gone)(void *data, struct varlink_call *call), void *data);
/* Takes parameters. With `more` the reply carries "continues": true and the call stays
 * open. */
void varlink_reply(struct varlink_call *call, struct json_t *parameters, bool more);
/* `error` is e.g. "io.svcd.NotFound"; takes parameters (may be NULL). */
void varlink_error(
	struct varlink_call *call, const char *error, struct json_t *parameters);
/* Bytes queued for this client: a stream that is slow should wait, not pile up. */
size_t varlink_queued(const struct varlink_call *call);
void varlink_on_drained(struct varlink_call *call,
	void (*drained)(void *data, struct instant now), void *data);

/* The errors of io.svcd; parameters in comments. */
#define VARLINK_NOT_FOUND   "io.svcd.NotFound"   /* name, suggestion */
#define VARLINK_NOT_ALLOWED "io.svcd.NotAllowed" /* reason */
#define VARLINK_FAILED      "io.svcd.Failed"     /* reason */
#define VARLINK_REFUSED     "io.svcd.Refused"    /* problems: list of lines */
#define VARLINK_INVALID     "org.varlink.service.InvalidParameter" /* parameter */

/* Client, blocking, for svcctl. `reply` is called for each answer; < 0 ends the call
 * with it. */
typedef int varlink_reply_fn(struct json_t *parameters, bool more, void *data);
struct varlink_answer {
	char error[128];           /* "" on success */
	struct json_t *parameters; /* of the error; owned by the caller */
};
/* -errno when nobody answers (ECONNREFUSED, ENOENT, ETIMEDOUT after `timeout_ms` of
 * silence; UNSET: as long as the server answers others). Takes parameters. */
int varlink_ask(const char *socket_path, const char *method, struct json_t *parameters,
	bool more, int64_t timeout_ms, varlink_reply_fn *reply, void *data,
	struct varlink_answer *ret);
