/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * devices.c - rows of nodes and links, terminals of its own, and the way to the system
 * log.
 */
#include "spawn/devices.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

enum { MEMORY = 1, TERMINALS = 5 }; /* major numbers, see null(4) and tty(4) */

static const struct {
	const char *name;
	unsigned major, minor;
} nodes[] = {
	{ "null", MEMORY, 3 },
	{ "zero", MEMORY, 5 },
	{ "full", MEMORY, 7 },
	{ "random", MEMORY, 8 },
	{ "urandom", MEMORY, 9 },
	{ "tty", TERMINALS, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },
	{ "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

/* syslog(3) writes there: a link to the journal, or the socket of a daemon. */
struct log_socket {
	char target[PATH_MAX];
	int tree;
};

static void hold_log_socket(struct log_socket *ret, int dev_fd)
{
	ssize_t size = readlinkat(dev_fd, "log", ret->target, sizeof(ret->target) - 1);

	ret->target[size < 0 ? 0 : size] = '\0';
	ret->tree =
		size >= 0 ? -1
			  : open_tree(dev_fd, "log", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static int put_log_socket(const struct log_socket *log, int dev_fd)
{
	int r = 0;

	if (log->target[0]) {
		r = symlinkat(log->target, dev_fd, "log");
	} else if (log->tree >= 0) {
		r = mknodat(dev_fd, "log", S_IFREG, 0);
		if (r == 0)
			r = move_mount(
				log->tree, "", dev_fd, "log", MOVE_MOUNT_F_EMPTY_PATH);
	}
	return r < 0 ? -errno : 0;
}

static int fill(int dev_fd)
{
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		if (mknodat(dev_fd, nodes[i].name, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor)) < 0)
			return -errno;
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0)
			return -errno;
	}
	if (mkdirat(dev_fd, "shm", 01777) < 0 || mkdirat(dev_fd, "pts", 0755) < 0)
		return -errno;
	return 0;
}

/* Terminals that nobody outside has. */
static int add_terminals(int dev_fd)
{
	char path[sizeof("/proc/self/fd/") + 20];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/pts", dev_fd);
	return mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
		       "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0
		       ? -errno
		       : 0;
}

int devices_make(const char *path, const char *options)
{
	struct log_socket log;
	_cleanup_close_ int before = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int after = -1;
	int r;

	if (before < 0)
		return -errno;
	hold_log_socket(&log, before);
	if (mount("dev", path, "tmpfs", MS_NOSUID | MS_NOEXEC, options) < 0)
		return -errno;
	after = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (after < 0)
		return -errno;
	r = fill(after);
	if (r == 0)
		r = add_terminals(after);
	return r < 0 ? r : put_log_socket(&log, after);
}
