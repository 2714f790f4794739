/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * place.c - makes the run directory and what lies in it.
 */
#include "keeper/place.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/number.h"
#include "base/orphans.h"

/* Asked by anyone, judged by who answers (SO_PEERCRED): hence mode 0666. */
static const char *const listeners[] = { "control.sock", "health.sock", "log.sock" };

enum {
	LISTEN_BACKLOG = 1024, /* at a handover nobody accepts for a moment */
	SOCKET_MODE = 0666,
	NOTIFY_MODE = 0600,
	NOTE_BYTES = 128
};

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

static int own(struct place *place, const char *name, int fd, struct error *err)
{
	int r = fd_table_put(&place->own, name, fd);

	return r < 0 ? error_errno(err, r, "%s", name) : 0;
}

/* "KEEPER\nSUPERVISOR START\n" */
static void read_note(struct place *place, int lock)
{
	char text[NOTE_BYTES] = "";
	const char *at = text;
	int64_t keeper, left, start;

	if (pread(lock, text, sizeof(text) - 1, 0) < 0 ||
		!number_take(&at, 1, INT32_MAX, &keeper) || *at++ != '\n' ||
		!number_take(&at, 1, INT32_MAX, &left) || *at++ != ' ' ||
		!number_take(&at, 0, INT64_MAX, &start))
		return;
	place->left = (pid_t)left;
	place->left_start = (uint64_t)start;
}

static int lock_place(struct place *place, struct error *err)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int lock = -1;
	int r;
	char pid[NOTE_BYTES] = "";

	if (fd_table_find(&place->own, "lock"))
		return 0;
	if (asprintf(&path, "%s/svcd.lock", place->run) < 0)
		return error_errno(err, -ENOMEM, "lock");
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (lock < 0)
		return error_errno(err, -errno, "open %s", path);
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		ssize_t size = pread(lock, pid, sizeof(pid) - 1, 0);

		pid[size > 0 ? strcspn(pid, "\n") : 0] = '\0';
		return error_set(err, -EBUSY,
			"another svcd (pid %s) runs in %s; stop it first, or use "
			"--root",
			pid[0] ? pid : "unknown", place->run);
	}
	read_note(place, lock);
	r = own(place, "lock", TAKE_FD(lock), err);
	if (r == 0)
		place_note(place, 0);
	return r;
}

/* A full disk keeps nobody from work: the lock is what counts. */
void place_note(const struct place *place, pid_t supervisor)
{
	const struct named_fd *lock = fd_table_find(&place->own, "lock");
	char text[NOTE_BYTES];
	uint64_t start = 0;

	if (supervisor > 0)
		(void)process_start(supervisor, &start);
	snprintf(text, sizeof(text), "%d\n%d %" PRIu64 "\n", getpid(), supervisor, start);
	if (ftruncate(lock->fd, 0) < 0 ||
		pwrite(lock->fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		log_warning("write %s/svcd.lock: %s", place->run, strerror(errno));
}

int place_open(struct place *place, const char *root, struct error *err)
{
	int r;

	place->notify_fd = -1;
	if (asprintf(&place->run, "%s/run/svcd", root) < 0 ||
		asprintf(&place->notify_path, "%s/keeper.sock", place->run) < 0)
		return error_errno(err, -ENOMEM, "run directory");
	r = make_directories(place->run, err);
	return r < 0 ? r : lock_place(place, err);
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

/* Whether a client finds a socket there. */
static bool stands(const char *path)
{
	struct stat found;

	return lstat(path, &found) == 0 && S_ISSOCK(found.st_mode);
}

int place_listen(const struct place *place, struct fd_table *store, struct outer *outer,
	struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(listeners); i++) {
		_cleanup_free_ char *path = NULL;
		int fd, r;

		if (asprintf(&path, "%s/%s", place->run, listeners[i]) < 0)
			return error_errno(err, -ENOMEM, "%s", listeners[i]);
		if (fd_table_find(store, listeners[i]) && stands(path))
			continue;
		fd = bind_unix(path, SOCK_STREAM, SOCKET_MODE, err);
		if (fd < 0)
			return fd;
		r = outer_keep(outer, store, listeners[i], fd);
		if (r < 0)
			return error_errno(err, r, "%s", path);
	}
	return 0;
}

int place_notify(struct place *place, struct error *err)
{
	const struct named_fd *old = fd_table_find(&place->own, "notify");
	const int on = 1;
	int fd;

	if (old && stands(place->notify_path)) {
		place->notify_fd = old->fd;
		return 0;
	}
	fd = bind_unix(place->notify_path, SOCK_DGRAM, NOTIFY_MODE, err);
	if (fd < 0)
		return fd;
	place->notify_fd = fd;
	/* who spoke: only the supervisor is heard */
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return error_errno(err, -errno, "%s", place->notify_path);
	return own(place, "notify", fd, err);
}

void place_done(struct place *place)
{
	/* the others have the names that clients know: they live on in systemd's store */
	if (place->notify_fd >= 0)
		unlink(place->notify_path);
	fd_table_done(&place->own);
	free(place->run);
	free(place->notify_path);
	*place = (struct place){ .notify_fd = -1 };
}
