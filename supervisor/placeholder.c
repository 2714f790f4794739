/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * placeholder.c - svcd-placeholder: sleeps in svcd-services.scope, since systemd removes
 * a scope when the last process in it is gone.
 */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
