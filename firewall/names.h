/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * names.h - pure: names and comments that nft can print and read again, whatever a
 * declaration says.
 */
#pragma once

#include "firewall/model.h"

/* SERVICE.PART; a word that is not a name for nft stands as the hash of itself. */
void name_make(char ret[static NAME_BYTES], const char *service, const char *part);

/* FAMILY.HASH of what is in the set. */
void set_name_make(
	char ret[static NAME_BYTES], enum family family, const struct ranges *ranges);

/* A line of at most COMMENT_BYTES - 1 printable ASCII characters without quotes. */
void comment_make(char ret[static COMMENT_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));
