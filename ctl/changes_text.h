/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * changes_text.h - private to this room: what a diff says, in words.
 */
#pragma once

#include "ctl/show.h"

/* `changes` as io.svcd.Diff tells them; nothing when there are none. */
void changes_text(
	struct text *out, const struct view *view, const struct json_t *changes);
bool changes_refused(const struct json_t *changes); /* any of them */
