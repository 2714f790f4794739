/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * journal.h - an event as a line of svcd's own log, with fields that a machine can ask
 * for: SVCD_SERVICE, SVCD_EVENT, SVCD_INSTANCE, SVCD_CAUSE, SVCD_EXIT_CODE, SVCD_SIGNAL,
 * SVCD_UID and MESSAGE_ID (units/svcd.catalog explains each).
 */
#pragma once

#include "supervisor/events.h"

/* Word of an event and the entry of the catalog that explains it. */
#define JOURNAL_ENTRIES(X)                                                               \
	X("exited", "feb5cfb9ff8b49d0a762f2bbe0a06859")                                  \
	X("failed", "65f28ecfec2448d087f15b395d8f6d74")                                  \
	X("ready", "6e316743f8d7401099e5143339fc03f0")                                   \
	X("not-ready", "3369baf795574d71b8f8c11cc24f6532")                               \
	X("refused", "11cb9fddcbeb41f0837a070c8396ebe3")                                 \
	X("stop", "95683f0b755840308dc3a890204a1c22")                                    \
	X("start", "fbb0c3f366df4854a49e4d4b946b6e06")                                   \
	X("restart", "03cce1d5ee4944cfbafb18682358dfb2")                                 \
	X("kill", "658c9449a6f24f63a228f623e5dff443")                                    \
	X("changed", "86f738f17cc0449a941c02fb57da4bd4")                                 \
	X("removed", "917c575560ae4d6a800df5b333688f0c")                                 \
	X("engine", "fa7a389687df4489b72734401182af2a")                                  \
	X("firewall", "1c1573914bfa41caa66353e0000804c7")

/* NULL: no entry explains it. */
const char *journal_message_id(const char *word);
/* `level` may differ from the event's: what is said elsewhere is only for debugging. */
void journal_event(const struct event *event, int level);
