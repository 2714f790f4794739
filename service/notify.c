/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notify.c - one datagram socket per instance, kept over its restarts.
 *
 * BARRIER=1 needs no word of its own: the descriptor that came with it is closed once the
 * datagrams before it are handled, and that is what the sender waits for.
 */
#include "service/notify.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/reason.h"
#include "base/stranger.h"
#include "base/text.h"

#include "config/config.h"

enum {
	DATAGRAM_MAX_BYTES = 4096,
	ERRNO_MAX = 4095,
	DATAGRAMS_A_TURN = 32, /* a service that floods has to let others speak */
};

struct notify {
	int fd;
	char *path;
	struct watch *watch;
	struct notify_user user;
};

static int64_t read_number(const char *value)
{
	char *end;
	long long number;

	if (*value < '0' || *value > '9')
		return UNSET;
	errno = 0;
	number = strtoll(value, &end, 10);
	return errno || *end ? UNSET : number;
}

static void take_ready(struct notify_message *message, const char *value)
{
	message->ready |= text_equal(value, "1");
}

static void take_reloading(struct notify_message *message, const char *value)
{
	message->reloading |= text_equal(value, "1");
}

static void take_stopping(struct notify_message *message, const char *value)
{
	message->stopping |= text_equal(value, "1");
}

/* As people may see it: control characters are spelled out. */
static void take_shown(char *ret, size_t size, const char *value)
{
	struct text shown = { 0 };

	text_add_shown(&shown, value, strlen(value));
	reason_set(ret, size, "%s", shown.bytes ? shown.bytes : "");
	text_done(&shown);
}

static void take_status(struct notify_message *message, const char *value)
{
	message->has_status = true;
	take_shown(message->status, sizeof(message->status), value);
}

static void take_main_pid(struct notify_message *message, const char *value)
{
	int64_t pid = read_number(value);

	if (pid > 1 && pid <= INT32_MAX)
		message->main_pid = (pid_t)pid;
}

static void take_watchdog(struct notify_message *message, const char *value)
{
	message->watchdog |= text_equal(value, "1");
	message->watchdog_trigger |= text_equal(value, "trigger");
}

static void take_watchdog_us(struct notify_message *message, const char *value)
{
	message->watchdog_us = read_number(value);
}

static void take_monotonic_us(struct notify_message *message, const char *value)
{
	message->monotonic_us = read_number(value);
}

static void take_error(struct notify_message *message, const char *value)
{
	int64_t number = read_number(value);

	if (number > 0 && number <= ERRNO_MAX)
		message->error = (int)number;
}

static void take_bus_error(struct notify_message *message, const char *value)
{
	take_shown(message->bus_error, sizeof(message->bus_error), value);
}

static void take_fdstore(struct notify_message *message, const char *value)
{
	message->fdstore |= text_equal(value, "1");
}

static void take_fdstore_remove(struct notify_message *message, const char *value)
{
	message->fdstore_remove |= text_equal(value, "1");
}

static void take_fd_name(struct notify_message *message, const char *value)
{
	take_shown(message->fd_name, sizeof(message->fd_name), value);
}

static void take_fdpoll(struct notify_message *message, const char *value)
{
	message->fdpoll = !text_equal(value, "0");
}

static void take_extend_us(struct notify_message *message, const char *value)
{
	message->extend_us = read_number(value);
}

static const struct word {
	const char *key;
	void (*take)(struct notify_message *message, const char *value);
} words[] = {
	{ "READY", take_ready },
	{ "RELOADING", take_reloading },
	{ "STOPPING", take_stopping },
	{ "STATUS", take_status },
	{ "MAINPID", take_main_pid },
	{ "WATCHDOG", take_watchdog },
	{ "WATCHDOG_USEC", take_watchdog_us },
	{ "EXTEND_TIMEOUT_USEC", take_extend_us },
	{ "MONOTONIC_USEC", take_monotonic_us },
	{ "ERRNO", take_error },
	{ "BUSERROR", take_bus_error },
	{ "FDSTORE", take_fdstore },
	{ "FDSTOREREMOVE", take_fdstore_remove },
	{ "FDNAME", take_fd_name },
	{ "FDPOLL", take_fdpoll },
};

static void take_line(struct notify_message *message, char *line)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return;
	*equals = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].key, line) == 0)
			words[i].take(message, equals + 1);
	}
}

void notify_parse(struct notify_message *ret, const char *bytes, size_t size)
{
	char text[DATAGRAM_MAX_BYTES + 1], *line = text, *next;

	*ret = (struct notify_message){ .extend_us = UNSET,
		.watchdog_us = UNSET,
		.monotonic_us = UNSET,
		.fdpoll = true };
	size = MIN(size, (size_t)DATAGRAM_MAX_BYTES);
	memcpy(text, bytes, size);
	text[size] = '\0';
	do {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		take_line(ret, line);
		line = next;
	} while (line);
}

struct received {
	char bytes[DATAGRAM_MAX_BYTES];
	size_t size;
	pid_t pid; /* 0: the kernel did not say */
	int fds[NOTIFY_MAX_FDS];
	size_t fds_count;
};

static void close_fds(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			stranger_close(fds[i]);
	}
}

static void take_part(struct received *received, const struct cmsghdr *part)
{
	struct ucred credentials;

	if (part->cmsg_level != SOL_SOCKET)
		return;
	if (part->cmsg_type == SCM_CREDENTIALS) {
		memcpy(&credentials, CMSG_DATA(part), sizeof(credentials));
		received->pid = credentials.pid;
	}
	/* there is room in `control` for one such part of NOTIFY_MAX_FDS */
	if (part->cmsg_type == SCM_RIGHTS && received->fds_count == 0) {
		received->fds_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(received->fds, CMSG_DATA(part), received->fds_count * sizeof(int));
	}
}

/* -EAGAIN when nothing waits. */
static int receive(int fd, struct received *ret)
{
	char control[CMSG_SPACE(sizeof(struct ucred)) +
		     CMSG_SPACE(sizeof(int) * NOTIFY_MAX_FDS)]
		__attribute__((aligned(__alignof__(struct cmsghdr))));
	struct iovec bytes = { ret->bytes, sizeof(ret->bytes) };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -errno;
	ret->size = (size_t)got;
	ret->fds_count = 0;
	ret->pid = 0;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part;
		part = CMSG_NXTHDR(&message, part))
		take_part(ret, part);
	return 0;
}

static void hear(
	struct notify_user user, const struct received *received, struct instant now)
{
	struct notify_message message;

	if (received->pid <= 0 || !user.is_ours(user.owner, received->pid)) {
		close_fds(received->fds, received->fds_count);
		return;
	}
	notify_parse(&message, received->bytes, received->size);
	memcpy(message.fds, received->fds, received->fds_count * sizeof(int));
	message.fds_count = received->fds_count;
	user.told(user.owner, &message, now);
	close_fds(message.fds, message.fds_count);
}

static void on_datagrams(void *owner, unsigned events, struct instant now)
{
	struct notify *notify = owner;
	struct notify_user user = notify->user;
	int fd = notify->fd;

	(void)events;
	/* `told` may end the instance's state, but never frees the notify socket. */
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		struct received received;

		if (receive(fd, &received) < 0)
			return;
		hear(user, &received, now);
	}
}

static int bind_at(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *any = (const struct sockaddr *)address;

	if (bind(fd, any, sizeof(*address)) == 0)
		return 0;
	/* left by a supervisor that was killed */
	if (errno != EADDRINUSE || unlink(address->sun_path) < 0)
		return -errno;
	return bind(fd, any, sizeof(*address)) < 0 ? -errno : 0;
}

static int listen_at(struct notify *notify, const struct notify_plan *plan)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int yes = 1, r;

	if (strlen(plan->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, plan->path, strlen(plan->path) + 1);
	notify->fd = FAILPOINT_CALL("notify.socket",
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (notify->fd < 0)
		return -errno;
	/* the mode of a socket before bind(2) is that of its file */
	if (setsockopt(notify->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
		fchmod(notify->fd, 0600) < 0)
		return -errno;
	r = bind_at(notify->fd, &address);
	if (r == 0 && lchown(plan->path, plan->uid, plan->gid) < 0)
		r = -errno;
	return r;
}

/* Whether clients that connect there reach this socket: bound to that path, which nobody
 * has removed or made anew since. */
static bool is_bound_at(int fd, const char *path)
{
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address) - 1;
	struct stat info;

	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	       text_equal(address.sun_path, path) && lstat(path, &info) == 0 &&
	       S_ISSOCK(info.st_mode);
}

static int take_over(struct notify *notify, const struct notify_plan *plan)
{
	if (!is_bound_at(plan->fd, plan->path)) {
		int r = listen_at(notify, plan);

		close(plan->fd); /* now: the new one has another number */
		return r;
	}
	notify->fd = plan->fd;
	return fd_set_nonblock(notify->fd, true);
}

CLEANUP(struct notify *, notify_free)

int notify_new(struct notify **ret, struct loop *loop, const struct notify_plan *plan,
	struct error *err)
{
	_cleanup_(notify_freep) struct notify *notify = calloc(1, sizeof(*notify));
	int r;

	if (!notify) {
		if (plan->fd >= 0)
			close(plan->fd);
		return error_errno(err, -ENOMEM, "notify socket");
	}
	notify->fd = -1;
	notify->user = plan->user;
	r = plan->fd >= 0 ? take_over(notify, plan) : listen_at(notify, plan);
	if (r == 0) {
		notify->path = strdup(plan->path);
		r = notify->path ? watch_new(&notify->watch, loop, notify->fd, WATCH_READ,
					   on_datagrams, notify)
				 : -ENOMEM;
	}
	if (r < 0)
		return error_errno(err, r, "notify socket %s", plan->path);
	*ret = TAKE(notify);
	return 0;
}

struct notify *notify_free(struct notify *notify)
{
	if (!notify)
		return NULL;
	watch_free(notify->watch);
	if (notify->fd >= 0)
		stranger_hang_up(notify->fd);
	if (notify->path)
		unlink(notify->path);
	free(notify->path);
	free(notify);
	return NULL;
}

int notify_fd(const struct notify *notify)
{
	return notify->fd;
}

const char *notify_path(const struct notify *notify)
{
	return notify->path;
}
