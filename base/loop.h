/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * loop.h - the event loop: file descriptors, timers at an instant, signals, and work to
 * do once before the loop sleeps again. The only user of libev.
 *
 * Callbacks translate and call a noun; they get the time that the loop read once per
 * wake-up. Freeing a watch, timer, signal or task inside its own callback is allowed.
 */
#pragma once

#include "base/cleanup.h"
#include "base/time.h"

struct loop;
struct watch;
struct timer;
struct signal_watch;
struct task;

int loop_new(struct loop **ret); /* -ENOMEM */
struct loop *loop_free(struct loop *loop);
void loop_run(struct loop *loop); /* until loop_stop() */
void loop_stop(struct loop *loop);
struct instant loop_now(struct loop *loop);
struct wall loop_wall(struct loop *loop); /* the same moment, for people */
/* From now on a turn of the loop (the work between two sleeps) that takes longer than
 * `limit_us` ends this process by SIGABRT. Who sleeps is never woken by it. -errno. */
int loop_guard(struct loop *loop, int64_t limit_us);
/* How late the loop came to its latest wake-up work, the worst since last asked;
 * microseconds. */
int64_t loop_lag_us(struct loop *loop);

enum { WATCH_READ = 1, WATCH_WRITE = 2 };
typedef void watch_fn(void *owner, unsigned events, struct instant now);
/* Watches `fd`, which it borrows. -ENOMEM. */
int watch_new(struct watch **ret, struct loop *loop, int fd, unsigned events,
	watch_fn *fn, void *owner);
void watch_set(struct watch *watch, unsigned events); /* 0 pauses */
struct watch *watch_free(struct watch *watch);

typedef void timer_fn(void *owner, struct instant now);
int timer_new(struct timer **ret, struct loop *loop, timer_fn *fn, void *owner);
void timer_arm(struct timer *timer, struct instant at); /* once; NEVER disarms */
bool timer_is_armed(const struct timer *timer);
struct timer *timer_free(struct timer *timer);

typedef void signal_fn(void *owner, int number, struct instant now);
int signal_watch_new(struct signal_watch **ret, struct loop *loop, int number,
	signal_fn *fn, void *owner);
struct signal_watch *signal_watch_free(struct signal_watch *watch);

/* Runs once, before the loop next sleeps, however often it was scheduled meanwhile. */
int task_new(struct task **ret, struct loop *loop, timer_fn *fn, void *owner);
void task_schedule(struct task *task);
struct task *task_free(struct task *task);

CLEANUP(struct loop *, loop_free)
