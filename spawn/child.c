/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child.c - the table of steps from clone3 to exec. Runs in the child only; the first
 * step that fails is reported by name, detail and errno, and the child exits.
 *
 * The order matters: what needs root comes before the user changes; the directory is
 * entered as the user, so that one it may not enter is refused here.
 */
#include "spawn/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"

#include "config/config.h"
#include "spawn/capabilities.h"
#include "spawn/environment.h"
#include "spawn/identity.h"

enum { STANDARD_FDS = 3 };

struct child {
	const struct spawn_spec *spec;
	int report_fd;
	const char *detail; /* what the current step is about, for its report */
	char buffer[64];
};

static int result(int outcome)
{
	return outcome < 0 ? -errno : 0;
}

static int step_session(struct child *child)
{
	(void)child;
	return result(setsid());
}

static int step_umask(struct child *child)
{
	if (child->spec->umask != UNSET)
		umask((mode_t)child->spec->umask);
	return 0;
}

static int step_nice(struct child *child)
{
	if (child->spec->nice == UNSET)
		return 0;
	return result(setpriority(PRIO_PROCESS, 0, (int)child->spec->nice));
}

static int set_limit(struct child *child, int resource, int64_t value)
{
	struct rlimit limit = { (rlim_t)value, (rlim_t)value };

	if (value == UNSET)
		return 0;
	snprintf(child->buffer, sizeof(child->buffer), "%lld", (long long)value);
	child->detail = child->buffer;
	return result(setrlimit((__rlimit_resource_t)resource, &limit));
}

static int step_open_files(struct child *child)
{
	return set_limit(child, RLIMIT_NOFILE, child->spec->open_files);
}

static int step_core(struct child *child)
{
	return set_limit(child, RLIMIT_CORE, child->spec->core_bytes);
}

static int step_oom_score(struct child *child)
{
	if (child->spec->oom_score == UNSET)
		return 0;
	snprintf(child->buffer, sizeof(child->buffer), "%lld",
		(long long)child->spec->oom_score);
	child->detail = child->buffer;
	return file_put(AT_FDCWD, "/proc/self/oom_score_adj", child->buffer);
}

static int first_free_fd(const struct spawn_spec *spec)
{
	int first = STANDARD_FDS;

	for (size_t i = 0; i < spec->fds_count; i++)
		first = MAX(first, spec->fds[i].target + 1);
	return first;
}

static bool is_target(const struct spawn_spec *spec, int fd)
{
	for (size_t i = 0; i < spec->fds_count; i++) {
		if (spec->fds[i].target == fd)
			return true;
	}
	return false;
}

/* Nobody writes into a file that happens to have number 2. */
static int fill_standard_fds(const struct spawn_spec *spec)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return -errno;
	for (int fd = 0; fd < STANDARD_FDS; fd++) {
		if (!is_target(spec, fd) && dup3(null_fd, fd, 0) < 0 && null_fd != fd)
			return -errno;
	}
	if (null_fd < STANDARD_FDS)
		return result(fcntl(null_fd, F_SETFD, 0));
	return 0;
}

/* Everything is first copied above all targets, so that no target covers a source. */
static int step_descriptors(struct child *child)
{
	const struct spawn_spec *spec = child->spec;
	int above = first_free_fd(spec), moved[SPAWN_MAX_FDS];

	for (size_t i = 0; i < spec->fds_count; i++) {
		moved[i] = fcntl(spec->fds[i].fd, F_DUPFD_CLOEXEC, above);
		if (moved[i] < 0)
			return -errno;
	}
	if (child->report_fd < above) {
		child->report_fd = fcntl(child->report_fd, F_DUPFD_CLOEXEC, above);
		if (child->report_fd < 0)
			return -errno;
	}
	if (close_range(0, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return -errno;
	for (size_t i = 0; i < spec->fds_count; i++) {
		if (dup2(moved[i], spec->fds[i].target) < 0)
			return -errno;
	}
	return fill_standard_fds(spec);
}

static bool changes_user(const struct child *child)
{
	return child->spec->identity && !child->spec->keep_privileges;
}

static int step_groups(struct child *child)
{
	const struct identity *identity = child->spec->identity;

	if (!identity)
		return 0;
	if (setgroups(identity->groups_count, identity->groups) < 0)
		return -errno;
	return result(setresgid(identity->gid, identity->gid, identity->gid));
}

static int step_bounding_set(struct child *child)
{
	if (!changes_user(child) || child->spec->identity->uid == 0)
		return 0; /* root without capabilities is not root */
	return capabilities_bound(child->spec->capabilities, &child->detail);
}

static int step_user(struct child *child)
{
	const struct identity *identity = child->spec->identity;

	if (!identity)
		return 0;
	snprintf(child->buffer, sizeof(child->buffer), "%u", identity->uid);
	child->detail = child->buffer;
	return result(setresuid(identity->uid, identity->uid, identity->uid));
}

static int step_capabilities(struct child *child)
{
	if (!changes_user(child) || child->spec->identity->uid == 0)
		return 0;
	return capabilities_keep(child->spec->capabilities);
}

static int step_directory(struct child *child)
{
	child->detail = child->spec->directory ? child->spec->directory : "/";
	return result(chdir(child->detail));
}

static int step_no_new_privileges(struct child *child)
{
	if (!child->spec->no_new_privileges)
		return 0;
	return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static int step_signals(struct child *child)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	(void)child;
	for (int number = 1; number <= SIGRTMAX; number++)
		(void)sigaction(number, &by_default, NULL); /* KILL and STOP refuse */
	sigemptyset(&none);
	return result(sigprocmask(SIG_SETMASK, &none, NULL));
}

static const struct step {
	const char *name;
	int (*run)(struct child *child); /* 0 or -errno */
} steps[] = {
	{ "setsid", step_session },
	{ "umask", step_umask },
	{ "run.nice", step_nice },
	{ "limits.open_files", step_open_files },
	{ "limits.core", step_core },
	{ "limits.oom_score", step_oom_score },
	{ "file descriptors", step_descriptors },
	{ "groups", step_groups },
	{ "security.capabilities", step_bounding_set },
	{ "user", step_user },
	{ "security.capabilities", step_capabilities },
	{ "chdir", step_directory },
	{ "no_new_privileges", step_no_new_privileges },
	{ "signals", step_signals },
};

_Noreturn void child_fail(int report_fd, const char *what, int error)
{
	struct child_report report = { .error = -error };

	snprintf(report.text, sizeof(report.text), "%s: %s", what, strerror(-error));
	(void)fd_write_all(report_fd, &report, sizeof(report));
	_exit(CHILD_EXIT_STEP);
}

static _Noreturn void fail(const struct child *child, const char *step, int error)
{
	char what[sizeof(((struct child_report *)NULL)->text)];

	snprintf(what, sizeof(what), "%s%s%s", step, child->detail ? " " : "",
		child->detail ? child->detail : "");
	child_fail(child->report_fd, what, error);
}

static char **environment_of(struct child *child)
{
	size_t count = 0;
	char **all;

	while (child->spec->environment && child->spec->environment[count])
		count++;
	all = calloc(count + 2, sizeof(*all));
	if (!all)
		fail(child, "environment", -ENOMEM);
	for (size_t i = 0; i < count; i++)
		all[i] = strdup(child->spec->environment[i]);
	if (child->spec->set_listen_pid) {
		snprintf(child->buffer, sizeof(child->buffer), "LISTEN_PID=%d", getpid());
		all[count] = child->buffer;
	}
	return all;
}

static const char *search_path(char *const *environment)
{
	for (; *environment; environment++) {
		if (text_starts(*environment, "PATH="))
			return *environment + strlen("PATH=");
	}
	return ENVIRONMENT_PATH;
}

/* Without execvp(3)'s way of handing a file of unknown format to a shell. Returns the
 * errno that says most. */
static int exec_by_path(char *const *argv, char *const *environment)
{
	const char *at = search_path(environment);
	int best = ENOENT;

	while (*at) {
		size_t size = strcspn(at, ":");
		char path[4096];

		if (snprintf(path, sizeof(path), "%.*s/%s", (int)size, at, argv[0]) <
			(int)sizeof(path))
			execve(path, argv, environment);
		if (errno != ENOENT && errno != ENOTDIR)
			best = errno;
		at += size + (at[size] == ':');
	}
	return best;
}

static _Noreturn void become_program(struct child *child)
{
	const struct strings *words = child->spec->argv;
	char **environment = environment_of(child);
	char **argv = calloc(words->count + 1, sizeof(*argv));
	int error;

	if (!argv)
		fail(child, "exec", -ENOMEM);
	memcpy(argv, words->items, words->count * sizeof(*argv));
	child->detail = argv[0];
	if (strchr(argv[0], '/')) {
		execve(argv[0], argv, environment);
		error = errno;
		if (error == ENOENT && access(argv[0], F_OK) == 0) {
			fail(child, "exec: the interpreter (#! line or loader) of",
				-ENOENT);
		}
	} else {
		error = exec_by_path(argv, environment);
	}
	fail(child, "exec", -error);
}

/* For a function nothing is closed by exec. */
static void close_all_but_targets(const struct spawn_spec *spec)
{
	int above = first_free_fd(spec);

	for (int fd = STANDARD_FDS; fd < above; fd++) {
		if (!is_target(spec, fd))
			close(fd);
	}
	(void)close_range((unsigned)above, ~0U, 0);
}

_Noreturn void child_run(const struct spawn_spec *spec, int report_fd)
{
	struct child child = { .spec = spec, .report_fd = report_fd };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int r;

		child.detail = NULL;
		r = steps[i].run(&child);
		if (r < 0)
			fail(&child, steps[i].name, r);
	}
	if (!spec->function)
		become_program(&child);
	close_all_but_targets(spec);
	_exit(spec->function(spec->data, CHILD_OUTPUT_FD));
}
