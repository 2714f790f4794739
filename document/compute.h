/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compute.h - pure: the names and the arithmetic inside one `${…}`. Private to expand.c.
 */
#pragma once

#include "document/expand.h"

/* How names are looked up while one text is expanded. */
struct naming {
	const struct names *names;
	bool keep_instance;
	struct error *err;
};

/* A name is letters, digits, `_`, `.` and a `-` between two of them, so that subtraction
 * has blanks around it. Bytes of the one that starts at `at`; 0: none does. */
size_t name_length(const char *at, const char *end);

/* The value of the name of `size` bytes at `at`, in kept form. NULL value: it is
 * `instance`, and that is kept. -EINVAL with a sentence. */
int naming_find(
	const struct naming *naming, const char *at, size_t size, const char **ret);

struct computed {
	double number;    /* with 1 for `instance` when that is kept */
	bool by_instance; /* its value differs between instances */
	char *rewritten;  /* the expression with all other names replaced; the caller's */
};

/* -EINVAL with a sentence, -ENOMEM. */
int compute(struct computed *ret, const char *begin, const char *end,
	const struct naming *naming);
