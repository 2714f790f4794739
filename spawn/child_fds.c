/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * child_fds.c - the descriptors that a process begins with: what the spec lists, and no
 * other.
 */
#include <fcntl.h>
#include <linux/close_range.h>

#include "spawn/step.h"

enum { STANDARD_FDS = 3 };

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
int step_descriptors(struct child *child)
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

void close_all_but_targets(const struct spawn_spec *spec)
{
	int above = first_free_fd(spec);

	for (int fd = STANDARD_FDS; fd < above; fd++) {
		if (!is_target(spec, fd))
			close(fd);
	}
	(void)close_range((unsigned)above, ~0U, 0);
}
