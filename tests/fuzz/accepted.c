/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * accepted.c - an accepted file as it may lie on a disk: as it is, and with a checksum
 * that is right, so that what stands behind it is read too.
 */
#include "supervisor/accepted.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_one(const char *bytes, size_t size)
{
	struct accepted_file file;
	struct error err = { 0 };
	struct json_t *body = NULL;

	if (accepted_parse(&file, bytes, size, &err) < 0) {
		assert(err.text[0]);
		return;
	}
	assert(json_get_text(file.head, "hash", NULL));
	assert(file.body + file.body_size < bytes + size);
	if (json_parse(&body, file.body, file.body_size, ACCEPTED_MAX_BYTES, NULL) == 0) {
		_cleanup_free_ char *line = json_print(body, JSON_ONE_LINE);
		_cleanup_free_ char *again = accepted_print(file.head, line);
		struct accepted_file second;

		assert(again && accepted_parse(&second, again, strlen(again), &err) == 0);
		assert(accepted_same(file.head, second.head));
		json_free(second.head);
	}
	json_free(body);
	json_free(file.head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text right = { 0 };

	read_one((const char *)data, size);
	text_addf(&right, "svcd-accepted 1 %016llx\n", text_hash(data, size));
	text_add_bytes(&right, data, size);
	if (!text_failed(&right))
		read_one(right.bytes, right.size);
	text_done(&right);
	return 0;
}
