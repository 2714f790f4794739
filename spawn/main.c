/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - svcd-spawner: a program for spawner.c alone, with no more libraries than a
 * child needs on its way to exec.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spawn/order.h"

enum { EXIT_BAD_USAGE = 2 };

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < ORDER_KINDS; i++) {
		if (strcmp(argv[1], SVCD_VERSION) == 0 &&
			strcmp(argv[2], order_words[i]) == 0)
			spawner_serve((enum order_kind)i);
	}
	fputs("svcd-spawner " SVCD_VERSION " is started by svcd-supervisor of this "
	      "version\n",
		stderr);
	return EXIT_BAD_USAGE;
}
