/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * serve.c - the spawner itself: takes an order, clones, answers.
 *
 * Not here: what the child does then (child.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/failpoint.h"
#include "base/file.h"

#include "spawn/call_filter.h"
#include "spawn/capabilities.h"
#include "spawn/child.h"
#include "spawn/clone.h"
#include "spawn/order.h"
#include "spawn/wire.h"

/* All is understood before the clone: what a child writes in its memory is copied first.
 */
struct order {
	struct request request;
	struct order_fds fds;
	char *bytes; /* of the spec */
	struct wired wired;
	int cgroup_fd;
};

static struct answer clone_one(const struct order *order,
	const struct child_ground *ground, struct order_fds *ret_fds)
{
	_cleanup_close_ int read_end = -1;
	_cleanup_close_ int write_end = -1;
	int ends[2], pidfd = -1;
	pid_t pid;

	if (FAILPOINT_CALL("spawner.pipe", pipe2(ends, O_CLOEXEC | O_NONBLOCK)) < 0)
		return (struct answer){ .error = errno };
	read_end = ends[0];
	write_end = ends[1];
	pid = FAILPOINT_CALL("spawner.clone",
		clone_process(order->cgroup_fd, CLONE_AS_SIBLING, &pidfd));
	if (pid == 0)
		child_run(&order->wired.spec, ground, write_end);
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
	const struct order *order, const struct child_ground *ground, int error)
{
	struct answer answer = { .error = -error };
	struct order_fds fds = { 0 };
	struct iovec part = { &answer, sizeof(answer) };

	if (error == 0)
		answer = clone_one(order, ground, &fds);
	(void)order_send(SPAWNER_FD, &part, 1, &fds);
	order_fds_close(&fds);
}

static void order_done(struct order *order, const char *buffer)
{
	wire_done(&order->wired);
	if (order->bytes && order->bytes != buffer)
		munmap(order->bytes, order->request.size);
	order_fds_close(&order->fds);
}

_Noreturn void spawner_serve(enum order_kind kind)
{
	static char buffer[ORDER_INLINE_MAX_BYTES];
	struct child_ground ground = { .default_signals = true };
	struct call_filter *calls = NULL;
	const char *detail;

	prctl(PR_SET_NAME, "svcd-spawner");
	/* secrets of services pass through here: nobody looks in, and no core is left */
	prctl(PR_SET_DUMPABLE, 0);
	(void)fd_set_cloexec(SPAWNER_FD, true);
	child_reset_signals();
	/* without it, who wants it is refused by that name */
	(void)call_filter_new(&calls, NULL);
	ground.calls = calls;
	/* where it may not, each child says so */
	ground.bound = kind == ORDER_BOUND && capabilities_bound(NULL, &detail) == 0;
	for (;;) {
		struct order order = { .cgroup_fd = -1 };
		struct iovec parts[2] = { { &order.request, sizeof(order.request) },
			{ buffer, sizeof(buffer) } };
		ssize_t got = order_receive(SPAWNER_FD, parts, 2, &order.fds);

		if (got < (ssize_t)sizeof(order.request))
			_exit(EXIT_SUCCESS);
		answer_order(&order, &ground, understand(&order, (size_t)got, buffer));
		order_done(&order, buffer);
		explicit_bzero(buffer, (size_t)got - sizeof(order.request));
	}
}
