/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * limits.h - limits that a changed declaration gives to what runs already. Private to the
 * process half.
 */
#pragma once

#include "service/service.h"

/* The limits of its declaration for each process of it, where they are others than
 * `before`. What this host refuses is an event, and a note of the instance. */
void service_limit(struct service *service, const struct limits *before);
