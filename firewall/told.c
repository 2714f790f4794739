/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * told.c - memory of the engine; nothing here that the supervisor cannot tell again.
 */
#include "firewall/told.h"

#include <errno.h>
#include <string.h>

/* Index of `name`, or where it belongs. */
static size_t place_of(const struct told *told, const char *name)
{
	size_t low = 0, high = told->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(told->services[middle]->name, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct told_service *told_find(const struct told *told, const char *name)
{
	size_t at = place_of(told, name);

	if (at < told->count && text_equal(told->services[at]->name, name))
		return told->services[at];
	return NULL;
}

static struct told_service *service_free(struct told_service *service)
{
	if (!service)
		return NULL;
	declaration_free(service->declaration);
	free(service->reported_reason);
	free(service->refused);
	free(service->name);
	free(service);
	return NULL;
}
CLEANUP(struct told_service *, service_free)

static struct told_service *add(struct told *told, const char *name)
{
	_cleanup_(service_freep) struct told_service *service =
		calloc(1, sizeof(*service));
	struct told_service **bigger =
		reallocarray(told->services, told->count + 1, sizeof(*bigger));
	size_t at;

	if (bigger)
		told->services = bigger;
	at = place_of(told, name);
	if (!bigger || !service || !(service->name = strdup(name)))
		return NULL;
	service->reported_generation = UNSET;
	memmove(bigger + at + 1, bigger + at, (told->count - at) * sizeof(*bigger));
	told->count++;
	return bigger[at] = TAKE(service);
}

struct told_service *told_set(struct told *told, const char *name, int64_t generation,
	struct declaration *declaration)
{
	struct told_service *service = told_find(told, name);

	if (!service)
		service = add(told, name);
	if (!service) {
		declaration_free(declaration);
		return NULL;
	}
	declaration_free(service->declaration);
	free(service->refused);
	service->refused = NULL;
	service->declaration = declaration;
	service->generation = generation;
	service->is_named = true;
	return service;
}

void told_remove(struct told *told, const char *name)
{
	size_t at = place_of(told, name);

	if (at == told->count || !text_equal(told->services[at]->name, name))
		return;
	service_free(told->services[at]);
	told->count--;
	memmove(told->services + at, told->services + at + 1,
		(told->count - at) * sizeof(struct told_service *));
}

static void forget_host_and_site(struct told *told)
{
	if (told->host)
		host_done(told->host);
	if (told->site)
		site_done(told->site);
	free(told->host);
	free(told->site);
	told->host = NULL;
	told->site = NULL;
}

int told_hello(struct told *told, struct json_t *body, struct error *err)
{
	struct json_t *host = json_get(body, "host"), *site = json_get(body, "site");
	struct told fresh = { .host = calloc(1, sizeof(struct host)),
		.site = calloc(1, sizeof(struct site)) };
	int r = fresh.host && fresh.site ? 0 : error_errno(err, -ENOMEM, "hello");

	if (r >= 0)
		r = host_read(fresh.host, host, err);
	if (r >= 0)
		r = site_read(fresh.site, site, err);
	if (r < 0) {
		forget_host_and_site(&fresh);
		return r;
	}
	forget_host_and_site(told);
	told->host = fresh.host;
	told->site = fresh.site;
	for (size_t i = 0; i < told->count; i++) {
		told->services[i]->is_named = false;
		told->services[i]->reported_generation = UNSET;
	}
	return 0;
}

void told_sync(struct told *told)
{
	size_t kept = 0;

	for (size_t i = 0; i < told->count; i++) {
		if (told->services[i]->is_named) {
			told->services[kept++] = told->services[i];
		} else {
			service_free(told->services[i]);
		}
	}
	told->count = kept;
}

void told_done(struct told *told)
{
	for (size_t i = 0; i < told->count; i++)
		service_free(told->services[i]);
	free(told->services);
	forget_host_and_site(told);
	*told = (struct told){ 0 };
}

int told_input(struct plan_input *ret, const struct told *told,
	struct closed **ret_closed, const struct declaration ***ret_declarations)
{
	struct closed *closed = calloc(told->count + 1, sizeof(*closed));
	const struct declaration **declarations =
		calloc(told->count + 1, sizeof(*declarations));
	size_t refused = 0;

	*ret_closed = closed;
	*ret_declarations = declarations;
	if (!closed || !declarations)
		return -ENOMEM;
	for (size_t i = 0; i < told->count; i++) {
		const struct told_service *service = told->services[i];

		declarations[i] = service->declaration;
		if (service->refused) {
			closed[refused++] =
				(struct closed){ service->name, service->refused };
		}
	}
	*ret = (struct plan_input){ .host = told->host,
		.site = told->site,
		.declarations = declarations,
		.declarations_count = told->count,
		.closed = closed,
		.closed_count = refused };
	return 0;
}
