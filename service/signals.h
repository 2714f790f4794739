/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * signals.h - signals by name, as declarations and people write them.
 */
#pragma once

#include <signal.h>
#include <string.h>

/* "TERM" or "SIGTERM" → 15; 0 when there is none of that name. */
static inline int signal_number(const char *name)
{
	const char *bare = strncmp(name, "SIG", 3) == 0 ? name + 3 : name;

	for (int number = 1; number < NSIG; number++) {
		const char *known = sigabbrev_np(number);

		if (known && strcmp(known, bare) == 0)
			return number;
	}
	return 0;
}

/* Of a number without a name (real-time signals): "?". */
static inline const char *signal_word(int number)
{
	const char *word = sigabbrev_np(number);

	return word ? word : "?";
}
