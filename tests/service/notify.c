/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * notify.c - datagrams of sd_notify(3): what is understood, what is skipped.
 */
#include "service/notify.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "config/config.h"
#include "tests/temporary.h"
#include "tests/test.h"

#define UNTOLD                                                                           \
	.extend_us = UNSET, .watchdog_us = UNSET, .monotonic_us = UNSET, .fdpoll = true
static const struct {
	const char *rule, *bytes;
	struct notify_message want;
} messages[] = {
	{ "ready", "READY=1", { .ready = true, UNTOLD } },
	{ "a last newline may stand", "READY=1\n", { .ready = true, UNTOLD } },
	{ "zero is not ready", "READY=0", { UNTOLD } },
	{ "several lines", "READY=1\nMAINPID=4711\nWATCHDOG=1",
		{ .ready = true, .main_pid = 4711, .watchdog = true, UNTOLD } },
	{ "a status", "STATUS=warming up: 40 %",
		{ .has_status = true, .status = "warming up: 40 %", UNTOLD } },
	{ "control characters are shown, not obeyed", "STATUS=a\033[2Jb",
		{ .has_status = true, .status = "a\\x1b[2Jb", UNTOLD } },
	{ "the last status counts", "STATUS=a\nSTATUS=b",
		{ .has_status = true, .status = "b", UNTOLD } },
	{ "the watchdog may be asked for", "WATCHDOG=trigger",
		{ .watchdog_trigger = true, UNTOLD } },
	{ "and its time be changed", "WATCHDOG_USEC=5000000",
		{ .extend_us = UNSET,
			.watchdog_us = 5000000,
			.monotonic_us = UNSET,
			.fdpoll = true } },
	{ "more time", "EXTEND_TIMEOUT_USEC=1000000",
		{ .extend_us = 1000000,
			.watchdog_us = UNSET,
			.monotonic_us = UNSET,
			.fdpoll = true } },
	{ "init is nobody's main process", "MAINPID=1", { UNTOLD } },
	{ "a negative one is none", "MAINPID=-4", { UNTOLD } },
	{ "a number has nothing behind it", "MAINPID=12x", { UNTOLD } },
	{ "nor more than fits", "EXTEND_TIMEOUT_USEC=99999999999999999999", { UNTOLD } },
	{ "unknown words are skipped", "X_SVCD=1\nNONSENSE=1\nSTOPPING=1",
		{ .stopping = true, UNTOLD } },
	{ "a line without = is skipped", "READY\nRELOADING=1",
		{ .reloading = true, UNTOLD } },
	{ "a reload says when", "RELOADING=1\nMONOTONIC_USEC=77",
		{ .reloading = true,
			.extend_us = UNSET,
			.watchdog_us = UNSET,
			.monotonic_us = 77,
			.fdpoll = true } },
	{ "an error by number", "ERRNO=13", { .error = 13, UNTOLD } },
	{ "a number that is no error", "ERRNO=100000", { UNTOLD } },
	{ "an error by name", "BUSERROR=org.example.Broken\033[0m",
		{ .bus_error = "org.example.Broken\\x1b[0m", UNTOLD } },
	{ "descriptors to keep, by name", "FDSTORE=1\nFDNAME=queue",
		{ .fdstore = true, .fd_name = "queue", UNTOLD } },
	{ "to keep also when the other end is gone", "FDSTORE=1\nFDPOLL=0",
		{ .fdstore = true,
			.extend_us = UNSET,
			.watchdog_us = UNSET,
			.monotonic_us = UNSET } },
	{ "and to forget", "FDSTOREREMOVE=1\nFDNAME=queue",
		{ .fdstore_remove = true, .fd_name = "queue", UNTOLD } },
	{ "nothing says nothing", "", { UNTOLD } },
	{ "blank lines say nothing", "\n\n=\n\n", { UNTOLD } },
};

static void datagrams_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		const struct notify_message *want = &messages[i].want;
		struct notify_message got;

		print_message("%s\n", messages[i].rule);
		notify_parse(&got, messages[i].bytes, strlen(messages[i].bytes));
		assert_int_equal(got.ready, want->ready);
		assert_int_equal(got.reloading, want->reloading);
		assert_int_equal(got.stopping, want->stopping);
		assert_int_equal(got.watchdog, want->watchdog);
		assert_int_equal(got.watchdog_trigger, want->watchdog_trigger);
		assert_int_equal(got.has_status, want->has_status);
		assert_string_equal(got.status, want->status);
		assert_int_equal(got.main_pid, want->main_pid);
		assert_int_equal(got.extend_us, want->extend_us);
		assert_int_equal(got.watchdog_us, want->watchdog_us);
		assert_int_equal(got.monotonic_us, want->monotonic_us);
		assert_int_equal(got.error, want->error);
		assert_string_equal(got.bus_error, want->bus_error);
		assert_int_equal(got.fdstore, want->fdstore);
		assert_int_equal(got.fdstore_remove, want->fdstore_remove);
		assert_int_equal(got.fdpoll, want->fdpoll);
		assert_string_equal(got.fd_name, want->fd_name);
	}
}

struct listener {
	struct loop *loop;
	pid_t ours;
	unsigned heard;
};

static bool is_ours(void *owner, pid_t pid)
{
	const struct listener *listener = owner;

	return pid == listener->ours;
}

static void told(void *owner, struct notify_message *message, struct instant now)
{
	struct listener *listener = owner;

	(void)now;
	listener->heard += message->ready;
	if (message->stopping)
		loop_stop(listener->loop);
}

static void say(const char *path, const char *words)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, path);
	sendto(fd, words, strlen(words), 0, (struct sockaddr *)&address, sizeof(address));
	close(fd);
}

static void only_the_processes_of_the_instance_are_believed(void **state)
{
	struct listener listener = { .ours = getpid() };
	char path[TEMPORARY_BYTES];
	struct notify *notify;
	struct error err = { 0 };
	pid_t stranger;

	(void)state;
	assert_int_equal(loop_new(&listener.loop), 0);
	temporary_folder(path);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(notify_new(&notify, listener.loop,
				 &(struct notify_plan){ .path = path,
					 .uid = getuid(),
					 .gid = getgid(),
					 .user = { is_ours, told, &listener } },
				 &err),
		0);
	stranger = fork();
	if (stranger == 0) {
		say(path, "READY=1");
		_exit(0);
	}
	waitpid(stranger, NULL, 0);
	say(path, "READY=1");
	say(path, "STOPPING=1");
	loop_run(listener.loop);
	assert_int_equal(listener.heard, 1);
	notify_free(notify);
	assert_int_not_equal(access(path, F_OK), 0);
	loop_free(listener.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_are_understood),
		cmocka_unit_test(only_the_processes_of_the_instance_are_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
