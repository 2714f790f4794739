/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * shape.c - two sorted lists walked side by side.
 */
#include "firewall/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int shape_add(struct shape *shape, const struct item *item)
{
	if (shape->count == shape->capacity) {
		size_t capacity = shape->capacity ? shape->capacity * 2 : 64;
		struct item *bigger =
			reallocarray(shape->items, capacity, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		shape->items = bigger;
		shape->capacity = capacity;
	}
	shape->items[shape->count++] = *item;
	return 0;
}

int shape_add_port(struct shape *shape, uint8_t protocol, uint16_t port)
{
	struct item item = { .kind = ITEM_PORT, .protocol = protocol, .port = port };

	snprintf(item.name, sizeof(item.name), "%03u.%05u", protocol, port);
	return shape_add(shape, &item);
}

static int add_named(struct shape *shape, struct item item, const char *name)
{
	snprintf(item.name, sizeof(item.name), "%s", name);
	return shape_add(shape, &item);
}

/* A counter and a set are what their name says: content never differs. */
static int add_service(struct shape *shape, const struct plan_service *service)
{
	const struct item item = { .kind = ITEM_COUNTER, .hash = 1, .service = service };
	int r = 0;

	if (service->gates > 0)
		r = add_named(shape, item, service->accepted);
	if (r >= 0 && service->gates > 0)
		r = add_named(shape, item, service->dropped);
	return r;
}

static int add_port(struct shape *shape, const struct plan_port *port)
{
	int r = shape_add_port(shape, port->protocol, port->port);
	struct text text = { 0 };
	struct item *item;

	if (r < 0)
		return r;
	item = &shape->items[shape->count - 1];
	text_addf(&text, "%s\n%s", port->chain->name, port->comment);
	item->hash = text_hash(text.bytes, text.size);
	item->service = port->chain->service;
	item->planned = port;
	text_done(&text);
	return 0;
}

int shape_of_plan(struct shape *ret, const struct plan *plan)
{
	const struct item map = { .kind = ITEM_MAP, .hash = 1 };
	struct shape shape = { 0 };
	int r = add_named(&shape, map, MAP_PORTS);

	for (size_t i = 0; r >= 0 && i < plan->services_count; i++)
		r = add_service(&shape, plan->services[i]);
	for (size_t i = 0; r >= 0 && i < plan->sets_count; i++) {
		r = add_named(&shape,
			(struct item){
				.kind = ITEM_SET, .hash = 1, .planned = plan->sets[i] },
			plan->sets[i]->name);
	}
	for (size_t i = 0; r >= 0 && i < plan->chains_count; i++) {
		r = add_named(&shape,
			(struct item){ .kind = ITEM_CHAIN,
				.hash = plan->chains[i]->hash,
				.service = plan->chains[i]->service,
				.planned = plan->chains[i] },
			plan->chains[i]->name);
	}
	for (size_t i = 0; r >= 0 && i < plan->ports_count; i++)
		r = add_port(&shape, &plan->ports[i]);
	if (r < 0) {
		shape_done(&shape);
		return r;
	}
	shape_sort(&shape);
	*ret = shape;
	return 0;
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	return left->kind != right->kind ? (int)left->kind - (int)right->kind
					 : strcmp(left->name, right->name);
}

void shape_sort(struct shape *shape)
{
	if (shape->count > 0) {
		qsort(shape->items, shape->count, sizeof(*shape->items),
			by_kind_and_name);
	}
}

void shape_done(struct shape *shape)
{
	free(shape->items);
	*shape = (struct shape){ 0 };
}

/* Negative: only `have` has it; positive: only `want`. */
static int compare_heads(
	const struct shape *have, size_t h, const struct shape *want, size_t w)
{
	if (h == have->count)
		return 1;
	if (w == want->count)
		return -1;
	return by_kind_and_name(&have->items[h], &want->items[w]);
}

int shape_diff(
	struct table_changes *ret, const struct shape *have, const struct shape *want)
{
	struct table_change *items =
		calloc(have->count + want->count + 1, sizeof(*items));
	size_t count = 0, h = 0, w = 0;

	if (!items)
		return -ENOMEM;
	while (h < have->count || w < want->count) {
		int order = compare_heads(have, h, want, w);

		if (order < 0) {
			items[count++] =
				(struct table_change){ CHANGE_REMOVE, &have->items[h] };
		} else if (order > 0) {
			items[count++] =
				(struct table_change){ CHANGE_ADD, &want->items[w] };
		} else if (have->items[h].hash != want->items[w].hash) {
			items[count++] =
				(struct table_change){ CHANGE_REPLACE, &want->items[w] };
		}
		h += order <= 0;
		w += order >= 0;
	}
	*ret = (struct table_changes){ items, count };
	return 0;
}

void table_changes_done(struct table_changes *changes)
{
	free(changes->items);
	*changes = (struct table_changes){ 0 };
}
