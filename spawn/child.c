/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child.c - the table of steps from clone3 to exec. Runs in the child only; the first
 * step that fails is reported by name, detail and errno, and the child exits.
 *
 * The order matters: what needs root comes before the user changes; the directory is
 * entered as the user, so that one it may not enter is refused here.
 */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/file.h"

#include "config/config.h"
#include "spawn/capabilities.h"
#include "spawn/environment.h"
#include "spawn/identity.h"
#include "spawn/step.h"

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
	if (!changes_user(child) || child->ground->bound)
		return 0;
	/* also for root, to whom exec gives what is left of it */
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
	if (!changes_user(child))
		return 0;
	return capabilities_keep(child->spec->capabilities);
}

/* What an operator sees on the host, the service need not. */
static void explain_missing(struct child *child)
{
	const struct view *view = child->spec->view;
	const char *key =
		view && child->detail[0] == '/' ? view_hides(view, child->detail) : NULL;

	if (errno != ENOENT || !key)
		return;
	snprintf(child->buffer, sizeof(child->buffer), "%s hides it", key);
	child->fix = child->buffer;
}

static int step_directory(struct child *child)
{
	child->detail = child->spec->directory ? child->spec->directory : "/";
	if (chdir(child->detail) == 0)
		return 0;
	explain_missing(child);
	return -errno;
}

static int step_no_new_privileges(struct child *child)
{
	if (!child->spec->no_new_privileges)
		return 0;
	return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

void child_reset_signals(void)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };

	for (int number = 1; number <= SIGRTMAX; number++)
		(void)sigaction(number, &by_default, NULL); /* KILL and STOP refuse */
}

static int step_signals(struct child *child)
{
	sigset_t none;

	if (!child->ground->default_signals)
		child_reset_signals();
	sigemptyset(&none);
	return result(sigprocmask(SIG_SETMASK, &none, NULL));
}

static const struct step {
	const char *name;
	step_fn *run;
} steps[] = {
	{ "setsid", step_session },
	{ "umask", step_umask },
	{ "run.nice", step_nice },
	{ "limits.core", step_core },
	{ "limits.oom_score", step_oom_score },
	{ "namespaces of the running process", step_join },
	{ "file descriptors", step_descriptors },
	{ "security.network", step_network },
	{ "namespaces", step_apart },
	{ "security.system", step_view },
	{ "limits.open_files", step_open_files }, /* the steps before need some */
	{ "security.system_calls", step_system_calls },
	{ "groups", step_groups },
	{ "security.capabilities", step_bounding_set },
	{ "user", step_user },
	{ "security.capabilities", step_capabilities },
	{ "chdir", step_directory },
	{ "no_new_privileges", step_no_new_privileges },
	{ "signals", step_signals },
};

static void tell(int report_fd, const struct child_report *report)
{
	(void)fd_write_all(report_fd, report, sizeof(*report));
}

void child_note(const struct child *child, const char *format, ...)
{
	struct child_report report = { 0 };
	va_list args;

	va_start(args, format);
	vsnprintf(report.text, sizeof(report.text), format, args);
	va_end(args);
	tell(child->report_fd, &report);
}

_Noreturn void child_fail(int report_fd, const char *what, int error)
{
	struct child_report report = { .error = -error };

	snprintf(report.text, sizeof(report.text), "%s: %s", what, strerror(-error));
	tell(report_fd, &report);
	_exit(CHILD_EXIT_STEP);
}

static _Noreturn void fail(const struct child *child, int error)
{
	struct child_report report = { .error = -error };

	snprintf(report.text, sizeof(report.text), "%s%s%s: %s%s%s", child->name,
		child->detail ? " " : "", child->detail ? child->detail : "",
		strerror(-error), child->fix ? "; " : "", child->fix ? child->fix : "");
	tell(child->report_fd, &report);
	_exit(CHILD_EXIT_STEP);
}

static const char *print_pid(char ret[static PID_TEXT_BYTES], const char *key)
{
	snprintf(ret, PID_TEXT_BYTES, "%s=%d", key, getpid());
	return ret;
}

/* Nothing is copied: execve(2) does, and each page that a forked child writes costs. */
static const char **environment_of(struct child *child)
{
	const char *const *given = child->spec->environment;
	size_t count = 0;
	const char **all;

	while (given && given[count])
		count++;
	all = calloc(count + 3, sizeof(*all));
	if (!all)
		child_fail(child->report_fd, "environment", -ENOMEM);
	if (given)
		memcpy(all, given, count * sizeof(*all));
	if (child->spec->set_listen_pid)
		all[count++] = print_pid(child->listen_pid, "LISTEN_PID");
	if (child->spec->set_watchdog_pid)
		all[count++] = print_pid(child->watchdog_pid, "WATCHDOG_PID");
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

static bool has_no_interpreter(const char *program)
{
	return errno == ENOENT && strchr(program, '/') && access(program, F_OK) == 0;
}

static _Noreturn void become_program(struct child *child)
{
	const struct strings *words = child->spec->argv;
	char **environment = (char **)(uintptr_t)environment_of(child);
	char **argv = calloc(words->count + 1, sizeof(*argv));

	child->name = "exec";
	child->detail = words->items[0];
	child->fix = NULL;
	if (!argv)
		fail(child, -ENOMEM);
	memcpy(argv, words->items, words->count * sizeof(*argv));
	if (strchr(argv[0], '/'))
		execve(argv[0], argv, environment);
	else
		errno = exec_by_path(argv, environment);
	if (has_no_interpreter(argv[0]))
		child->name = "exec: the interpreter (#! line or loader) of";
	explain_missing(child);
	fail(child, -errno);
}

_Noreturn void child_run(
	const struct spawn_spec *spec, const struct child_ground *ground, int report_fd)
{
	struct child child = { .spec = spec, .ground = ground, .report_fd = report_fd };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int r;

		child.name = steps[i].name;
		child.detail = child.fix = NULL;
		r = steps[i].run(&child);
		if (r < 0)
			fail(&child, r);
	}
	if (!spec->function)
		become_program(&child);
	close_all_but_targets(spec);
	_exit(spec->function(spec->data, CHILD_OUTPUT_FD));
}
