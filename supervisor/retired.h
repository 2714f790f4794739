/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * retired.h - services in state retired: their logs are kept until logs.rotate.max_age,
 * then nothing of them is left.
 *
 * The declaration is the record: as long as its file stands, this goes on.
 */
#pragma once

#include "base/time.h"

struct plan;
struct supervisor;
struct retired;

int retired_new(struct retired **ret, struct supervisor *supervisor); /* -ENOMEM */
struct retired *retired_free(struct retired *retired);
/* Looks, from now on, after those that `plan` has read as retired on this host. */
void retired_take(struct retired *retired, const struct plan *plan, struct instant now);
