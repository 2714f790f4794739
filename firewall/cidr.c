/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cidr.c - one address at a time; a wrong one is refused here and never reaches a
 * resolver.
 *
 * inet_pton(3) is the strict half of libc: four decimal numbers without leading zeros,
 * no short forms, no names. What it still takes and nobody means is refused by hand.
 */
#include "firewall/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const uint8_t family_bytes[FAMILY_COUNT] = { 4, 16 };
static const int family_af[FAMILY_COUNT] = { AF_INET, AF_INET6 };

enum { ADDRESS_TEXT_BYTES = INET6_ADDRSTRLEN, PREFIX_DIGITS = 3, DECIMAL = 10 };

/* All bits behind the first `prefix` ones. */
static struct address host_bits(enum family family, unsigned prefix)
{
	struct address mask = { 0 };

	for (unsigned i = 0; i < family_bytes[family]; i++) {
		unsigned fixed = prefix > i * 8 ? MIN(prefix - i * 8, 8U) : 0;

		mask.bytes[i] = (uint8_t)(0xff >> fixed);
	}
	return mask;
}

static bool read_prefix(unsigned *ret, const char *text, unsigned max)
{
	unsigned prefix = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > PREFIX_DIGITS || text[digits] != '\0' ||
		(digits > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < digits; i++)
		prefix = prefix * DECIMAL + (unsigned)(text[i] - '0');
	*ret = prefix;
	return prefix <= max;
}

static bool read_address(struct address *ret, enum family *ret_family, const char *text)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++) {
		struct address address = { 0 };

		if (inet_pton(family_af[family], text, address.bytes) != 1)
			continue;
		*ret = address;
		*ret_family = family;
		return true;
	}
	return false;
}

static bool is_mapped(enum family family, const struct address *address)
{
	struct in6_addr in6;

	if (family != FAMILY_IPV6)
		return false;
	memcpy(&in6, address->bytes, sizeof(in6));
	return IN6_IS_ADDR_V4MAPPED(&in6);
}

static bool is_zero(const struct address *address)
{
	static const struct address zero;

	return memcmp(address, &zero, sizeof(zero)) == 0;
}

static int refuse_host_bits(struct error *err, const char *text, enum family family,
	const struct range *range, unsigned prefix)
{
	char network[ADDRESS_TEXT_BYTES];

	inet_ntop(family_af[family], range->first.bytes, network, sizeof(network));
	return error_set(err, -EINVAL,
		"\"%s\" has bits behind its prefix: write %s/%u, or the address alone",
		text, network, prefix);
}

/* The network that `address` is in; false when `address` is not its first. */
static bool spread(
	struct range *ret, enum family family, struct address address, unsigned prefix)
{
	struct address mask = host_bits(family, prefix);

	ret->first = ret->last = address;
	for (size_t i = 0; i < family_bytes[family]; i++) {
		ret->first.bytes[i] &= (uint8_t)~mask.bytes[i];
		ret->last.bytes[i] |= mask.bytes[i];
	}
	return memcmp(&ret->first, &address, sizeof(address)) == 0;
}

int cidr_read(
	struct range *ret, enum family *ret_family, const char *text, struct error *err)
{
	char alone[ADDRESS_TEXT_BYTES];
	size_t size = strcspn(text, "/");
	struct address address;
	struct range range;
	enum family family;
	unsigned prefix;

	if (size >= sizeof(alone))
		return error_set(err, -EINVAL, "\"%.60s…\" is not an address", text);
	memcpy(alone, text, size);
	alone[size] = '\0';
	if (!read_address(&address, &family, alone)) {
		return error_set(err, -EINVAL,
			"\"%s\" is neither a set of site.yaml nor an address: write all of "
			"it, like 10.64.0.0/12 or 2620:0:861::/48",
			text);
	}
	prefix = family_bytes[family] * 8U;
	if (text[size] == '/' && !read_prefix(&prefix, text + size + 1, prefix)) {
		return error_set(err, -EINVAL, "\"%s\": the prefix is a number up to %u",
			text, family_bytes[family] * 8U);
	}
	if (prefix == 0) {
		return error_set(err, -EINVAL,
			"\"%s\" is everybody: write `world` if that is meant", text);
	}
	if (is_zero(&address) && prefix == family_bytes[family] * 8U) {
		return error_set(
			err, -EINVAL, "\"%s\" is never the source of a packet", text);
	}
	if (is_mapped(family, &address)) {
		return error_set(err, -EINVAL,
			"\"%s\" is never the source of a packet: write the IPv4 address",
			text);
	}
	if (!spread(&range, family, address, prefix))
		return refuse_host_bits(err, text, family, &range, prefix);
	*ret = range;
	*ret_family = family;
	return 0;
}

/* The prefix of a range that is one network, or -1. */
static int range_prefix(enum family family, const struct range *range)
{
	struct range network;
	unsigned prefix = family_bytes[family] * 8U;

	for (;; prefix--) {
		if (!spread(&network, family, range->first, prefix))
			return -1;
		if (memcmp(&network.last, &range->last, sizeof(network.last)) == 0)
			return (int)prefix;
		if (prefix == 0)
			return -1;
	}
}

char *range_print(
	enum family family, const struct range *range, char ret[static RANGE_TEXT_BYTES])
{
	char first[ADDRESS_TEXT_BYTES], last[ADDRESS_TEXT_BYTES];
	int prefix = range_prefix(family, range);

	inet_ntop(family_af[family], range->first.bytes, first, sizeof(first));
	inet_ntop(family_af[family], range->last.bytes, last, sizeof(last));
	if (prefix == family_bytes[family] * 8) {
		snprintf(ret, RANGE_TEXT_BYTES, "%s", first);
	} else if (prefix >= 0) {
		snprintf(ret, RANGE_TEXT_BYTES, "%s/%d", first, prefix);
	} else {
		snprintf(ret, RANGE_TEXT_BYTES, "%s-%s", first, last);
	}
	return ret;
}

int ranges_add(struct ranges *ranges, const struct range *range)
{
	if (ranges->count == ranges->capacity) {
		size_t capacity = ranges->capacity ? ranges->capacity * 2 : 8;
		struct range *bigger =
			reallocarray(ranges->items, capacity, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		ranges->items = bigger;
		ranges->capacity = capacity;
	}
	ranges->items[ranges->count++] = *range;
	return 0;
}

static int by_first(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct range));
}

bool address_next(struct address *ret, enum family family, const struct address *address)
{
	struct address next = *address;

	for (size_t i = family_bytes[family]; i-- > 0;) {
		if (++next.bytes[i] != 0) {
			*ret = next;
			return true;
		}
	}
	return false;
}

void address_previous(
	struct address *ret, enum family family, const struct address *address)
{
	struct address previous = *address;

	for (size_t i = family_bytes[family]; i-- > 0;) {
		if (previous.bytes[i]-- != 0)
			break;
	}
	*ret = previous;
}

static bool touches(
	enum family family, const struct range *left, const struct range *right)
{
	struct address next;

	if (memcmp(&right->first, &left->last, sizeof(left->last)) <= 0)
		return true;
	return address_next(&next, family, &left->last) &&
	       memcmp(&next, &right->first, sizeof(next)) == 0;
}

void ranges_merge(enum family family, struct ranges *ranges)
{
	size_t kept = 0;

	if (ranges->count == 0)
		return;
	qsort(ranges->items, ranges->count, sizeof(*ranges->items), by_first);
	for (size_t i = 1; i < ranges->count; i++) {
		struct range *last = &ranges->items[kept];
		const struct range *item = &ranges->items[i];

		if (!touches(family, last, item)) {
			ranges->items[++kept] = *item;
		} else if (memcmp(&item->last, &last->last, sizeof(last->last)) > 0) {
			last->last = item->last;
		}
	}
	ranges->count = kept + 1;
}

void ranges_done(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){ 0 };
}
