/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * detail.c - the clients that may read detail, as prefixes. Pure.
 */
#include "health/detail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { SETS_MAX_DEPTH = 8, PREFIXES_MAX = 4096 };

static bool parse_prefix(struct prefix *ret, const char *text)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN], *end = NULL;
	unsigned long bits, most;

	if (size >= sizeof(address))
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	ret->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	most = ret->family == AF_INET6 ? 128 : 32;
	bits = slash ? strtoul(slash + 1, &end, 10) : most;
	if ((slash && (end == slash + 1 || *end)) || bits > most ||
		inet_pton(ret->family, address, ret->bytes) != 1)
		return false;
	ret->bits = (unsigned)bits;
	return true;
}

static int add_prefix(struct detail *detail, const struct prefix *prefix)
{
	struct prefix *longer =
		reallocarray(detail->prefixes, detail->count + 1, sizeof(*prefix));

	if (!longer)
		return -ENOMEM;
	detail->prefixes = longer;
	longer[detail->count++] = *prefix;
	return 0;
}

static int add_words(struct detail *detail, const struct strings *words,
	const struct site *site, int depth) /* NOLINT(misc-no-recursion): bounded */
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < words->count; i++) {
		const char *word = words->items[i];
		const struct network_set *set = site ? site_set(site, word) : NULL;
		struct prefix prefix;

		if (detail->count >= PREFIXES_MAX)
			break;
		if (strcmp(word, "loopback") == 0)
			detail->loopback = true;
		else if (set && depth < SETS_MAX_DEPTH)
			r = add_words(detail, &set->members, site, depth + 1);
		else if (parse_prefix(&prefix, word))
			r = add_prefix(detail, &prefix);
	}
	return r;
}

int detail_init(struct detail *ret, const struct strings *from, const struct site *site)
{
	struct detail detail = { 0 };
	int r = add_words(&detail, from, site, 0);

	if (r < 0)
		detail_done(&detail);
	else
		*ret = detail;
	return r;
}

void detail_done(struct detail *detail)
{
	free(detail->prefixes);
	*detail = (struct detail){ 0 };
}

static bool covers(const struct prefix *prefix, int family, const unsigned char *bytes)
{
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
	unsigned char mask = (unsigned char)(0xff00U >> rest);

	if (prefix->family != family || memcmp(prefix->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix->bytes[whole] ^ bytes[whole]) & mask) == 0;
}

static bool allows(const struct detail *detail, int family, const unsigned char *bytes)
{
	static const struct prefix own[] = {
		{ AF_INET, { 127 }, 8 },
		{ AF_INET6, { [15] = 1 }, 128 },
	};

	for (size_t i = 0; detail->loopback && i < ARRAY_LEN(own); i++)
		if (covers(&own[i], family, bytes))
			return true;
	for (size_t i = 0; i < detail->count; i++)
		if (covers(&detail->prefixes[i], family, bytes))
			return true;
	return false;
}

bool detail_allows(const struct detail *detail, const struct sockaddr *peer)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (!peer || peer->sa_family == AF_UNIX)
		return true;
	if (peer->sa_family == AF_INET) {
		memcpy(&v4, peer, sizeof(v4));
		return allows(detail, AF_INET, (unsigned char *)&v4.sin_addr);
	}
	if (peer->sa_family != AF_INET6)
		return false;
	memcpy(&v6, peer, sizeof(v6));
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return allows(detail, AF_INET, v6.sin6_addr.s6_addr + 12);
	return allows(detail, AF_INET6, v6.sin6_addr.s6_addr);
}
