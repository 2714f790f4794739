/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status.c - questions about the status document of a service (docs/status.md), which is
 * kept as text and read for who asks. Pure.
 *
 * Not here: what follows from it (truth.c).
 */
#include <string.h>

#include "health/truth.h"

struct json_t *service_status(const struct service *service)
{
	size_t size = service->told ? strlen(service->told) : 0;
	struct error err = { 0 };
	struct json_t *status = NULL;

	if (size > 0)
		(void)json_parse(&status, service->told, size, size, &err);
	return status;
}

unsigned status_deaths_in_a_row(struct json_t *status, int64_t stable_us)
{
	struct json_t *exits = json_get(status, "exits"); /* newest first */
	unsigned deaths = 0;

	for (size_t i = 0; i < json_size(exits); i++) {
		struct json_t *exit = json_item(exits, i);

		if (!json_get_bool(exit, "death", true) ||
			json_get_int(exit, "ran_us", 0) >= stable_us)
			break;
		deaths++;
	}
	return deaths;
}

bool status_sum(struct json_t *status, const char *key, double *ret)
{
	struct json_t *instances = json_get(status, "instances");
	double sum = 0;
	bool known = false;

	for (size_t i = 0; i < json_size(instances); i++) {
		struct json_t *value = json_get(json_item(instances, i), key);

		if (json_kind(value) != JSON_IS_INT && json_kind(value) != JSON_IS_DOUBLE)
			continue;
		sum += json_number(value);
		known = true;
	}
	if (known)
		*ret = sum;
	return known;
}

static bool runs(struct json_t *instance)
{
	return json_get_int(instance, "pid", 0) > 0;
}

int64_t status_waits_us(struct json_t *status, struct wall now)
{
	struct wall since;

	if (wall_parse(&since, json_get_text(status, "pending_since", "")) < 0)
		return -1;
	return MAX(now.us - since.us, 0);
}

int64_t status_uptime_us(struct json_t *status, struct wall now)
{
	struct json_t *instances = json_get(status, "instances");
	int64_t longest_us = -1;

	for (size_t i = 0; i < json_size(instances); i++) {
		struct json_t *instance = json_item(instances, i);
		struct wall started;

		if (runs(instance) &&
			wall_parse(&started, json_get_text(instance, "started", "")) == 0)
			longest_us = MAX(longest_us, MAX(now.us - started.us, 0));
	}
	return longest_us;
}
