/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loop.c - libev behind five nouns; the only file that includes <ev.h>.
 *
 * ev_now() is wall-clock time, so the loop reads CLOCK_MONOTONIC itself, once per
 * wake-up.
 */
#include "base/loop.h"

#include <assert.h>
#include <ev.h>
#include <signal.h>
#include <time.h>

enum { NS_PER_US = 1000 };

struct loop {
	struct ev_loop *ev;
	struct ev_prepare before_sleep;
	struct ev_check after_sleep;
	struct instant now;
	struct wall wall;
	int64_t lag_us;
	struct task *tasks; /* scheduled ones, newest first */
	int64_t guard_us;   /* 0: no turn is too long */
	timer_t guard;      /* armed while we are awake */
};

struct watch {
	struct ev_io io;
	struct loop *loop;
	watch_fn *fn;
	void *owner;
};

struct timer {
	struct ev_timer timer;
	struct loop *loop;
	struct instant at;
	timer_fn *fn;
	void *owner;
};

struct signal_watch {
	struct ev_signal signal;
	struct loop *loop;
	signal_fn *fn;
	void *owner;
};

struct task {
	struct loop *loop;
	struct task *next;
	bool scheduled;
	timer_fn *fn;
	void *owner;
};

/* Armed for `left_us`; 0 disarms. */
static void arm_guard(const struct loop *self, int64_t left_us)
{
	const struct itimerspec left = { .it_value = { left_us / US_PER_S,
						 left_us % US_PER_S * NS_PER_US } };

	if (self->guard_us > 0)
		(void)timer_settime(self->guard, 0, &left, NULL);
}

static void on_wake(EV_P_ ev_check *check, int events)
{
	struct loop *self = check->data;

	(void)events;
	arm_guard(self, self->guard_us);
	ev_now_update(EV_A);
	self->now = instant_read();
	self->wall = wall_read();
}

/* Tasks may schedule tasks; those run in the same turn, until none is left. */
static void on_before_sleep(EV_P_ ev_prepare *prepare, int events)
{
	struct loop *self = prepare->data;

	(void)events;
	while (self->tasks) {
		struct task *task = self->tasks;

		self->tasks = task->next;
		task->scheduled = false;
		task->fn(task->owner, self->now);
	}
	/* Timers are relative to libev's idea of now: keep it fresh after long work. */
	ev_now_update(EV_A);
	self->lag_us = MAX(self->lag_us, instant_since_us(instant_read(), self->now));
	arm_guard(self, 0);
}

int loop_new(struct loop **ret)
{
	_cleanup_(loop_freep) struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	/* Not the default loop: that one reaps every child on SIGCHLD, and exit statuses
	 * would be lost. */
	loop->ev = ev_loop_new(EVFLAG_NOENV);
	if (!loop->ev)
		return -ENOMEM;
	loop->now = instant_read();
	loop->wall = wall_read();
	ev_prepare_init(&loop->before_sleep, on_before_sleep);
	ev_check_init(&loop->after_sleep, on_wake);
	ev_set_priority(&loop->after_sleep, EV_MAXPRI);
	ev_set_priority(&loop->before_sleep, EV_MINPRI);
	loop->before_sleep.data = loop->after_sleep.data = loop;
	ev_prepare_start(loop->ev, &loop->before_sleep);
	ev_check_start(loop->ev, &loop->after_sleep);
	ev_unref(loop->ev);
	ev_unref(loop->ev);
	*ret = TAKE(loop);
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	if (loop->ev) {
		ev_ref(loop->ev);
		ev_ref(loop->ev);
		ev_prepare_stop(loop->ev, &loop->before_sleep);
		ev_check_stop(loop->ev, &loop->after_sleep);
		ev_loop_destroy(loop->ev);
	}
	if (loop->guard_us > 0)
		timer_delete(loop->guard);
	free(loop);
	return NULL;
}

void loop_run(struct loop *loop)
{
	loop->now = instant_read();
	loop->wall = wall_read();
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

struct instant loop_now(struct loop *loop)
{
	return loop->now;
}

struct wall loop_wall(struct loop *loop)
{
	return loop->wall;
}

int loop_guard(struct loop *loop, int64_t limit_us)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGABRT };

	assert(limit_us > 0 && loop->guard_us == 0);
	if (timer_create(CLOCK_MONOTONIC, &event, &loop->guard) < 0)
		return -errno;
	loop->guard_us = limit_us;
	arm_guard(loop, limit_us);
	return 0;
}

int64_t loop_lag_us(struct loop *loop)
{
	int64_t lag_us = loop->lag_us;

	loop->lag_us = 0;
	return lag_us;
}

static void on_io(EV_P_ ev_io *io, int events)
{
	struct watch *watch = io->data;

	(void)loop;
	watch->fn(watch->owner,
		(events & EV_READ ? WATCH_READ : 0U) |
			(events & EV_WRITE ? WATCH_WRITE : 0U),
		watch->loop->now);
}

static int ev_events(unsigned events)
{
	return (events & WATCH_READ ? EV_READ : 0) |
	       (events & WATCH_WRITE ? EV_WRITE : 0);
}

/* NOLINTNEXTLINE(readability-function-size): what to watch, and whom to call */
int watch_new(struct watch **ret, struct loop *loop, int fd, unsigned events,
	watch_fn *fn, void *owner)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	assert(fd >= 0);
	if (!watch)
		return -ENOMEM;
	watch->loop = loop;
	watch->fn = fn;
	watch->owner = owner;
	ev_io_init(&watch->io, on_io, fd, ev_events(events));
	watch->io.data = watch;
	if (events)
		ev_io_start(loop->ev, &watch->io);
	*ret = watch;
	return 0;
}

void watch_set(struct watch *watch, unsigned events)
{
	int wanted = ev_events(events);

	if (ev_is_active(&watch->io) && watch->io.events == wanted)
		return;
	ev_io_stop(watch->loop->ev, &watch->io);
	ev_io_set(&watch->io, watch->io.fd, wanted);
	if (wanted)
		ev_io_start(watch->loop->ev, &watch->io);
}

struct watch *watch_free(struct watch *watch)
{
	if (watch)
		ev_io_stop(watch->loop->ev, &watch->io);
	free(watch);
	return NULL;
}

static void on_timer(EV_P_ ev_timer *ev, int events)
{
	struct timer *timer = ev->data;

	(void)loop;
	(void)events;
	timer->at = NEVER;
	timer->fn(timer->owner, timer->loop->now);
}

int timer_new(struct timer **ret, struct loop *loop, timer_fn *fn, void *owner)
{
	struct timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return -ENOMEM;
	timer->loop = loop;
	timer->at = NEVER;
	timer->fn = fn;
	timer->owner = owner;
	ev_timer_init(&timer->timer, on_timer, 0., 0.);
	timer->timer.data = timer;
	*ret = timer;
	return 0;
}

void timer_arm(struct timer *timer, struct instant at)
{
	int64_t wait_us;

	if (timer->at.us == at.us)
		return;
	timer->at = at;
	ev_timer_stop(timer->loop->ev, &timer->timer);
	if (at.us == NEVER.us)
		return;
	/* Relative to the real now: a callback may have worked for a while since the
	 * wake-up. */
	ev_now_update(timer->loop->ev);
	wait_us = instant_since_us(at, instant_read());
	ev_timer_set(&timer->timer, wait_us > 0 ? (double)wait_us / US_PER_S : 0., 0.);
	ev_timer_start(timer->loop->ev, &timer->timer);
}

bool timer_is_armed(const struct timer *timer)
{
	return timer->at.us != NEVER.us;
}

struct timer *timer_free(struct timer *timer)
{
	if (timer)
		ev_timer_stop(timer->loop->ev, &timer->timer);
	free(timer);
	return NULL;
}

static void on_signal(EV_P_ ev_signal *signal, int events)
{
	struct signal_watch *watch = signal->data;

	(void)loop;
	(void)events;
	watch->fn(watch->owner, signal->signum, watch->loop->now);
}

int signal_watch_new(struct signal_watch **ret, struct loop *loop, int number,
	signal_fn *fn, void *owner)
{
	struct signal_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->loop = loop;
	watch->fn = fn;
	watch->owner = owner;
	ev_signal_init(&watch->signal, on_signal, number);
	watch->signal.data = watch;
	ev_signal_start(loop->ev, &watch->signal);
	*ret = watch;
	return 0;
}

struct signal_watch *signal_watch_free(struct signal_watch *watch)
{
	if (watch)
		ev_signal_stop(watch->loop->ev, &watch->signal);
	free(watch);
	return NULL;
}

int task_new(struct task **ret, struct loop *loop, timer_fn *fn, void *owner)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return -ENOMEM;
	task->loop = loop;
	task->fn = fn;
	task->owner = owner;
	*ret = task;
	return 0;
}

void task_schedule(struct task *task)
{
	if (task->scheduled)
		return;
	task->scheduled = true;
	task->next = task->loop->tasks;
	task->loop->tasks = task;
}

struct task *task_free(struct task *task)
{
	if (task && task->scheduled) {
		struct task **at = &task->loop->tasks;

		while (*at != task)
			at = &(*at)->next;
		*at = task->next;
	}
	free(task);
	return NULL;
}
