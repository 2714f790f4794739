/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * engine.c - the life of one engine's process.
 *
 * Owns the child, its cgroup "_svcd/ENGINE-N", our end of the channel and the timers.
 *
 * Not here: what an engine is told (told.c) and what its facts mean (facts.c).
 */
#include "supervisor/engine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/failpoint.h"

#include "spawn/spawn.h"

enum {
	LONG_LIFE_MS = 10000, /* a life this long earns an immediate restart */
	PAUSE_FIRST_MS = 50,
	PAUSE_MAX_MS = 5000,
	BIRTH_PAUSE_MAX_MS = 30000, /* when it could not be born */
	FORMER_POLL_MS = 5,
	FORMER_MAX_MS = 5000, /* to write what it still has */
	LEAF_TRIES = 100,
	STANDARD_ERROR = 2,
	UMASK = 077, /* the log engine's files have declared modes */
	VERSION_BYTES = 32,
};

/* clang-format off */
enum life {
	LIFE_DOWN,    /* no process; the timer may start one */
	LIFE_MEETING, /* started; has not said hello */
	LIFE_RUNNING,
	LIFE_ENDING,  /* killed or dying; its exit is awaited */
};
/* clang-format on */
static const char *const life_words[] = {
	[LIFE_DOWN] = "down",
	[LIFE_MEETING] = "starting",
	[LIFE_RUNNING] = "running",
	[LIFE_ENDING] = "ending",
};

static const struct {
	const char *capability; /* the only one that it keeps */
	bool network_none;      /* what it needs came with its birth */
	/* Two of them would be at odds: that of an earlier svcd-supervisor, which ends
	 * with it, does so first. */
	bool alone;
} rows[ENGINE_COUNT] = {
	[ENGINE_LOG] = { .network_none = true, .alone = true },
	[ENGINE_FIREWALL] = { .capability = "CAP_NET_ADMIN", .alone = true },
};

struct engine_process {
	struct engine_host host;
	enum engine which;
	enum life life;
	struct spawned child;
	struct cgroup *cgroup;
	struct channel *channel;
	struct watch *exit_watch;
	struct timer *birth_timer, *answer_timer;
	struct instant started;
	int64_t pause_ms;
	struct instant former_by; /* us 0: not waited for yet */
	size_t unanswered;
	unsigned births;
	bool stopping;
	char version[VERSION_BYTES], reason[REASON_BYTES];
};

static void say(struct engine_process *self, int level, const char *text)
{
	self->host.user->event(self->host.owner, self->which, level, text);
}

/* Kills what runs; everything else follows from its exit. */
static void end(struct engine_process *self, const char *reason)
{
	if (self->life == LIFE_DOWN || self->life == LIFE_ENDING)
		return;
	self->life = LIFE_ENDING;
	snprintf(self->reason, sizeof(self->reason), "%s", reason);
	self->channel = channel_free(self->channel);
	timer_arm(self->answer_timer, NEVER);
	(void)cgroup_kill(self->cgroup);
}

/* ---- what it says -------------------------------------------------------------- */

static void meet(
	struct engine_process *self, const struct json_t *body, struct instant now)
{
	char reason[REASON_BYTES];
	int64_t version = json_get_int(body, "version", 0);

	if (version != CHANNEL_VERSION) {
		snprintf(reason, sizeof(reason),
			"speaks version %lld of the channel, we %d: is an upgrade half done?",
			(long long)version, CHANNEL_VERSION);
		end(self, reason);
		return;
	}
	snprintf(self->version, sizeof(self->version), "%s",
		json_get_text(body, "build", "?"));
	FAILPOINT("engine.met");
	self->life = LIFE_RUNNING;
	self->reason[0] = '\0';
	if (!self->stopping) /* else it must still be gone in time */
		timer_arm(self->answer_timer, NEVER);
	self->host.user->met(self->host.owner, self->which, now);
}

static void on_message(void *owner, enum message_kind kind, struct json_t *body,
	struct fds *fds, struct instant now)
{
	struct engine_process *self = owner;

	(void)fds; /* an engine has no fd for us: the channel closes them */
	if (kind == MESSAGE_HELLO && self->life == LIFE_MEETING)
		meet(self, body, now);
	else if (kind != MESSAGE_HELLO && kind != MESSAGE_BYE &&
		 self->life == LIFE_RUNNING)
		self->host.user->message(self->host.owner, self->which, kind, body);
}

static void on_writable(void *owner, struct instant now)
{
	struct engine_process *self = owner;

	if (self->life == LIFE_RUNNING)
		self->host.user->room(self->host.owner, self->which, now);
}

static void on_closed(void *owner, const char *reason, struct instant now)
{
	(void)now;
	end(owner, reason);
}

static const struct channel_user channel_user = { on_message, on_writable, on_closed };

/* ---- birth --------------------------------------------------------------------- */

static void add_environment(struct strings *strings, const char *key)
{
	const char *value = getenv(key);
	_cleanup_free_ char *pair = value ? text_format("%s=%s", key, value) : NULL;

	if (pair)
		(void)strings_add(strings, pair);
}

/* The names of its listeners, and the few words of our own environment that are meant
 * for all of svcd. Ends with NULL, as spawn() wants it. */
static int make_environment(struct strings *ret, const struct engine_birth *birth)
{
	static const char *const inherited[] = { "JOURNAL_STREAM", "SVCD_SHARE", "TZ",
		"ASAN_OPTIONS", "UBSAN_OPTIONS" };
	struct text names = { 0 };
	int r;

	text_add(&names, "SVCD_FDNAMES=");
	for (size_t i = 0; i < birth->count; i++)
		text_addf(&names, "%s%s", i > 0 ? ":" : "", birth->names[i]);
	r = text_failed(&names) ? -ENOMEM : strings_add(ret, names.bytes);
	text_done(&names);
	for (size_t i = 0; i < ARRAY_LEN(inherited); i++)
		add_environment(ret, inherited[i]);
	return r;
}

static int make_cgroup(struct engine_process *self, struct error *err)
{
	int r = -EBUSY;

	for (int i = 0; r == -EBUSY && i < LEAF_TRIES; i++) {
		char leaf[64];
		struct cgroup_plan plan = { .service = "_svcd", .leaf = leaf };

		snprintf(leaf, sizeof(leaf), "%s-%u", engine_words[self->which],
			++self->births);
		r = cgroup_new(&self->cgroup, self->host.cgroups, &plan, err);
	}
	return r;
}

static char *find_program(const struct engine_process *self)
{
	const char *folder = secure_getenv("SVCD_LIBEXEC");

	return text_format("%s/%s", folder ? folder : SVCD_LIBEXEC_DIR,
		engine_programs[self->which]);
}

static int launch(struct engine_process *self, const struct engine_birth *birth,
	int channel_fd, struct error *err)
{
	_cleanup_(strings_done) struct strings argv = { 0 }, environment = { 0 },
					       capabilities = { 0 };
	_cleanup_free_ const char **variables = NULL;
	struct spawn_spec spec = { .name = engine_programs[self->which],
		.argv = &argv,
		.identity = birth->identity,
		.cgroup_fd = cgroup_fd(self->cgroup),
		.capabilities = &capabilities,
		.view = &birth->view,
		.network_none = rows[self->which].network_none,
		.apart = true,
		.no_new_privileges = true,
		.umask = UMASK,
		.nice = SPAWN_INHERIT,
		.open_files = UNSET,
		.core_bytes = 0,
		.oom_score = SPAWN_INHERIT };

	if (strings_add(&argv, birth->program) < 0 ||
		make_environment(&environment, birth) < 0 ||
		(rows[self->which].capability &&
			strings_add(&capabilities, rows[self->which].capability) < 0))
		return error_errno(err, -ENOMEM, "start");
	variables = calloc(environment.count + 1, sizeof(*variables));
	if (!variables)
		return error_errno(err, -ENOMEM, "start");
	memcpy(variables, environment.items, environment.count * sizeof(*variables));
	spec.environment = variables;
	spec.fds[spec.fds_count].fd = STANDARD_ERROR;
	spec.fds[spec.fds_count++].target = STANDARD_ERROR;
	spec.fds[spec.fds_count].fd = channel_fd;
	spec.fds[spec.fds_count++].target = ENGINE_CHANNEL_FD;
	for (size_t i = 0; i < birth->count; i++) {
		spec.fds[spec.fds_count].fd = birth->fds[i];
		spec.fds[spec.fds_count++].target = ENGINE_FIRST_LISTENER_FD + (int)i;
	}
	return spawn(&self->child, &spec, err);
}

static void on_exit_of_child(void *owner, unsigned events, struct instant now);

static int connect_child(struct engine_process *self, int fd)
{
	int r = channel_new(&self->channel, self->host.loop, fd, &channel_user, self);

	if (r == 0)
		r = watch_new(&self->exit_watch, self->host.loop, self->child.pidfd,
			WATCH_READ, on_exit_of_child, self);
	if (r == 0)
		r = engine_send(self, MESSAGE_HELLO,
			self->host.user->hello(self->host.owner), -1);
	return r;
}

static int bear(
	struct engine_process *self, const struct engine_birth *birth, struct error *err)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	int ends[2], r;

	if (FAILPOINT_CALL("engine.socket",
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			    ends)) < 0)
		return error_errno(err, -errno, "socketpair");
	ours = ends[0];
	theirs = ends[1];
	r = make_cgroup(self, err);
	if (r == 0)
		r = launch(self, birth, theirs, err);
	FAILPOINT("engine.launched");
	if (r < 0)
		return r;
	self->life = LIFE_MEETING;
	r = connect_child(self, TAKE_FD(ours));
	return r < 0 ? error_errno(err, r, "start") : 0;
}

static int give_birth(struct engine_process *self, struct error *err)
{
	_cleanup_free_ char *program = find_program(self);
	struct engine_birth birth = { .program = program };
	int r;

	if (!program)
		return error_errno(err, -ENOMEM, "start");
	if (self->host.user->birth(self->host.owner, self->which, &birth))
		r = bear(self, &birth, err);
	else
		r = error_set(err, -ENOENT, "%s", birth.reason);
	view_done(&birth.view);
	return r;
}

static void forget_child(struct engine_process *self)
{
	self->exit_watch = watch_free(self->exit_watch);
	self->channel = channel_free(self->channel);
	if (self->child.pidfd >= 0)
		close(self->child.pidfd);
	if (self->child.report_fd >= 0)
		close(self->child.report_fd);
	self->child = (struct spawned){ .pidfd = -1, .report_fd = -1 };
	self->cgroup = cgroup_free(self->cgroup);
	self->unanswered = 0;
	self->life = LIFE_DOWN;
	timer_arm(self->answer_timer, NEVER);
}

/* The engine of a former supervisor still ends. One that does not is killed. */
static bool waits_for_former(struct engine_process *self, struct instant now)
{
	_cleanup_(strings_done) struct strings leaves = { 0 };
	_cleanup_free_ char *prefix = text_format("_svcd/%s-", engine_words[self->which]);
	bool waits = false;

	if (!rows[self->which].alone || !prefix ||
		cgroups_unexplained(self->host.cgroups, "_svcd", &leaves) < 0)
		return false;
	if (self->former_by.us == 0)
		self->former_by = instant_add_ms(now, FORMER_MAX_MS);
	for (size_t i = 0; i < leaves.count; i++) {
		if (!text_starts(leaves.items[i], prefix))
			continue;
		waits = true;
		if (instant_reached(now, self->former_by))
			(void)cgroups_kill(self->host.cgroups, leaves.items[i]);
	}
	if (waits)
		timer_arm(self->birth_timer, instant_add_ms(now, FORMER_POLL_MS));
	return waits;
}

void engine_start(struct engine_process *self, struct instant now)
{
	struct error err = { 0 };
	char text[ERROR_TEXT_BYTES + 64];

	if (self->life != LIFE_DOWN || self->stopping || waits_for_former(self, now))
		return;
	timer_arm(self->birth_timer, NEVER);
	self->started = now;
	if (give_birth(self, &err) == 0) {
		timer_arm(self->answer_timer, instant_add_ms(now, ENGINE_ANSWER_MS));
		return;
	}
	if (self->cgroup)
		(void)cgroup_kill(self->cgroup);
	forget_child(self);
	/* the same trouble again and again is one line in the journal */
	if (strncmp(self->reason, err.text, sizeof(self->reason) - 1) != 0) {
		snprintf(text, sizeof(text), "cannot start: %s", err.text);
		say(self, LOG_ERR, text);
	}
	snprintf(self->reason, sizeof(self->reason), "%.*s", REASON_BYTES - 1, err.text);
	/* a host that is short of something for a moment has its faces again soon */
	self->pause_ms = self->pause_ms ? MIN(self->pause_ms * 2, BIRTH_PAUSE_MAX_MS)
					: PAUSE_FIRST_MS;
	timer_arm(self->birth_timer, instant_add_ms(now, self->pause_ms));
}

static void on_birth_due(void *owner, struct instant now)
{
	engine_start(owner, now);
}

/* ---- its end ------------------------------------------------------------------- */

static void say_end(struct engine_process *self, const siginfo_t *info, int64_t pause_ms)
{
	char text[2 * REASON_BYTES], step[REASON_BYTES] = "", how[64];

	if (spawn_report_read(self->child.report_fd, step, sizeof(step)) < 0)
		snprintf(how, sizeof(how), "%.60s", step);
	else if (info->si_code == CLD_EXITED)
		snprintf(how, sizeof(how), "exit %d", info->si_status);
	else
		snprintf(how, sizeof(how), "SIG%s", sigabbrev_np(info->si_status));
	snprintf(text, sizeof(text), "ended (pid %d): %s%s%s; starting it again%s",
		self->child.pid, step[0] ? step : how, self->reason[0] ? ": " : "",
		self->reason, pause_ms > 0 ? " after a pause" : "");
	say(self, LOG_WARNING, text);
	if (step[0])
		snprintf(self->reason, sizeof(self->reason), "%s", step);
}

static void on_exit_of_child(void *owner, unsigned events, struct instant now)
{
	struct engine_process *self = owner;
	siginfo_t info = { 0 };

	(void)events;
	if (waitid(P_PIDFD, (id_t)self->child.pidfd, &info, WEXITED | WNOHANG) < 0 ||
		info.si_pid == 0)
		return;
	if (self->stopping) {
		forget_child(self);
		self->host.user->stopped(self->host.owner, self->which, now);
		return;
	}
	if (instant_since_ms(now, self->started) >= LONG_LIFE_MS)
		self->pause_ms = 0;
	else
		self->pause_ms = self->pause_ms ? MIN(self->pause_ms * 2, PAUSE_MAX_MS)
						: PAUSE_FIRST_MS;
	say_end(self, &info, self->pause_ms);
	(void)cgroup_kill(self->cgroup);
	forget_child(self);
	timer_arm(self->birth_timer, instant_add_ms(now, self->pause_ms));
}

static void on_answer_due(void *owner, struct instant now)
{
	(void)now;
	end(owner, "did not answer for 10s");
}

void engine_restart(struct engine_process *self, const char *reason)
{
	self->pause_ms = 0;
	self->started = (struct instant){ 0 };
	end(self, reason);
}

void engine_stop(struct engine_process *self, struct instant now)
{
	if (self->stopping)
		return;
	self->stopping = true;
	timer_arm(self->birth_timer, NEVER);
	if (self->life == LIFE_DOWN) {
		self->host.user->stopped(self->host.owner, self->which, now);
		return;
	}
	if (self->channel)
		(void)engine_send(self, MESSAGE_STOP, json_new_object(), -1);
	timer_arm(self->answer_timer, instant_add_ms(now, ENGINE_STOP_MS));
}

/* ---- questions ----------------------------------------------------------------- */

bool engine_listens(const struct engine_process *self)
{
	return self->life == LIFE_RUNNING && !self->stopping &&
	       channel_waiting(self->channel) < ENGINE_QUEUE_MAX;
}

int engine_send(
	struct engine_process *self, enum message_kind kind, struct json_t *body, int fd)
{
	if (!self->channel) {
		json_free(body);
		return -EPIPE;
	}
	return channel_send(self->channel, kind, body, &fd, fd >= 0 ? 1 : 0);
}

int engine_send_part(struct engine_process *self, enum message_kind kind,
	struct json_t *body, const struct channel_part *part)
{
	if (!self->channel) {
		json_free(body);
		return -EPIPE;
	}
	return channel_send_part(self->channel, kind, body, part);
}

void engine_expects(
	struct engine_process *self, size_t count, bool progress, struct instant now)
{
	bool begins = self->unanswered == 0 && count > 0;

	self->unanswered = count;
	if (self->life != LIFE_RUNNING || self->stopping)
		return;
	if (count == 0)
		timer_arm(self->answer_timer, NEVER);
	else if (begins || progress)
		timer_arm(self->answer_timer, instant_add_ms(now, ENGINE_ANSWER_MS));
}

bool engine_is_down(const struct engine_process *self)
{
	return self->life == LIFE_DOWN;
}

struct json_t *engine_print(const struct engine_process *self)
{
	_cleanup_(json_freep) struct json_t *json = json_new_object();
	bool runs = self->life == LIFE_MEETING || self->life == LIFE_RUNNING;
	int r = 0;

	r |= json_set_text(json, "engine", engine_words[self->which]);
	r |= json_set(
		json, "pid", runs ? json_new_int(self->child.pid) : json_new_null());
	r |= json_set(json, "version",
		self->version[0] ? json_new_text(self->version) : json_new_null());
	r |= json_set_text(json, "state", life_words[self->life]);
	r |= json_set_int(json, "restarts", self->births > 0 ? self->births - 1 : 0);
	r |= json_set_text(json, "reason", self->reason);
	return r ? NULL : TAKE(json);
}

int engine_new(
	struct engine_process **ret, const struct engine_host *host, enum engine which)
{
	struct engine_process *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->host = *host;
	self->which = which;
	self->child = (struct spawned){ .pidfd = -1, .report_fd = -1 };
	if (timer_new(&self->birth_timer, host->loop, on_birth_due, self) < 0 ||
		timer_new(&self->answer_timer, host->loop, on_answer_due, self) < 0) {
		engine_free(self);
		return -ENOMEM;
	}
	*ret = self;
	return 0;
}

struct engine_process *engine_free(struct engine_process *self)
{
	if (!self)
		return NULL;
	if (self->cgroup)
		(void)cgroup_kill(self->cgroup);
	forget_child(self);
	timer_free(self->birth_timer);
	timer_free(self->answer_timer);
	free(self);
	return NULL;
}
