/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fleet.c - what tests of rolls and slots look at.
 */
#include "tests/service/fleet.h"

#include "tests/test.h"

struct service *fleet_begin(struct arena *arena, const char *declaration)
{
	struct service *service = arena_begin(arena, declaration);

	assert_true(arena_until_job(arena, service));
	if (service->job.result != JOB_DONE)
		fail_msg("it does not begin: %s", remark_text(&service->job.reason));
	return service;
}

void fleet_declare(struct service *service, const char *declaration)
{
	struct json_t *effective = json_new_object();

	assert_int_equal(service_declare(service, arena_declaration(declaration),
				 effective, instant_read()),
		0);
	json_free(effective);
}

unsigned fleet_up(const struct service *service)
{
	unsigned up = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		up += service->instances[i].state == STATE_UP;
	return up;
}

unsigned fleet_processes(const struct service *service)
{
	unsigned running = 0;

	for (unsigned i = 0; i < service->instances_count; i++)
		running += service->instances[i].pid > 0;
	return running;
}
