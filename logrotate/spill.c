/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spill.c - a queue of bytes in one block.
 */
#include "logrotate/spill.h"

#include <string.h>

#include "base/cleanup.h"

static const size_t first_bytes = 65536;

void spill_init(struct spill *spill, size_t *budget)
{
	*spill = (struct spill){ 0 };
	spill->budget = budget;
}

void spill_done(struct spill *spill)
{
	if (spill->budget)
		*spill->budget += spill->capacity;
	free(spill->bytes);
	*spill = (struct spill){ .budget = spill->budget };
}

static bool reserve(struct spill *spill, size_t size)
{
	size_t capacity = spill->capacity ? spill->capacity : first_bytes;
	char *bytes;

	while (capacity < spill->size + size)
		capacity *= 2;
	if (capacity > spill->capacity) {
		size_t more = capacity - spill->capacity;

		if (capacity > SPILL_MAX_BYTES || more > *spill->budget)
			return false;
		bytes = realloc(spill->bytes, capacity);
		if (!bytes)
			return false;
		*spill->budget -= more;
		spill->bytes = bytes;
		spill->capacity = capacity;
	}
	if (spill->head + spill->size + size > spill->capacity) {
		memmove(spill->bytes, spill->bytes + spill->head, spill->size);
		spill->head = 0;
	}
	return true;
}

bool spill_add(struct spill *spill, const void *bytes, size_t size)
{
	if (size > SPILL_MAX_BYTES || !reserve(spill, size))
		return false;
	memcpy(spill->bytes + spill->head + spill->size, bytes, size);
	spill->size += size;
	return true;
}

void spill_consume(struct spill *spill, size_t size)
{
	spill->head += size;
	spill->size -= size;
	if (spill->size == 0)
		spill_done(spill); /* memory goes back at once */
}
