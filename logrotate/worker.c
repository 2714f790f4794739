/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * worker.c - a thread, two lists of jobs, an eventfd that tells the loop of finished
 * ones.
 *
 * Owns the thread and the jobs in its lists. Not here: what jobs do.
 */
#include "logrotate/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>

struct jobs {
	struct job *first, **end;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	struct jobs todo, finished; /* under `lock` */
	bool ending;                /* under `lock` */
	int event_fd;
	struct watch *watch;
	enum worker_pace pace;
};

static void jobs_init(struct jobs *jobs)
{
	jobs->first = NULL;
	jobs->end = &jobs->first;
}

static void jobs_add(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->end = job;
	jobs->end = &job->next;
}

static struct job *jobs_take(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (!job)
		return NULL;
	jobs->first = job->next;
	if (!jobs->first)
		jobs->end = &jobs->first;
	return job;
}

static struct job *next_job(struct worker *worker)
{
	struct job *job = NULL;

	pthread_mutex_lock(&worker->lock);
	while (!worker->ending && !worker->todo.first)
		pthread_cond_wait(&worker->wanted, &worker->lock);
	if (!worker->ending)
		job = jobs_take(&worker->todo);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void *run(void *data)
{
	struct worker *worker = data;
	struct job *job;

	if (worker->pace == WORKER_IDLE)
		sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 });
	while ((job = next_job(worker))) {
		job->work(job);
		pthread_mutex_lock(&worker->lock);
		jobs_add(&worker->finished, job);
		pthread_mutex_unlock(&worker->lock);
		eventfd_write(worker->event_fd, 1);
	}
	return NULL;
}

static struct job *next_finished(struct worker *worker)
{
	struct job *job;

	pthread_mutex_lock(&worker->lock);
	job = jobs_take(&worker->finished);
	pthread_mutex_unlock(&worker->lock);
	return job;
}

static void on_finished(void *owner, unsigned events, struct instant now)
{
	struct worker *worker = owner;
	struct job *job;
	eventfd_t count;

	(void)events;
	eventfd_read(worker->event_fd, &count);
	while ((job = next_finished(worker)))
		job->done(job, now);
}

/* Signals are the loop's: the thread is born with all of them blocked. */
static int start_thread(struct worker *worker, const char *name)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		pthread_setname_np(worker->thread, name);
	return -r;
}

static void worker_release(struct worker *worker)
{
	watch_free(worker->watch);
	if (worker->event_fd >= 0)
		close(worker->event_fd);
	pthread_cond_destroy(&worker->wanted);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

int worker_new(
	struct worker **ret, struct loop *loop, const char *name, enum worker_pace pace)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return -ENOMEM;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wanted, NULL);
	jobs_init(&worker->todo);
	jobs_init(&worker->finished);
	worker->pace = pace;
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = worker->event_fd < 0 ? -errno
				 : watch_new(&worker->watch, loop, worker->event_fd,
					   WATCH_READ, on_finished, worker);
	if (r == 0)
		r = start_thread(worker, name);
	if (r < 0) {
		worker_release(worker);
		return r;
	}
	*ret = worker;
	return 0;
}

void worker_add(struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&worker->lock);
	jobs_add(&worker->todo, job);
	pthread_cond_signal(&worker->wanted);
	pthread_mutex_unlock(&worker->lock);
}

struct worker *worker_free(struct worker *worker, struct instant now)
{
	struct job *job;

	if (!worker)
		return NULL;
	pthread_mutex_lock(&worker->lock);
	worker->ending = true;
	pthread_cond_signal(&worker->wanted);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	while ((job = jobs_take(&worker->finished)))
		job->done(job, now);
	while ((job = jobs_take(&worker->todo)))
		job->done(job, now);
	worker_release(worker);
	return NULL;
}
