/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * address.c - addresses and networks, read more strictly than inet_pton and the tools
 * around it: some take 10/8 for 0.0.0.0/8, 010.0.0.1 for 8.0.0.1, and silently drop host
 * bits.
 */
#include "rules/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { V4_BITS = 32, V6_BITS = 128, NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

bool is_address_like(const char *text)
{
	return isdigit((unsigned char)text[0]) || strchr(text, ':');
}

/* `text` is all that was written, `address` what stands before its '/'. */
static int check_v4(const char *text, const char *address, unsigned char bytes[static 4],
	struct error *err)
{
	const char *at = address;

	if (strchr(address, '-') && address[strspn(address, "0123456789.-")] == '\0')
		return error_set(err, -EINVAL,
			"'%s': ranges are not read; write networks such as 10.0.0.0/30",
			text);
	for (unsigned i = 0; i < 4; i++) {
		char *end;
		unsigned long part = strtoul(at, &end, 10);

		if (!isdigit((unsigned char)*at) || *end != (i < 3 ? '.' : '\0'))
			return error_set(err, -EINVAL,
				"'%s' is no address; write all four numbers, like 10.0.0.0/8",
				text);
		if (at[0] == '0' && end - at > 1)
			return error_set(err, -EINVAL,
				"'%s' has a leading zero, which some programs read as octal",
				text);
		if (part > 255)
			return error_set(err, -EINVAL,
				"'%s' is no address: %lu is above 255", text, part);
		bytes[i] = (unsigned char)part;
		at = end + 1;
	}
	return 0;
}

static int check_v6(const char *text, unsigned char bytes[static 16], struct error *err)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (strchr(text, '%'))
		return error_set(err, -EINVAL,
			"'%s' has a zone; a rule is for all interfaces", text);
	if (text[0] == '[')
		return error_set(
			err, -EINVAL, "'%s': write it without the brackets", text);
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return error_set(err, -EINVAL, "'%s' is no IPv6 address", text);
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return error_set(err, -EINVAL,
			"'%s' never matches a packet; write the IPv4 address %u.%u.%u.%u",
			text, bytes[12], bytes[13], bytes[14], bytes[15]);
	return 0;
}

/* Clears what is beyond `length` bits; true when anything was there. */
static bool clear_host_bits(unsigned char *bytes, int family, unsigned long length)
{
	const unsigned bits = family == AF_INET ? V4_BITS : V6_BITS;
	bool any = false;

	for (unsigned bit = (unsigned)length; bit < bits; bit++) {
		const unsigned char mask = (unsigned char)(0x80 >> (bit % 8));

		any = any || (bytes[bit / 8] & mask);
		bytes[bit / 8] &= (unsigned char)~mask;
	}
	return any;
}

static int check_length(
	const char *text, const char *digits, unsigned long *ret, struct error *err)
{
	const unsigned bits = strchr(text, ':') ? V6_BITS : V4_BITS;
	char *end;

	if (strchr(digits, '.'))
		return error_set(err, -EINVAL,
			"'%s': write the length of the network (/8), not its mask", text);
	*ret = strtoul(digits, &end, 10);
	if (!isdigit((unsigned char)digits[0]) || *end || end - digits > 3)
		return error_set(
			err, -EINVAL, "'%s': a number must stand behind the '/'", text);
	if (digits[0] == '0' && digits[1])
		return error_set(
			err, -EINVAL, "'%s': the length has a leading zero", text);
	if (*ret > bits)
		return error_set(err, -EINVAL, "'%s': the length must be 1-%u, not %lu",
			text, bits, *ret);
	if (*ret == 0)
		return error_set(err, -EINVAL,
			"'%s' is everyone; if that is meant, write world", text);
	return 0;
}

int address_check(const char *text, struct error *err)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *address = strndup(text, slash ? (size_t)(slash - text) : 64);
	const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	unsigned char bytes[16] = { 0 };
	char right[INET6_ADDRSTRLEN];
	unsigned long length = 0;
	int r;

	if (!address)
		return error_set(err, -ENOMEM, "out of memory");
	r = family == AF_INET ? check_v4(text, address, bytes, err)
			      : check_v6(address, bytes, err);
	if (r < 0 || !slash)
		return r;
	r = check_length(text, slash + 1, &length, err);
	if (r < 0 || !clear_host_bits(bytes, family, length))
		return r;
	inet_ntop(family, bytes, right, sizeof(right));
	return error_set(err, -EINVAL,
		"'%s' is an address inside a network; write %s/%lu, or the address alone",
		text, right, length);
}

/* One label of `size` bytes: letters and digits, a `-` only between them. */
static bool is_label(const char *label, size_t size)
{
	if (size == 0 || size > LABEL_MAX_BYTES || label[0] == '-' ||
		label[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (label[i] != '-' && !isalnum((unsigned char)label[i]))
			return false;
	return true;
}

bool is_host_name(const char *text)
{
	const char *label = text;

	if (strlen(text) > NAME_MAX_BYTES)
		return false;
	for (;;) {
		size_t size = strcspn(label, ".");

		if (!is_label(label, size))
			return false;
		if (!label[size])
			return true;
		label += size + 1;
	}
}

/* Of the family, in bytes; 0: it is none. */
static size_t read_bytes(const char *text, size_t size, unsigned char bytes[16])
{
	char copy[INET6_ADDRSTRLEN];

	if (size >= sizeof(copy))
		return 0;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		return 4;
	return inet_pton(AF_INET6, copy, bytes) == 1 ? 16 : 0;
}

bool address_is_in(const char *address, const char *network)
{
	const char *slash = strchr(network, '/');
	const size_t size = slash ? (size_t)(slash - network) : strlen(network);
	unsigned char here[16], there[16];
	const size_t bytes = read_bytes(address, strlen(address), here);
	const size_t bits = slash ? strtoul(slash + 1, NULL, 10) : bytes * 8;

	if (bytes == 0 || read_bytes(network, size, there) != bytes || bits > bytes * 8)
		return false;
	for (size_t i = 0; i < bits; i++) {
		const unsigned mask = 0x80U >> (i % 8);

		if ((here[i / 8] ^ there[i / 8]) & mask)
			return false;
	}
	return true;
}
