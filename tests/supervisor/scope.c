/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * scope.c - the question to systemd, against one that is played by a child: a D-Bus
 * server with libsystemd's own hands, which answers, refuses, or is silent.
 */
#include "supervisor/scope.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "tests/temporary.h"
#include "tests/test.h"

enum { PID = 4711, TIMEOUT_MS = 400 };

static const struct manner {
	const char *rule;
	const char *refusal; /* name of an error, instead of a job */
	const char *result;  /* of the job; NULL: it goes on for ever */
	const char *want_text;
	int want;
	bool others_first;   /* jobs of other units end before */
	bool answers_nobody; /* not even a connection is greeted */
} manners[] = {
	{ "its job is done", .result = "done" },
	{ "jobs of others are none of ours", .result = "done", .others_first = true },
	{ "a job that failed is no scope", .result = "failed", .want = -ECANCELED,
		.want_text = "its job is failed" },
	{ "a refusal is told in systemd's words",
		.refusal = "org.freedesktop.systemd1.UnitExists", .want = -EEXIST,
		.want_text = "played: org.freedesktop.systemd1.UnitExists" },
	{ "a job that does not end is not waited for", .want = -ETIMEDOUT,
		.want_text = "the system bus: Connection timed out" },
	{ "a bus that does not answer is not waited for", .answers_nobody = true,
		.want = -ETIMEDOUT, .want_text = "the system bus: Connection timed out" },
};

/* ---- systemd, as the child plays it ---------------------------------------------- */

static void say_removed(sd_bus *bus, const char *unit, const char *result)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = sd_bus_message_new_signal(bus, &message, "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "JobRemoved");

	if (r >= 0)
		r = sd_bus_message_set_sender(message, ":1.0");
	if (r >= 0)
		r = sd_bus_message_append(message, "uoss", (uint32_t)7,
			"/org/freedesktop/systemd1/job/7", unit, result);
	if (r >= 0)
		r = sd_bus_send(bus, message, NULL);
	if (r < 0)
		_exit(EXIT_FAILURE);
}

/* What it is asked for: the name and the process, which stands behind two words about
 * it. */
static bool is_right(sd_bus_message *message)
{
	const char *unit, *mode, *words[2], *manual, *key;
	uint32_t pid = 0;

	return sd_bus_message_read(message, "ss", &unit, &mode) > 0 &&
	       strcmp(unit, SCOPE_UNIT) == 0 && strcmp(mode, "fail") == 0 &&
	       sd_bus_message_enter_container(message, 'a', "(sv)") > 0 &&
	       sd_bus_message_read(message, "(sv)(sv)(sv)", &words[0], "s", NULL,
		       &words[1], "as", 1, &manual, &key, "au", 1, &pid) > 0 &&
	       strcmp(key, "PIDs") == 0 && pid == PID;
}

static int start_unit(sd_bus_message *message, const struct manner *manner)
{
	sd_bus *bus = sd_bus_message_get_bus(message);
	int r;

	if (!is_right(message))
		return sd_bus_reply_method_errorf(message, "played.Wrong", "wrong");
	if (manner->refusal)
		return sd_bus_reply_method_errorf(
			message, manner->refusal, "played: %s", manner->refusal);
	r = sd_bus_reply_method_return(message, "o", "/org/freedesktop/systemd1/job/7");
	if (manner->others_first)
		say_removed(bus, "other.scope", "failed");
	if (manner->result)
		say_removed(bus, SCOPE_UNIT, manner->result);
	return r;
}

static int on_message(sd_bus_message *message, void *data, sd_bus_error *ignored)
{
	(void)ignored;
	if (sd_bus_message_is_method_call(message, NULL, "Hello"))
		return sd_bus_reply_method_return(message, "s", ":1.1");
	if (sd_bus_message_is_method_call(message, NULL, "StartTransientUnit"))
		return start_unit(message, data);
	return sd_bus_reply_method_return(message, "");
}

static _Noreturn void play(int listener, const struct manner *manner)
{
	sd_bus *bus = NULL;
	sd_id128_t id = { 0 };
	int fd = manner->answers_nobody ? -1 : accept(listener, NULL, NULL);
	int r = sd_bus_new(&bus);

	if (fd < 0)
		pause();
	id.bytes[0] = 1;
	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_set_server(bus, 1, id);
	if (r >= 0)
		r = sd_bus_add_filter(bus, NULL, on_message, (void *)(uintptr_t)manner);
	if (r >= 0)
		r = sd_bus_start(bus);
	while (r >= 0 && (r = sd_bus_process(bus, NULL)) >= 0)
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	_exit(EXIT_SUCCESS);
}

/* ---- the tests ------------------------------------------------------------------- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void ask(const struct manner *manner, int listener)
{
	struct error err = { 0 };
	pid_t child = fork();
	int r;

	if (child == 0)
		play(listener, manner);
	r = scope_start(PID, manner->want == -ETIMEDOUT ? TIMEOUT_MS : 20000, &err);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	if (r != manner->want || (r < 0 && strcmp(err.text, manner->want_text) != 0))
		fail_msg("%s: %d \"%s\"", manner->rule, r, err.text);
}

static void test_systemd_is_asked_and_never_waited_for_too_long(void **state)
{
	char folder[TEMPORARY_BYTES], path[64], address[80];

	(void)state;
	temporary_folder(folder);
	snprintf(path, sizeof(path), "%s/bus", folder);
	snprintf(address, sizeof(address), "unix:path=%s", path);
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
		int listener = listen_at(path);

		ask(&manners[i], listener);
		close(listener);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(temporary_remove(folder), 0);
}

static void test_no_bus_is_told_at_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", 1), 0);
	assert_int_equal(scope_start(PID, 20000, &err), -ENOENT);
	assert_string_equal(err.text, "the system bus: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_systemd_is_asked_and_never_waited_for_too_long),
		cmocka_unit_test(test_no_bus_is_told_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
