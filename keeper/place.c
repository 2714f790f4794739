/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * place.c - makes the run directory and what lies in it.
 */
#include "keeper/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"

/* Asked by anyone, judged by who answers (SO_PEERCRED): hence mode 0666. */
static const char *const listeners[] = { "control.sock", "health.sock", "log.sock" };

enum { LISTEN_BACKLOG = 128, SOCKET_MODE = 0666, NOTIFY_MODE = 0600 };

static int make_directories(const char *path, struct error *err)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_errno(err, -ENOMEM, "%s", path);
	for (char *at = copy + 1;; at++) {
		char kept = *at;

		if (kept != '/' && kept != '\0')
			continue;
		*at = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_errno(err, -errno, "mkdir %s", copy);
		*at = kept;
		if (kept == '\0')
			return 0;
	}
}

static int lock_place(struct place *place, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	char pid[32] = "";

	if (asprintf(&path, "%s/svcd.lock", place->run) < 0)
		return error_errno(err, -ENOMEM, "lock");
	place->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (place->lock < 0)
		return error_errno(err, -errno, "open %s", path);
	if (flock(place->lock, LOCK_EX | LOCK_NB) < 0) {
		ssize_t size = pread(place->lock, pid, sizeof(pid) - 1, 0);

		pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return error_set(err, -EBUSY,
			"another svcd (pid %s) runs in %s; stop it first, or use "
			"--root",
			pid[0] ? pid : "unknown", place->run);
	}
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(place->lock, 0) < 0 || pwrite(place->lock, pid, strlen(pid), 0) < 0)
		return error_errno(err, -errno, "write %s", path);
	return 0;
}

int place_open(struct place *ret, const char *root, struct error *err)
{
	int r;

	*ret = (struct place){ .lock = -1, .notify_fd = -1 };
	if (asprintf(&ret->run, "%s/run/svcd", root) < 0 ||
		asprintf(&ret->notify_path, "%s/keeper.sock", ret->run) < 0)
		return error_errno(err, -ENOMEM, "run directory");
	r = make_directories(ret->run, err);
	return r < 0 ? r : lock_place(ret, err);
}

static int bind_unix(const char *path, int type, mode_t mode, struct error *err)
{
	_cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return error_errno(err, -errno, "socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, -ENAMETOOLONG,
			"%s: a socket's path has at most %zu bytes; use a shorter --root",
			path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(err, -errno, "unlink %s", path);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_errno(err, -errno, "bind %s", path);
	if (chmod(path, mode) < 0)
		return error_errno(err, -errno, "chmod %s", path);
	if (type == SOCK_STREAM && listen(fd, LISTEN_BACKLOG) < 0)
		return error_errno(err, -errno, "listen %s", path);
	return TAKE_FD(fd);
}

int place_listen(const struct place *place, struct fd_table *store, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		_cleanup_free_ char *path = NULL;
		int fd, r;

		if (fd_table_find(store, listeners[i]))
			continue;
		if (asprintf(&path, "%s/%s", place->run, listeners[i]) < 0)
			return error_errno(err, -ENOMEM, "%s", listeners[i]);
		fd = bind_unix(path, SOCK_STREAM, SOCKET_MODE, err);
		if (fd < 0)
			return fd;
		r = fd_table_put(store, listeners[i], fd);
		if (r < 0)
			return error_errno(err, r, "%s", path);
	}
	return 0;
}

int place_notify(struct place *place, struct error *err)
{
	const int on = 1;

	place->notify_fd = bind_unix(place->notify_path, SOCK_DGRAM, NOTIFY_MODE, err);
	if (place->notify_fd < 0)
		return place->notify_fd;
	/* who spoke: only the supervisor is heard */
	if (setsockopt(place->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return error_errno(err, -errno, "%s", place->notify_path);
	return 0;
}

void place_done(struct place *place)
{
	if (place->notify_fd >= 0) {
		close(place->notify_fd);
		unlink(place->notify_path);
	}
	if (place->lock >= 0)
		close(place->lock);
	free(place->run);
	free(place->notify_path);
	*place = (struct place){ .lock = -1, .notify_fd = -1 };
}
