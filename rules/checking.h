/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * checking.h - the rules across the keys of one declaration. Private to this room.
 */
#pragma once

#include "rules/rules.h"

enum { SECRET_FILE_MODE = 0640 }; /* at most, of a file that holds one */

/* Who may reach it, where that is the site's default. -ENOMEM. */
int firewall_complete(struct checking *self);
void firewall_check(struct checking *self);
void health_check(struct checking *self);
void listen_check(struct checking *self);
void capabilities_check(struct checking *self);
void words_check(struct checking *self);
void logs_check(struct checking *self);
void lvs_check(struct checking *self);
/* What root's policy does not allow (policy.c). */
void policy_check(struct checking *checking);
/* Two ways to write one path are one too many for who compares them: no `..`, no `//`, no
 * `/.`. */
bool path_is_plain(const char *path);
/* That `port` is a name of `listen` or a number. */
void checking_port(struct checking *self, const char *path, const char *port);
/* A problem at the place of a dotted path, made by `path_format`. */
void checking_refuse(struct checking *self, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void checking_warn(struct checking *self, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
