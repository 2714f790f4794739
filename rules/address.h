/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * address.h - pure: whether a text is an address or a network as an operator should
 * write it.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* Addresses and networks begin with a digit or hold a colon; names do neither. */
bool is_address_like(const char *text);

/* "10.2.0.0/16", "2001:db8::/32", "192.0.2.1". Refuses, with the way to write it: 10/8,
 * 010.0.0.1, host bits, netmasks, mapped addresses, zones, lengths out of range, /0.
 * -EINVAL. */
int address_check(const char *text, struct error *err);

/* Letters, digits, `-` and dots as in DNS. */
bool is_host_name(const char *text);

/* Whether `address` lies in `network` (an address is a network of one). False for what is
 * neither, and for two families. */
bool address_is_in(const char *address, const char *network);
