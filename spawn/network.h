/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * network.h - a network of its own for a child: loopback and nothing else.
 */
#pragma once

/* In the child, as root. -errno. */
int network_leave(void);
