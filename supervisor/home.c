/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * home.c - finds the services' home or has it made, and keeps it: a scope lives as long
 * as a process is in it, so a placeholder sleeps there, over every end of ours.
 *
 * systemd is asked when there is no scope, once a boot as a rule; one that does not
 * answer costs TIMEOUT_MS.
 * Not here: the bus (scope.c), the tree in the home (spawn/cgroups.c).
 */
#include "supervisor/home.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/reason.h"

#include "spawn/spawn.h"
#include "supervisor/scope.h"

enum { TIMEOUT_MS = 5000, EXEC_TIMEOUT_MS = 2000 };

struct home {
	struct loop *loop;
	char *base;
	int pidfd; /* of the placeholder; -1: none */
	struct watch *watch;
	home_fn *lost;
	void *owner;
};

enum home_kind home_choose(const struct home_facts *facts)
{
	if (!facts->with_systemd)
		return HOME_OWN;
	if (facts->scope_exists)
		return HOME_SCOPE;
	return facts->own_is_inhabited ? HOME_OWN_STILL : HOME_SCOPE_TO_MAKE;
}

/* ---- the placeholder ----------------------------------------------------------- */

/* Root, so that nobody else can end it, and able to do nothing. */
static int spawn_placeholder(struct spawned *ret, struct error *err)
{
	static const char *const nothing[] = { NULL };
	const char *folder = secure_getenv("SVCD_LIBEXEC");
	_cleanup_free_ char *path =
		text_format("%s/svcd-placeholder", folder ? folder : SVCD_LIBEXEC_DIR);
	const struct identity root = { .known = true };
	const struct strings argv = { &path, 1 };
	struct spawn_spec spec = spawn_plain("svcd-placeholder");

	spec.argv = &argv;
	spec.environment = nothing;
	spec.identity = &root;
	spec.no_new_privileges = true;
	return path ? spawn(ret, &spec, err) : error_errno(err, -ENOMEM, "%s", spec.name);
}

static void end(const struct spawned *placeholder)
{
	(void)pidfd_send_signal(placeholder->pidfd, SIGKILL, NULL, 0);
	(void)waitid(P_PIDFD, (id_t)placeholder->pidfd, NULL, WEXITED);
	close(placeholder->pidfd);
}

/* It sleeps, or what kept it from doing so. */
static int start_placeholder(struct spawned *ret, struct error *err)
{
	_cleanup_close_ int report = -1;
	struct pollfd polled = { .events = POLLIN };
	char reason[REASON_BYTES];
	int r = spawn_placeholder(ret, err);

	if (r < 0)
		return r;
	polled.fd = report = ret->report_fd;
	r = poll(&polled, 1, EXEC_TIMEOUT_MS) > 0
		    ? spawn_report_read(report, reason, sizeof(reason))
		    : -ETIMEDOUT;
	if (r >= 0)
		return 0;
	end(ret);
	return error_set(
		err, r, "svcd-placeholder: %s", r == -ETIMEDOUT ? strerror(-r) : reason);
}

static watch_fn on_placeholder_end;

static int watch_over(struct home *home, int pidfd)
{
	home->pidfd = pidfd;
	return watch_new(
		&home->watch, home->loop, pidfd, WATCH_READ, on_placeholder_end, home);
}

static void forget(struct home *home)
{
	home->watch = watch_free(home->watch);
	if (home->pidfd >= 0)
		close(home->pidfd);
	home->pidfd = -1;
}

/* To its leaf: a process beside them would keep leaves from having limits. */
static int seat(struct home *home, const struct spawned *placeholder, struct error *err)
{
	int r = cgroup_base_seat(home->base, HOME_LEAF, placeholder->pid);

	if (r < 0) {
		end(placeholder);
		return error_errno(err, r, "%s/" HOME_LEAF, home->base);
	}
	r = watch_over(home, placeholder->pidfd);
	return r < 0 ? error_errno(err, r, "svcd-placeholder") : 0;
}

static int seat_another(struct home *home, struct error *err)
{
	struct spawned placeholder = { .pidfd = -1, .report_fd = -1 };
	int r = start_placeholder(&placeholder, err);

	return r < 0 ? r : seat(home, &placeholder, err);
}

static void on_placeholder_end(void *owner, unsigned events, struct instant now)
{
	struct home *home = owner;
	struct error err = { 0 };

	(void)events;
	(void)now;
	(void)waitid(P_PIDFD, (id_t)home->pidfd, NULL, WEXITED | WNOHANG);
	forget(home);
	log_notice("the placeholder in " SCOPE_UNIT " was ended: starting another");
	if (seat_another(home, &err) == 0)
		return;
	log_error(SCOPE_UNIT " is not there any more: %s", err.text);
	if (home->lost)
		home->lost(home->owner);
}

/* ---- which home ---------------------------------------------------------------- */

/* What earlier ones of us left; no question to anybody. */
static int move_into_scope(struct home *home, struct error *err)
{
	pid_t seated = cgroup_base_seated(home->base, HOME_LEAF);
	int pidfd = seated > 0 ? pidfd_open(seated, 0) : -1;
	int r;

	if (pidfd < 0)
		return seat_another(home, err);
	r = watch_over(home, pidfd);
	return r < 0 ? error_errno(err, r, "svcd-placeholder") : 0;
}

static int make_scope(struct home *home, struct error *err)
{
	struct spawned placeholder = { .pidfd = -1, .report_fd = -1 };
	int r = start_placeholder(&placeholder, err);

	if (r < 0)
		return r;
	r = scope_start(placeholder.pid, TIMEOUT_MS, err);
	if (r == 0) {
		r = cgroup_base_find(&home->base, SCOPE_CGROUP);
		if (r < 0)
			error_errno(err, r, "its cgroup " SCOPE_CGROUP);
	}
	if (r < 0) {
		end(&placeholder);
		return r;
	}
	return seat(home, &placeholder, err);
}

static int move_in(
	struct home *home, enum home_kind kind, const char *root, struct error *err)
{
	struct error trouble = { 0 };

	switch (kind) {
	case HOME_SCOPE:
		if (move_into_scope(home, &trouble) == 0)
			return 0;
		/* it lives on by whatever else is in it */
		log_warning("no placeholder in " SCOPE_UNIT ": %s", trouble.text);
		return 0;
	case HOME_SCOPE_TO_MAKE:
		if (make_scope(home, &trouble) == 0)
			return 0;
		log_warning("no " SCOPE_UNIT ": %s; services live in a cgroup of our "
			    "own until none of them runs",
			trouble.text);
		break;
	case HOME_OWN_STILL:
		log_notice("services were started outside of " SCOPE_UNIT
			   ": they stay there");
		break;
	case HOME_OWN: break;
	}
	free(home->base);
	home->base = NULL;
	return cgroup_base_make_own(&home->base, root, err);
}

CLEANUP(struct home *, home_free)

int home_new(struct home **ret, struct loop *loop, const char *root, struct error *err)
{
	_cleanup_(home_freep) struct home *home = calloc(1, sizeof(*home));
	_cleanup_free_ char *own = NULL;
	struct home_facts facts = { .with_systemd = !root[0] && scope_is_possible() };
	int r;

	if (!home)
		return error_errno(err, -ENOMEM, "cgroups");
	home->loop = loop;
	home->pidfd = -1;
	if (facts.with_systemd) {
		facts.scope_exists = cgroup_base_find(&home->base, SCOPE_CGROUP) == 0;
		facts.own_is_inhabited = cgroup_base_find_own(&own, root) == 0 &&
					 cgroup_base_is_populated(own);
	}
	r = move_in(home, home_choose(&facts), root, err);
	if (r == 0)
		*ret = TAKE(home);
	return r;
}

void home_on_lost(struct home *home, home_fn *lost, void *owner)
{
	home->lost = lost;
	home->owner = owner;
}

const char *home_base(const struct home *home)
{
	return home->base;
}

struct home *home_free(struct home *home)
{
	if (!home)
		return NULL;
	forget(home);
	free(home->base);
	free(home);
	return NULL;
}
