/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * status.h - pure: the document of docs/status.md, from what is known about a service.
 */
#pragma once

#include "base/json.h"

#include "supervisor/member.h"

struct status_facts {
	const char *host;   /* FQDN */
	struct instant now; /* and the same moment for people: */
	struct wall wall;
	/* Why what operators want is not on the disk; NULL or "": it is. */
	const char *not_kept;
};

/* NULL: no memory. */
struct json_t *status_print(
	const struct member *member, const struct status_facts *facts);
