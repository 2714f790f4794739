/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * detail.h - which clients may read reasons with paths and arguments
 * (`http.detail_from`).
 */
#pragma once

#include <sys/socket.h>

#include "config/config.h"

struct detail {
	bool loopback;
	struct prefix {
		int family;
		unsigned char bytes[16];
		unsigned bits;
	} * prefixes;
	size_t count;
};

/* Words of `from`: "loopback", addresses, CIDRs, and sets of `site`. Names of hosts
 * are passed over: this process asks no resolver. -ENOMEM. */
int detail_init(struct detail *ret, const struct strings *from, const struct site *site);
void detail_done(struct detail *detail);
/* NULL peer or a unix socket: this host itself. */
bool detail_allows(const struct detail *detail, const struct sockaddr *peer);
