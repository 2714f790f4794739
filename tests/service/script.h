/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * script.h - services that are a few lines of Python, which speak sd_notify(3).
 */
#pragma once

#include "tests/service/arena.h"

/* `code` may use os, signal, socket, sys, time, `s` (the connected notify socket),
 * say(WORD...), monotonic(), on(SIGNAL, FUNCTION) and rest(); no ' may stand in it.
 * `more` stands in `run`, `beside` next to it; both begin with a comma, or are "".
 * Ready by notify, within 20s. Caller frees. */
char *script_declare(const char *code, const char *more, const char *beside);
/* Begins it, and waits until it is up. */
struct service *script_begin(struct arena *arena, const char *code, const char *more);
