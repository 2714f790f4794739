/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * deed.c - one side job from clone to its result.
 *
 * It is over when its main process is: what that left behind in the cgroup is killed, and
 * what is in the pipe is read. Owns the cgroup, the pidfd and the pipe's read end.
 */
#include "spawn/deed.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/reason.h"

#include "spawn/cgroup.h"
#include "spawn/child.h"

enum {
	READ_BYTES = 64 * 1024,
	READS = 4, /* in one turn of the loop, which has others to look after */
	/* Of lines: the child need not wait for us. */
	LINES_PIPE_BYTES = 1024 * 1024,
	/* From the kill to the end; what a dead disk holds does not even die. */
	KILL_MS = 2 * MS_PER_S,
	LAST_LINE_BYTES = 160,
	LEAF_TRIES = 100,
};

struct deed {
	struct cgroups *cgroups;
	struct cgroup *cgroup;
	struct spawned child;
	int output_fd;
	struct watch *exit_watch, *output_watch;
	struct timer *timer;
	struct task *failure; /* it never started: `done` is owed */
	struct text output;
	char name[96];
	int64_t timeout_ms;
	size_t output_max_bytes;
	bool too_long;
	struct deed_result result;
	deed_done_fn *done;
	deed_line_fn *line;
	void *owner;
};

static void finish(struct deed *deed, struct instant now)
{
	deed->result.output = deed->output.bytes ? deed->output.bytes : "";
	deed->result.output_size = deed->output.size;
	deed->exit_watch = watch_free(deed->exit_watch);
	deed->output_watch = watch_free(deed->output_watch);
	timer_arm(deed->timer, NEVER);
	deed->done(deed->owner, &deed->result, now);
}

static void on_failure(void *owner, struct instant now)
{
	finish(owner, now);
}

/* `fresh` bytes at the end were not looked at before. */
static void tell_lines(struct deed *deed, size_t fresh, struct instant now)
{
	struct text *output = &deed->output;
	const char *line = output->bytes, *end = output->bytes + output->size, *newline;
	const char *from = end - fresh;

	while (deed->line && (newline = memchr(from, '\n', (size_t)(end - from)))) {
		if (deed->line(deed->owner, line, (size_t)(newline - line), now))
			line = from = newline + 1;
		else
			deed->line = NULL;
	}
	output->size = (size_t)(end - line);
	memmove(output->bytes, line, output->size);
	output->bytes[output->size] = '\0';
}

/* What is there now, or as much as fits; false: nothing is. The end of file is found by
 * the exit, not here. */
static bool read_some(struct deed *deed, struct instant now)
{
	char bytes[READ_BYTES];
	ssize_t got = read(deed->output_fd, bytes, sizeof(bytes));

	if (got == 0)
		watch_set(deed->output_watch, 0);
	if (got <= 0)
		return false;
	if (deed->output.size + (size_t)got > deed->output_max_bytes) {
		deed->too_long = true;
		(void)cgroup_kill(deed->cgroup);
		return false;
	}
	text_add_bytes(&deed->output, bytes, (size_t)got);
	if (deed->line && !text_failed(&deed->output))
		tell_lines(deed, (size_t)got, now);
	return true;
}

static void on_output(void *owner, unsigned events, struct instant now)
{
	struct deed *deed = owner;

	(void)events;
	for (int i = 0; i < READS && !deed->too_long && read_some(deed, now); i++)
		;
}

/* The last line that says something, as a person may see it. */
static void add_last_line(const struct text *output, char *reason, size_t size)
{
	struct text shown = { 0 };
	size_t end = output->size, begin;

	while (end > 0 && strchr("\n\r \t", output->bytes[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && output->bytes[begin - 1] != '\n')
		begin--;
	if (end - begin > LAST_LINE_BYTES)
		end = begin + LAST_LINE_BYTES;
	if (end > begin) {
		text_add_shown(&shown, output->bytes + begin, end - begin);
		reason_add(reason, size, ": %s", text_failed(&shown) ? "" : shown.bytes);
	}
	text_done(&shown);
}

static void judge(struct deed *deed, const siginfo_t *info)
{
	struct deed_result *result = &deed->result;
	char step[sizeof(result->reason)] = "", *reason = result->reason;
	size_t size = sizeof(result->reason);
	int told;

	do
		told = spawn_report_read(deed->child.report_fd, step, sizeof(step));
	while (told == SPAWN_NOTED);
	if (told >= 0)
		step[0] = '\0';
	result->code = info->si_code == CLD_EXITED ? info->si_status : -1;
	result->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
	reason_set(reason, size, "%s: ", deed->name);
	if (told < 0) {
		result->code = -1;
		reason_add(reason, size, "%s", step);
	} else if (deed->too_long || text_failed(&deed->output)) {
		reason_add(reason, size, "printed more than %zu KiB",
			deed->output_max_bytes / 1024);
	} else if (result->timed_out) {
		reason_add(reason, size, "not done after %lld ms",
			(long long)deed->timeout_ms);
	} else if (result->signal) {
		reason_add(reason, size, "SIG%s", sigabbrev_np(result->signal));
	} else if (result->code) {
		reason_add(reason, size, "exit %d", result->code);
	} else {
		result->ok = true;
	}
	if (result->ok) {
		reason[0] = '\0';
	} else if (!step[0]) {
		add_last_line(&deed->output, reason, size);
	}
}

static void on_exit_of_child(void *owner, unsigned events, struct instant now)
{
	struct deed *deed = owner;
	siginfo_t info = { 0 };

	(void)events;
	if (waitid(P_PIDFD, (id_t)deed->child.pidfd, &info, WEXITED | WNOHANG) < 0 ||
		info.si_pid == 0)
		return;
	(void)cgroup_kill(deed->cgroup);
	while (!deed->too_long && read_some(deed, now))
		;
	judge(deed, &info);
	finish(deed, now);
}

/* Whoever frees the deed leaves the child to the reaper. */
static void give_up(struct deed *deed, struct instant now)
{
	deed->result.code = -1;
	reason_set(deed->result.reason, sizeof(deed->result.reason),
		"%s: not done after %lld ms, and does not die when killed", deed->name,
		(long long)deed->timeout_ms);
	finish(deed, now);
}

static void on_timeout(void *owner, struct instant now)
{
	struct deed *deed = owner;

	if (deed->result.timed_out) {
		give_up(deed, now);
		return;
	}
	deed->result.timed_out = true;
	(void)cgroup_kill(deed->cgroup);
	timer_arm(deed->timer, instant_add_ms(now, KILL_MS));
}

static int make_cgroup(struct deed *deed, struct cgroups *cgroups,
	const struct deed_plan *plan, struct error *err)
{
	int r = -EBUSY;

	/* Numbers start anew with each supervisor; leaves of the former may still be
	 * there. */
	for (int i = 0; r == -EBUSY && i < LEAF_TRIES; i++) {
		char leaf[32];
		struct cgroup_plan leaf_plan = { .leaf = leaf,
			.service = plan->service ? plan->service : "_svcd",
			.limits = plan->spec->limits };

		snprintf(leaf, sizeof(leaf), "deed-%u", cgroups_next(cgroups));
		r = cgroup_new(&deed->cgroup, cgroups, &leaf_plan, err);
	}
	return r;
}

static void connect_fd(struct spawn_spec *spec, int fd, int target)
{
	for (size_t i = 0; i < spec->fds_count; i++) {
		if (spec->fds[i].target == target)
			return;
	}
	assert(spec->fds_count < SPAWN_MAX_FDS);
	spec->fds[spec->fds_count].fd = fd;
	spec->fds[spec->fds_count].target = target;
	spec->fds_count++;
}

static int launch(struct deed *deed, struct spawn_spec *spec, struct error *err)
{
	_cleanup_close_ int write_end = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "%s: pipe", spec->name);
	deed->output_fd = ends[0];
	write_end = ends[1];
	r = fd_set_nonblock(deed->output_fd, true);
	if (r < 0)
		return error_errno(err, r, "%s: pipe", spec->name);
	if (deed->line)
		(void)fcntl(deed->output_fd, F_SETPIPE_SZ, LINES_PIPE_BYTES);
	if (spec->function) {
		connect_fd(spec, write_end, CHILD_OUTPUT_FD);
		connect_fd(spec, STDERR_FILENO, STDERR_FILENO);
	} else {
		connect_fd(spec, write_end, STDOUT_FILENO);
		connect_fd(spec, write_end, STDERR_FILENO);
	}
	spec->cgroup_fd = cgroup_fd(deed->cgroup);
	return spawn(&deed->child, spec, err);
}

static int watch_child(struct deed *deed, struct loop *loop)
{
	int r = watch_new(&deed->exit_watch, loop, deed->child.pidfd, WATCH_READ,
		on_exit_of_child, deed);

	if (r == 0) {
		r = watch_new(&deed->output_watch, loop, deed->output_fd, WATCH_READ,
			on_output, deed);
	}
	if (r == 0)
		timer_arm(deed->timer, instant_add_ms(loop_now(loop), deed->timeout_ms));
	return r;
}

CLEANUP(struct deed *, deed_free)

int deed_start(struct deed **ret, struct loop *loop, struct cgroups *cgroups,
	const struct deed_plan *plan)
{
	_cleanup_(deed_freep) struct deed *deed = calloc(1, sizeof(*deed));
	struct spawn_spec spec = *plan->spec;
	struct error err = { 0 };
	int r;

	if (!deed)
		return -ENOMEM;
	deed->cgroups = cgroups;
	deed->output_fd = -1;
	deed->child = (struct spawned){ .pidfd = -1, .report_fd = -1 };
	deed->timeout_ms = plan->timeout_ms;
	deed->output_max_bytes =
		plan->output_max_bytes ? plan->output_max_bytes : DEED_OUTPUT_MAX_BYTES;
	deed->done = plan->done;
	deed->line = plan->line;
	deed->owner = plan->owner;
	snprintf(deed->name, sizeof(deed->name), "%s", spec.name);
	r = task_new(&deed->failure, loop, on_failure, deed);
	if (r == 0)
		r = timer_new(&deed->timer, loop, on_timeout, deed);
	if (r < 0)
		return r;
	r = make_cgroup(deed, cgroups, plan, &err);
	if (r == 0)
		r = launch(deed, &spec, &err);
	if (r == 0)
		r = watch_child(deed, loop);
	if (r < 0) {
		reason_set(deed->result.reason, sizeof(deed->result.reason), "%s",
			err.text[0] ? err.text : strerror(-r));
		task_schedule(deed->failure);
	}
	*ret = TAKE(deed);
	return 0;
}

/* A child that still runs dies with its cgroup. */
static void abandon_child(struct deed *deed)
{
	if (deed->child.report_fd >= 0)
		close(deed->child.report_fd);
	if (deed->child.pidfd < 0)
		return;
	(void)cgroup_kill(deed->cgroup);
	cgroups_reap(deed->cgroups, deed->child.pid, deed->child.pidfd);
}

struct deed *deed_free(struct deed *deed)
{
	if (!deed)
		return NULL;
	abandon_child(deed);
	watch_free(deed->exit_watch);
	watch_free(deed->output_watch);
	timer_free(deed->timer);
	task_free(deed->failure);
	if (deed->output_fd >= 0)
		close(deed->output_fd);
	cgroup_free(deed->cgroup);
	text_done(&deed->output);
	free(deed);
	return NULL;
}
