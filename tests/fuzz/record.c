/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * record.c - what a supervisor of any version may have remembered of a service: recalled,
 * remembered, and recalled the same.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "service/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear_nothing(void *owner, struct service *service, struct instant now)
{
	(void)owner;
	(void)service;
	(void)now;
}

static void keep_nothing(void *owner, const struct service_event *event)
{
	(void)owner;
	(void)event;
}

static struct service_host *host(void)
{
	static struct service_host made = { .changed = hear_nothing,
		.event = keep_nothing };

	if (!made.loop)
		assert(loop_new(&made.loop) == 0);
	return &made;
}

static struct service *make(void)
{
	static const char text[] =
		"{\"service\":\"mathoid\",\"state\":\"setup\",\"run\":{\"command\":"
		"[\"/bin/true\"],\"user\":\"root\"}}";
	struct declaration *declaration = NULL;
	struct json_t *json = NULL;
	struct service *service = NULL;
	struct error err = { 0 };

	assert(json_parse(&json, text, strlen(text), strlen(text), &err) == 0);
	assert(declaration_read(&declaration, json, &err) == 0);
	declaration->run.instances = 1;
	json_free(json);
	assert(service_new(&service, host(), declaration, text) == 0);
	return service;
}

/* No process of these numbers is ours. */
static void end(struct service *service)
{
	for (unsigned i = 0; i < service->instances_count; i++)
		service->instances[i].pid = 0;
	service_free(service);
}

static struct json_t *pass_through(struct json_t *record)
{
	struct service *service = make();
	struct json_t *again;

	assert(service_recall(service, record) <= 0);
	again = service_record(service);
	assert(again);
	end(service);
	return again;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json_t *record = NULL, *first, *once, *twice;
	struct error err = { 0 };

	if (json_parse(&record, (const char *)data, size, size, &err) < 0)
		return 0;
	first = pass_through(record); /* texts are cut */
	once = pass_through(first);
	twice = pass_through(once);
	assert(json_same(once, twice));
	json_free(first);
	json_free(once);
	json_free(twice);
	json_free(record);
	return 0;
}
