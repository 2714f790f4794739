/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spawner.c - who asks the spawner, and starts it anew when it died.
 *
 * Not here: what is said (order.c), the spawner itself (serve.c).
 */
#include "spawn/spawner.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"

#include "spawn/order.h"
#include "spawn/wire.h"

enum { ANSWER_TIMEOUT_MS = 5000 };

/* One process that clones. */
struct line {
	enum order_kind kind;
	pid_t pid;
	int fd; /* -1: it died, or was not needed yet */
};

struct spawner {
	struct line lines[ORDER_KINDS];
	int program_fd; /* of svcd-spawner as it was at our start; -1: there is none */
};

/* After an upgrade of the package a new one would not understand us. */
static int open_program(void)
{
	const char *folder = secure_getenv("SVCD_LIBEXEC");
	_cleanup_free_ char *path =
		text_format("%s/svcd-spawner", folder ? folder : SVCD_LIBEXEC_DIR);

	return path ? open(path, O_PATH | O_CLOEXEC) : -1;
}

/* In the child. A program of its own maps few libraries, and what is mapped is copied at
 * each fork and taken down at each exec; without it, what was forked serves as well. */
static _Noreturn void become(const struct spawner *spawner, enum order_kind kind, int fd)
{
	static char name[] = "svcd-spawner", version[] = SVCD_VERSION;
	char *argv[] = { name, version, (char *)(uintptr_t)order_words[kind], NULL };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (fd != SPAWNER_FD ? dup2(fd, SPAWNER_FD) < 0
			     : fd_set_cloexec(SPAWNER_FD, false) < 0)
		_exit(EXIT_FAILURE);
	if (spawner->program_fd >= 0) {
		int program = fcntl(spawner->program_fd, F_DUPFD_CLOEXEC, SPAWNER_FD + 1);

		(void)close_range(SPAWNER_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC);
		(void)execveat(program, "", argv, environ, AT_EMPTY_PATH);
	}
	(void)close_range(SPAWNER_FD + 1, ~0U, 0);
	spawner_serve(kind);
}

static int start(const struct spawner *spawner, struct line *line)
{
	_cleanup_close_ int ours = -1;
	_cleanup_close_ int its = -1;
	int ends[2];

	if (FAILPOINT_CALL("spawner.socket",
		    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) < 0)
		return -errno;
	ours = ends[0];
	its = ends[1];
	line->pid = FAILPOINT_CALL("spawner.fork", fork());
	if (line->pid < 0)
		return -errno;
	if (line->pid == 0)
		become(spawner, line->kind, its);
	line->fd = TAKE_FD(ours);
	return 0;
}

/* It ends by itself when nobody can ask any more; one that hangs is killed. */
static void end(struct line *line)
{
	if (line->fd < 0)
		return;
	close(line->fd);
	line->fd = -1;
	kill(line->pid, SIGKILL);
	while (waitpid(line->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

CLEANUP(struct spawner *, spawner_free)

int spawner_new(struct spawner **ret, struct error *err)
{
	_cleanup_(spawner_freep) struct spawner *spawner = calloc(1, sizeof(*spawner));
	int r;

	if (!spawner)
		return error_errno(err, -ENOMEM, "starting the spawner");
	for (size_t i = 0; i < ORDER_KINDS; i++)
		spawner->lines[i] = (struct line){ .kind = (enum order_kind)i, .fd = -1 };
	spawner->program_fd = open_program();
	r = start(spawner, &spawner->lines[ORDER_BOUND]);
	if (r < 0)
		return error_errno(err, r, "starting the spawner");
	*ret = TAKE(spawner);
	return 0;
}

struct spawner *spawner_free(struct spawner *spawner)
{
	if (!spawner)
		return NULL;
	for (size_t i = 0; i < ORDER_KINDS; i++)
		end(&spawner->lines[i]);
	if (spawner->program_fd >= 0)
		close(spawner->program_fd);
	free(spawner);
	return NULL;
}

static int ask(
	const struct line *line, const struct spawn_spec *spec, const struct text *bytes)
{
	struct request request = { .size = bytes->size,
		.in_cgroup = spec->cgroup_fd >= 0,
		.joins = spec->join_pidfd > 0,
		.in_memfd = bytes->size > ORDER_INLINE_MAX_BYTES,
		.fds_count = (uint32_t)spec->fds_count };
	struct iovec parts[2] = { { &request, sizeof(request) },
		{ bytes->bytes, bytes->size } };
	_cleanup_close_ int memfd = -1;
	struct order_fds fds = { 0 };

	if (request.in_cgroup)
		fds.items[fds.count++] = spec->cgroup_fd;
	if (request.joins)
		fds.items[fds.count++] = spec->join_pidfd;
	for (size_t i = 0; i < spec->fds_count; i++) {
		fds.items[fds.count++] = spec->fds[i].fd;
		request.targets[i] = spec->fds[i].target;
	}
	if (request.in_memfd) {
		memfd = FAILPOINT_ERROR("spawner.memfd");
		if (memfd == 0)
			memfd = fd_sealed("spawn", bytes->bytes, bytes->size);
		if (memfd < 0)
			return memfd;
		fds.items[fds.count++] = memfd;
	}
	return order_send(line->fd, parts, request.in_memfd ? 1 : 2, &fds);
}

/* The answer of one that lives; -errno when there is none to be had. */
static int await(const struct line *line, struct answer *ret, struct order_fds *ret_fds)
{
	struct pollfd ready = { line->fd, POLLIN, 0 };
	struct iovec part = { ret, sizeof(*ret) };
	ssize_t got;
	int r;

	do
		r = poll(&ready, 1, ANSWER_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	got = order_receive(line->fd, &part, 1, ret_fds);
	if (got == sizeof(*ret) && ret_fds->count == (ret->pid > 0 ? ANSWER_FDS : 0))
		return 0;
	order_fds_close(ret_fds);
	return got < 0 ? (int)got : -EPIPE;
}

/* It may have cloned before it died, and nobody would ever wait for that process. */
static int lose(
	struct line *line, const struct spawn_spec *spec, int error, struct error *err)
{
	end(line);
	if (spec->cgroup_fd >= 0)
		(void)file_put(spec->cgroup_fd, "cgroup.kill", "1");
	return error_errno(err, error, "%s: the spawner does not answer", spec->name);
}

static enum order_kind kind_of(const struct spawn_spec *spec)
{
	return spec->identity && !spec->keep_privileges &&
			       (!spec->capabilities || spec->capabilities->count == 0)
		       ? ORDER_BOUND
		       : ORDER_FREE;
}

int spawner_spawn(struct spawner *spawner, struct spawned *ret,
	const struct spawn_spec *spec, struct error *err)
{
	struct line *line = &spawner->lines[kind_of(spec)];
	struct text bytes = { 0 };
	struct answer answer = { 0 };
	struct order_fds fds = { 0 };
	int r = line->fd < 0 ? start(spawner, line) : 0;

	if (r < 0)
		return error_errno(err, r, "%s: starting the spawner", spec->name);
	wire_print(&bytes, spec);
	r = text_failed(&bytes) ? -ENOMEM : ask(line, spec, &bytes);
	if (bytes.bytes)
		explicit_bzero(bytes.bytes, bytes.size); /* the environment */
	text_done(&bytes);
	if (r == -ENOMEM)
		return error_errno(err, r, "%s", spec->name);
	if (r == 0)
		r = await(line, &answer, &fds);
	if (r < 0)
		return lose(line, spec, r, err);
	if (answer.pid <= 0)
		return error_errno(err, -answer.error, "%s: clone3", spec->name);
	*ret = (struct spawned){ answer.pid, fds.items[0], fds.items[1] };
	return 0;
}
