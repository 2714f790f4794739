/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reaper.h - children that nobody waits for any more, but that must not stay as zombies.
 */
#pragma once

#include "base/loop.h"

struct reaper;

int reaper_new(struct reaper **ret, struct loop *loop); /* -ENOMEM */
struct reaper *reaper_free(struct reaper *reaper);
/* Takes `pidfd` of a child of ours and reaps it when it has died. Never waits. */
void reaper_take(struct reaper *reaper, int pidfd);
