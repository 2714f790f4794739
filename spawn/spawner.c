/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawner.c - both ends of the socket pair: who asks for a process, and the process that
 * clones it.
 *
 * One datagram asks (a header, the spec as wire.c prints it, descriptors beside), one
 * answers (pid or errno, pidfd and report pipe beside). A spec that is too long for a
 * datagram travels as a memfd. Not here: what the child does then (child.c).
 */
#include "spawn/spawner.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#include "spawn/call_filter.h"
#include "spawn/child.h"
#include "spawn/clone.h"
#include "spawn/wire.h"

enum {
	INLINE_MAX_BYTES = 64 * 1024,
	ANSWER_TIMEOUT_MS = 5000,
	/* the cgroup, a process to join, those of the spec, a memfd */
	REQUEST_MAX_FDS = SPAWN_MAX_FDS + 3,
	ANSWER_FDS = 2,
	SPAWNER_FD = 3,
};

struct spawner {
	pid_t pid;
	int fd;                    /* -1: it died */
	struct call_filter *calls; /* compiled once, for all children */
};

struct request {
	uint64_t size; /* of the spec */
	uint32_t in_cgroup, joins, in_memfd, fds_count;
	int32_t targets[SPAWN_MAX_FDS];
};

struct answer {
	int32_t pid, error; /* one of them is 0 */
};

/* ---- datagrams with descriptors ---- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(REQUEST_MAX_FDS * sizeof(int))];
};

struct fds {
	int items[REQUEST_MAX_FDS];
	size_t count;
};

static int send_with(int fd, struct iovec *parts, size_t parts_count, struct fds fds)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = parts_count };

	if (fds.count > 0) {
		size_t size = fds.count * sizeof(int);

		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(size),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), fds.items, size);
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Its size; 0 at the end; -errno. */
static ssize_t receive_with(
	int fd, struct iovec *parts, size_t parts_count, struct fds *ret)
{
	union control control = { 0 };
	struct msghdr message = { .msg_iov = parts,
		.msg_iovlen = parts_count,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	const struct cmsghdr *header;
	ssize_t got;

	ret->count = 0;
	do
		got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS) {
		ret->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret->items, CMSG_DATA(header), ret->count * sizeof(int));
	}
	return got;
}

static void close_all(struct fds *fds)
{
	while (fds->count > 0)
		close(fds->items[--fds->count]);
}

/* ---- the spawner itself ---- */

/* All is understood before the clone: what a child writes in its memory is copied first.
 */
struct order {
	struct request request;
	struct fds fds;
	char *bytes; /* of the spec */
	struct wired wired;
	int cgroup_fd;
};

static struct answer clone_one(
	const struct order *order, const struct call_filter *calls, struct fds *ret_fds)
{
	_cleanup_close_ int read_end = -1;
	_cleanup_close_ int write_end = -1;
	int ends[2], pidfd = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return (struct answer){ .error = errno };
	read_end = ends[0];
	write_end = ends[1];
	pid = clone_process(order->cgroup_fd, CLONE_AS_SIBLING, &pidfd);
	if (pid == 0)
		child_run(&order->wired.spec, calls, write_end);
	if (pid < 0)
		return (struct answer){ .error = errno };
	ret_fds->items[0] = pidfd;
	ret_fds->items[1] = TAKE_FD(read_end);
	ret_fds->count = ANSWER_FDS;
	return (struct answer){ .pid = pid };
}

/* Where the spec is: in the datagram, or in the memfd that came with it. */
static int find_bytes(struct order *order, size_t inline_size, char *buffer)
{
	const struct request *request = &order->request;
	void *map;

	order->bytes = buffer;
	if (!request->in_memfd)
		return request->size == inline_size ? 0 : -EINVAL;
	map = mmap(NULL, request->size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		order->fds.items[order->fds.count - 1], 0);
	if (map == MAP_FAILED)
		return -errno;
	order->bytes = map;
	return 0;
}

/* Which descriptor is what. */
static void name_descriptors(struct order *order)
{
	const struct request *request = &order->request;
	struct spawn_spec *spec = &order->wired.spec;
	const int *next = order->fds.items;

	order->cgroup_fd = request->in_cgroup ? *next++ : -1;
	spec->join_pidfd = request->joins ? *next++ : 0;
	for (size_t i = 0; i < request->fds_count; i++) {
		spec->fds[i].fd = *next++;
		spec->fds[i].target = request->targets[i];
	}
	spec->fds_count = request->fds_count;
}

/* -EINVAL when the numbers disagree. */
static int understand(struct order *order, size_t got, char *buffer)
{
	const struct request *request = &order->request;
	int r;

	if (request->fds_count > SPAWN_MAX_FDS ||
		order->fds.count != (request->in_cgroup != 0) + (request->joins != 0) +
					    request->fds_count + (request->in_memfd != 0))
		return -EINVAL;
	r = find_bytes(order, got - sizeof(*request), buffer);
	if (r == 0)
		r = wire_read(&order->wired, order->bytes, request->size);
	if (r == 0)
		name_descriptors(order);
	return r;
}

/* To be called with a spec that is understood; else `error` is the answer. */
static void answer_order(
	const struct order *order, const struct call_filter *calls, int error, int fd)
{
	struct answer answer = { .error = -error };
	struct fds fds = { 0 };
	struct iovec part = { &answer, sizeof(answer) };

	if (error == 0)
		answer = clone_one(order, calls, &fds);
	(void)send_with(fd, &part, 1, fds);
	close_all(&fds);
}

static void order_done(struct order *order, const char *buffer)
{
	wire_done(&order->wired);
	if (order->bytes && order->bytes != buffer)
		munmap(order->bytes, order->request.size);
	close_all(&order->fds);
}

/* Until the supervisor is gone. Signals wait for ever: a Ctrl-C is not for us. */
static _Noreturn void serve(int fd, const struct call_filter *calls)
{
	static char buffer[INLINE_MAX_BYTES];

	prctl(PR_SET_NAME, "svcd-spawner");
	for (;;) {
		struct order order = { .cgroup_fd = -1 };
		struct iovec parts[2] = { { &order.request, sizeof(order.request) },
			{ buffer, sizeof(buffer) } };
		ssize_t got = receive_with(fd, parts, 2, &order.fds);

		if (got < (ssize_t)sizeof(order.request))
			_exit(EXIT_SUCCESS);
		answer_order(&order, calls, understand(&order, (size_t)got, buffer), fd);
		order_done(&order, buffer);
	}
}

static _Noreturn void begin(int fd, const struct call_filter *calls)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (fd != SPAWNER_FD && dup2(fd, SPAWNER_FD) < 0)
		_exit(EXIT_FAILURE);
	(void)fd_set_cloexec(SPAWNER_FD, true);
	(void)close_range(SPAWNER_FD + 1, ~0U, 0);
	serve(SPAWNER_FD, calls);
}

/* ---- who asks ---- */

static int start(struct spawner *spawner)
{
	_cleanup_close_ int ours = -1;
	_cleanup_close_ int its = -1;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	ours = ends[0];
	its = ends[1];
	spawner->pid = fork();
	if (spawner->pid < 0)
		return -errno;
	if (spawner->pid == 0)
		begin(its, spawner->calls);
	spawner->fd = TAKE_FD(ours);
	return 0;
}

/* It ends by itself when nobody can ask any more; one that hangs is killed. */
static void end(struct spawner *spawner)
{
	if (spawner->fd < 0)
		return;
	close(spawner->fd);
	spawner->fd = -1;
	kill(spawner->pid, SIGKILL);
	while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

CLEANUP(struct spawner *, spawner_free)

int spawner_new(struct spawner **ret, struct error *err)
{
	_cleanup_(spawner_freep) struct spawner *spawner = calloc(1, sizeof(*spawner));
	int r;

	if (!spawner)
		return error_errno(err, -ENOMEM, "starting the spawner");
	spawner->fd = -1;
	r = call_filter_new(&spawner->calls, err);
	if (r < 0)
		return r;
	r = start(spawner);
	if (r < 0)
		return error_errno(err, r, "starting the spawner");
	*ret = TAKE(spawner);
	return 0;
}

struct spawner *spawner_free(struct spawner *spawner)
{
	if (!spawner)
		return NULL;
	end(spawner);
	call_filter_free(spawner->calls);
	free(spawner);
	return NULL;
}

static int ask(struct spawner *spawner, const struct spawn_spec *spec, struct text *bytes)
{
	struct request request = { .size = bytes->size,
		.in_cgroup = spec->cgroup_fd >= 0,
		.joins = spec->join_pidfd > 0,
		.in_memfd = bytes->size > INLINE_MAX_BYTES,
		.fds_count = (uint32_t)spec->fds_count };
	struct iovec parts[2] = { { &request, sizeof(request) },
		{ bytes->bytes, bytes->size } };
	_cleanup_close_ int memfd = -1;
	struct fds fds = { 0 };

	if (request.in_cgroup)
		fds.items[fds.count++] = spec->cgroup_fd;
	if (request.joins)
		fds.items[fds.count++] = spec->join_pidfd;
	for (size_t i = 0; i < spec->fds_count; i++) {
		fds.items[fds.count++] = spec->fds[i].fd;
		request.targets[i] = spec->fds[i].target;
	}
	if (request.in_memfd) {
		memfd = fd_sealed("spawn", bytes->bytes, bytes->size);
		if (memfd < 0)
			return memfd;
		fds.items[fds.count++] = memfd;
	}
	return send_with(spawner->fd, parts, request.in_memfd ? 1 : 2, fds);
}

/* The answer of one that lives; -errno when there is none to be had. */
static int await(const struct spawner *spawner, struct answer *ret, struct fds *ret_fds)
{
	struct pollfd ready = { spawner->fd, POLLIN, 0 };
	struct iovec part = { ret, sizeof(*ret) };
	ssize_t got;
	int r;

	do
		r = poll(&ready, 1, ANSWER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	got = receive_with(spawner->fd, &part, 1, ret_fds);
	if (got == sizeof(*ret) && ret_fds->count == (ret->pid > 0 ? ANSWER_FDS : 0))
		return 0;
	close_all(ret_fds);
	return got < 0 ? (int)got : -EPIPE;
}

/* It may have cloned before it died, and nobody would ever wait for that process. */
static int lose(struct spawner *spawner, const struct spawn_spec *spec, int error,
	struct error *err)
{
	end(spawner);
	if (spec->cgroup_fd >= 0)
		(void)file_put(spec->cgroup_fd, "cgroup.kill", "1");
	return error_errno(err, error, "%s: the spawner does not answer", spec->name);
}

int spawner_spawn(struct spawner *spawner, struct spawned *ret,
	const struct spawn_spec *spec, struct error *err)
{
	struct text bytes = { 0 };
	struct answer answer = { 0 };
	struct fds fds = { 0 };
	int r = spawner->fd < 0 ? start(spawner) : 0;

	if (r < 0)
		return error_errno(err, r, "%s: starting the spawner", spec->name);
	wire_print(&bytes, spec);
	r = text_failed(&bytes) ? -ENOMEM : ask(spawner, spec, &bytes);
	text_done(&bytes);
	if (r == -ENOMEM)
		return error_errno(err, r, "%s", spec->name);
	if (r == 0)
		r = await(spawner, &answer, &fds);
	if (r < 0)
		return lose(spawner, spec, r, err);
	if (answer.pid <= 0)
		return error_errno(err, -answer.error, "%s: clone3", spec->name);
	*ret = (struct spawned){ answer.pid, fds.items[0], fds.items[1] };
	return 0;
}
