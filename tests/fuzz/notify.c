/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 *
 * notify.c - datagrams of a service: understood, said again in our words, understood the
 * same.
 */
#include "service/notify.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void add_text(char *text, size_t size, const char *key, const char *value)
{
	size_t used = strlen(text);

	assert(!strpbrk(value, "\n\033"));
	snprintf(text + used, size - used, "%s=%s\n", key, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(char *text, size_t size, const char *key, long long value, bool is_told)
{
	size_t used = strlen(text);

	if (is_told)
		snprintf(text + used, size - used, "%s=%lld\n", key, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message first, again;
	char text[2048] = "";

	notify_parse(&first, (const char *)data, size);
	add(text, sizeof(text), "READY", 1, first.ready);
	add(text, sizeof(text), "RELOADING", 1, first.reloading);
	add(text, sizeof(text), "STOPPING", 1, first.stopping);
	add(text, sizeof(text), "WATCHDOG", 1, first.watchdog);
	add(text, sizeof(text), "MAINPID", first.main_pid, first.main_pid != 0);
	add(text, sizeof(text), "EXTEND_TIMEOUT_USEC", first.extend_us,
		first.extend_us >= 0);
	add(text, sizeof(text), "WATCHDOG_USEC", first.watchdog_us,
		first.watchdog_us >= 0);
	add(text, sizeof(text), "MONOTONIC_USEC", first.monotonic_us,
		first.monotonic_us >= 0);
	add(text, sizeof(text), "ERRNO", first.error, first.error != 0);
	add(text, sizeof(text), "FDSTORE", 1, first.fdstore);
	add(text, sizeof(text), "FDSTOREREMOVE", 1, first.fdstore_remove);
	add(text, sizeof(text), "FDPOLL", 0, !first.fdpoll);
	add_text(text, sizeof(text), "BUSERROR", first.bus_error);
	add_text(text, sizeof(text), "FDNAME", first.fd_name);
	if (first.has_status) {
		size_t used = strlen(text);

		assert(strlen(first.status) < sizeof(first.status));
		assert(!strpbrk(first.status, "\n\033"));
		snprintf(text + used, sizeof(text) - used, "STATUS=%s", first.status);
	}
	notify_parse(&again, text, strlen(text));
	assert(again.ready == first.ready && again.reloading == first.reloading &&
		again.stopping == first.stopping && again.watchdog == first.watchdog);
	assert(again.main_pid == first.main_pid && again.extend_us == first.extend_us &&
		again.watchdog_us == first.watchdog_us);
	assert(again.monotonic_us == first.monotonic_us && again.error == first.error &&
		again.fdstore == first.fdstore && again.fdpoll == first.fdpoll &&
		again.fdstore_remove == first.fdstore_remove);
	assert(again.has_status == first.has_status &&
		strcmp(again.status, first.status) == 0);
	return 0;
}
