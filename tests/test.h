/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test.h - cmocka and the headers that it wants before it.
 */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */
