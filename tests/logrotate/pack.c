/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * pack.c - packed and read again, also from the middle, also damaged.
 */
#include "logrotate/pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/file.h"

#include "tests/test.h"

enum { BYTES = 3 * 1024 * 1024 + 12345 }; /* three frames and a bit */

static const enum compress kinds[] = { COMPRESS_ZSTD, COMPRESS_GZIP };

static char *content(void)
{
	char *bytes = malloc(BYTES);
	unsigned seed = 1;

	for (size_t i = 0; i < BYTES; i++) {
		seed = seed * 1103515245U + 12345U;
		bytes[i] = (char)('a' + seed / 65536 % 20);
	}
	return bytes;
}

static int packed(const char *bytes, size_t size, enum compress kind)
{
	_cleanup_close_ int from = memfd_create("from", MFD_CLOEXEC);
	int to = memfd_create("to", MFD_CLOEXEC);
	atomic_bool stop = false;

	assert_int_equal(fd_write_all(from, bytes, size), 0);
	lseek(from, 0, SEEK_SET);
	assert_int_equal(pack_fd(from, to, kind, 1, &stop), 0);
	return to;
}

static ssize_t read_all(struct unpacker *unpacker, char *bytes, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while ((got = unpacker_read(unpacker, bytes + have, size - have)) > 0)
		have += (size_t)got;
	return got < 0 ? got : (ssize_t)have;
}

static void what_is_packed_comes_back(void **state)
{
	_cleanup_free_ char *bytes = content(), *again = malloc(BYTES + 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		_cleanup_close_ int fd = packed(bytes, BYTES, kinds[i]);
		_cleanup_(unpacker_freep) struct unpacker *unpacker = NULL;

		assert_int_equal(unpacker_new(&unpacker, fd, kinds[i]), 0);
		assert_int_equal(read_all(unpacker, again, BYTES + 1), BYTES);
		assert_memory_equal(bytes, again, BYTES);
		assert_int_equal(unpacker_seek(unpacker, 1500000), 0);
		assert_int_equal(unpacker_read(unpacker, again, 1), 1);
		assert_int_equal(again[0], bytes[1500000]);
		assert_int_equal(unpacker_seek(unpacker, BYTES + 1), -EBADMSG);
	}
}

static void an_empty_file_is_packed_too(void **state)
{
	char byte;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		_cleanup_close_ int fd = packed("", 0, kinds[i]);
		_cleanup_(unpacker_freep) struct unpacker *unpacker = NULL;

		assert_int_equal(unpacker_new(&unpacker, fd, kinds[i]), 0);
		assert_int_equal(unpacker_read(unpacker, &byte, 1), 0);
	}
}

static void a_cut_archive_gives_what_is_whole_and_says_so(void **state)
{
	_cleanup_free_ char *bytes = content(), *again = malloc(BYTES);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		_cleanup_close_ int fd = packed(bytes, BYTES, kinds[i]);
		_cleanup_(unpacker_freep) struct unpacker *unpacker = NULL;

		assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - 10), 0);
		assert_int_equal(unpacker_new(&unpacker, fd, kinds[i]), 0);
		assert_int_equal(read_all(unpacker, again, BYTES), -EBADMSG);
		assert_memory_equal(bytes, again, 2 * 1024 * 1024);
	}
}

static void a_packing_can_be_stopped(void **state)
{
	_cleanup_close_ int from = memfd_create("from", MFD_CLOEXEC);
	atomic_bool stop = true;

	(void)state;
	assert_int_equal(fd_write_all(from, "x", 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		lseek(from, 0, SEEK_SET);
		assert_int_equal(pack_fd(from, from, kinds[i], 1, &stop), -ECANCELED);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(an_empty_file_is_packed_too),
		cmocka_unit_test(a_cut_archive_gives_what_is_whole_and_says_so),
		cmocka_unit_test(a_packing_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
