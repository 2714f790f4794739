/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scope.c - one question to systemd over the system bus: StartTransientUnit, and the wait
 * for the end of its job.
 *
 * At shutdown a unit is stopped before what it is ordered after: svcd-services.service
 * drains all services, svcd.service ends, then what is left here is ended, and all that
 * before the network goes.
 *
 * Not here: when it is asked, and what if it is refused (home.c).
 */
#include "supervisor/scope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/time.h"

#define SYSTEMD         "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

enum { NS_PER_US = 1000 };

struct question {
	sd_bus *bus;
	int64_t until_us; /* CLOCK_MONOTONIC */
	bool over;        /* the job is removed */
	char result[32];  /* then; "done" is good */
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

static int64_t left_us(const struct question *question)
{
	return MAX(question->until_us - now_us(), 0);
}

/* Waits for whatever comes next. */
static int turn(struct question *question)
{
	int r = sd_bus_process(question->bus, NULL);

	if (r != 0)
		return r < 0 ? r : 0;
	if (left_us(question) == 0)
		return -ETIMEDOUT;
	r = sd_bus_wait(question->bus, (uint64_t)left_us(question));
	return r < 0 && r != -EINTR ? r : 0;
}

/* sd-bus connects in the background; a call would wait for that for a minute and more. */
static int connect_bus(struct question *question)
{
	int r = sd_bus_open_system(&question->bus);

	while (r >= 0 && (r = sd_bus_is_ready(question->bus)) == 0)
		r = turn(question);
	return r < 0 ? r : 0;
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *ignored)
{
	struct question *question = data;
	const char *unit, *result;

	(void)ignored;
	if (sd_bus_message_read(message, "uoss", NULL, NULL, &unit, &result) >= 0 &&
		text_equal(unit, SCOPE_UNIT)) {
		question->over = true;
		snprintf(question->result, sizeof(question->result), "%s", result);
	}
	return 0;
}

static int call(
	const struct question *question, sd_bus_message *message, struct error *err)
{
	sd_bus_error refusal = SD_BUS_ERROR_NULL;
	uint64_t within_us = MAX((uint64_t)left_us(question), 1); /* 0: for long */
	int r = sd_bus_call(question->bus, message, within_us, &refusal, NULL);

	if (r < 0)
		error_set(err, r, "%s", refusal.message ? refusal.message : strerror(-r));
	sd_bus_error_free(&refusal);
	return r < 0 ? r : 0;
}

static int new_call(
	const struct question *question, sd_bus_message **ret, const char *method)
{
	return sd_bus_message_new_method_call(
		question->bus, ret, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, method);
}

/* systemd tells nobody of its jobs unless asked to. */
static int listen_for_jobs(struct question *question, struct error *err)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_match_signal_async(question->bus, NULL, SYSTEMD, SYSTEMD_PATH,
		SYSTEMD_MANAGER, "JobRemoved", on_job_removed, NULL, question);

	if (r >= 0)
		r = new_call(question, &message, "Subscribe");
	return r < 0 ? r : call(question, message, err);
}

/* TasksMax: the host's default is meant for one program. RefuseManualStop: services are
 * stopped by svcctl, or with svcd-services.service. */
static int add_properties(sd_bus_message *message, pid_t pid)
{
	int r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Description", "s",
		"Processes of the services of svcd", "Documentation", "as", 1,
		"man:svcd(8)", "PIDs", "au", 1, (uint32_t)pid, "Slice", "s", SCOPE_SLICE);

	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Delegate", "b", 1,
			"TasksMax", "t", UINT64_MAX, "RefuseManualStop", "b", 1,
			"CollectMode", "s", "inactive-or-failed");
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)(sv)(sv)", "DefaultDependencies",
			"b", 0, "Conflicts", "as", 1, "shutdown.target", "Before", "as",
			3, "svcd.service", "svcd-services.service", "shutdown.target");
	return r;
}

static int start_unit(const struct question *question, pid_t pid, struct error *err)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = new_call(question, &message, "StartTransientUnit");

	if (r >= 0)
		r = sd_bus_message_append(message, "ss", SCOPE_UNIT, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = add_properties(message, pid);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r >= 0)
		r = sd_bus_message_append(message, "a(sa(sv))", 0);
	return r < 0 ? r : call(question, message, err);
}

static int wait_for_job(struct question *question, struct error *err)
{
	int r = 0;

	while (r == 0 && !question->over)
		r = turn(question);
	if (r == 0 && !text_equal(question->result, "done"))
		r = error_set(err, -ECANCELED, "its job is %s", question->result);
	return r;
}

bool scope_is_possible(void)
{
	return sd_booted() > 0;
}

int scope_start(pid_t pid, int64_t timeout_ms, struct error *err)
{
	/* not flushed: that may wait for a bus that does not answer */
	_cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
	struct question question = { .until_us = now_us() + timeout_ms * US_PER_MS };
	int r = connect_bus(&question);

	bus = question.bus;
	if (r >= 0)
		r = listen_for_jobs(&question, err);
	if (r >= 0)
		r = start_unit(&question, pid, err);
	if (r >= 0)
		r = wait_for_job(&question, err);
	if (r < 0 && !error_is_set(err))
		error_errno(err, r, "the system bus");
	return r;
}
