/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * oom.c - memory.events against limits.memory.
 *
 * The kernel counts `oom_kill` for every process of the cgroup that it killed for lack of
 * memory, whoever lacked it; `oom` only when the cgroup's own limit was the reason.
 */
#include "service/oom.h"

#include <inttypes.h>

#include "base/cleanup.h"

/* As an operator writes it: 64M, 3G, 1536M; nobody declares a limit in single bytes. */
static void add_size(char ret[static REASON_BYTES], int64_t bytes)
{
	static const char units[] = "KMGT";
	int64_t size = bytes / 1024;
	size_t unit = 0;

	while (size >= 1024 && size % 1024 == 0 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	reason_add(ret, REASON_BYTES, "%" PRId64 "%c", size, units[unit]);
}

void oom_explain(char ret[static REASON_BYTES], const struct pressure *pressure,
	const struct limits *limits)
{
	bool limited = limits->memory_bytes != UNSET;

	ret[0] = '\0';
	if (pressure->oom_kill <= 0) /* UNSET, too */
		return;
	reason_set(ret, REASON_BYTES, "out of memory: ");
	if (limited && pressure->oom > 0) {
		reason_add(ret, REASON_BYTES, "limits.memory ");
		add_size(ret, limits->memory_bytes);
		reason_add(ret, REASON_BYTES, " was reached");
	} else {
		reason_add(ret, REASON_BYTES, "the host had none left%s",
			limited ? ", limits.memory was not reached" : "");
	}
}
