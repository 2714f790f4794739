/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * spill.h - whole lines that wait in memory while their file cannot be written; bounded
 * by itself and by a budget that all logs of the host share.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SPILL_MAX_BYTES = 16 * 1024 * 1024, SPILL_BUDGET_BYTES = 128 * 1024 * 1024 };

struct spill {
	char *bytes;
	size_t head, size, capacity; /* what waits is bytes[head .. head + size) */
	size_t *budget;              /* left for all, in bytes */
};

void spill_init(struct spill *spill, size_t *budget);
void spill_done(struct spill *spill);
/* All of `bytes` or nothing. */
bool spill_add(struct spill *spill, const void *bytes, size_t size);
void spill_consume(struct spill *spill, size_t size);
static inline const char *spill_bytes(const struct spill *spill)
{
	return spill->bytes + spill->head;
}
