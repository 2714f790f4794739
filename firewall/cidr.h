/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cidr.h - pure: addresses and networks as people write them, read strictly, and ranges
 * of addresses that do not overlap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };
extern const uint8_t family_bytes[FAMILY_COUNT]; /* of an address: 4, 16 */

/* Network byte order; an IPv4 address is in the first four, the rest is zero. */
struct address {
	uint8_t bytes[16];
};

/* Both ends belong to it. */
struct range {
	struct address first, last;
};

struct ranges {
	struct range *items;
	size_t count, capacity;
};

/* "10.64.0.0/12", "2620:0:861::/48", "192.0.2.1". Refused with a sentence, -EINVAL:
 * what is short (10/8), has leading zeros, host bits, a mask, a name, an IPv4 address
 * in IPv6 clothes, and the whole world, which is spelled `world`. */
int cidr_read(
	struct range *ret, enum family *ret_family, const char *text, struct error *err);

enum { RANGE_TEXT_BYTES = 96 };
/* As nft prints it: "10.0.0.0/8", "192.0.2.1", "192.0.2.7-192.0.2.9"; returns `ret`. */
char *range_print(
	enum family family, const struct range *range, char ret[static RANGE_TEXT_BYTES]);

int ranges_add(struct ranges *ranges, const struct range *range); /* -ENOMEM */
/* Sorts, and makes one of those that overlap or touch. */
void ranges_merge(enum family family, struct ranges *ranges);
void ranges_done(struct ranges *ranges);

/* The address behind `address`; false at the end of the family's space. */
bool address_next(struct address *ret, enum family family, const struct address *address);
/* The one before; `address` is not the first of all. */
void address_previous(
	struct address *ret, enum family family, const struct address *address);
