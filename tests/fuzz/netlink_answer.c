/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Datagrams as the kernel would send them: the reader believes no length that is not
 * there.
 */
#include <assert.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/netlink.h"

enum { QUESTION = 1, MESSAGES_AT_MOST = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches every byte that the message says it has. */
static int touch(const struct nlmsghdr *message, void *data)
{
	const unsigned char *bytes = (const unsigned char *)message;
	unsigned *sum = data;

	for (size_t i = 0; i < message->nlmsg_len; i++)
		*sum += bytes[i];
	return *sum % MESSAGES_AT_MOST == 0 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *bytes = malloc(size + 1); /* aligned, and its end is watched */
	unsigned sum = 1;
	int r;

	assert(bytes);
	memcpy(bytes, data, size);
	r = netlink_read(bytes, size, QUESTION, touch, &sum);
	assert(r <= 1);
	free(bytes);
	return 0;
}
