/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reaper.h - children that nobody waits for any more, but that must not stay as zombies.
 */
#pragma once

#include "base/loop.h"

struct reaper;

int reaper_new(struct reaper **ret, struct loop *loop); /* -ENOMEM */
struct reaper *reaper_free(struct reaper *reaper);
/* Takes `pidfd` of the child `pid` of ours and reaps it when it has died. Never waits. */
void reaper_take(struct reaper *reaper, pid_t pid, int pidfd);
/* Somebody with a pidfd of his own waits for that child again. */
void reaper_release(struct reaper *reaper, pid_t pid);
