/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * wanted.h - what operators last said about each service; it survives restarts and
 * reboots.
 *
 * STATE/wanted.json: {"mathoid": {"value": "down", "who": …, "why": …, "since_us": …,
 * "until_us": 0}}. A service that is not in it is wanted up.
 */
#pragma once

#include "base/json.h"
#include "base/time.h"

#include "protocol/protocol.h"

enum { WANTED_MAX_BYTES = 4 * 1024 * 1024 };

struct wish {
	enum wanted value;
	const char *who, *why; /* borrowed */
	struct wall since, until;
};

/* The table as it stands in the file; members that make no sense are left out, unknown
 * ones kept. */
struct wanted_table {
	struct json_t *json;
};

/* An absent file is an empty table. -EINVAL when it cannot be understood: `ret` is empty
 * then. */
int wanted_read(struct wanted_table *ret, const char *path, struct error *err);
void wanted_done(struct wanted_table *table);
/* Whether anything was said about `service`; *ret borrows from the table until it is
 * changed. */
bool wanted_get(const struct wanted_table *table, const char *service, struct wish *ret);
/* Whether the table is different now. */
bool wanted_put(struct wanted_table *table, const char *service, const struct wish *wish);
bool wanted_forget(struct wanted_table *table, const char *service);
