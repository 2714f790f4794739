/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gather.c - which files of a folder are declarations, and whose are believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/paths.h"

#include "sources/sources.h"
#include "tests/temporary.h"
#include "tests/test.h"

struct place {
	char root[TEMPORARY_BYTES];
	struct paths paths;
	struct sources sources;
	struct problems problems;
};

static void make(
	const struct place *place, const char *path, const char *text, mode_t mode)
{
	_cleanup_free_ char *whole = text_format("%s/%s", place->root, path);

	assert_int_equal(file_write(whole, text, strlen(text), 0644), 0);
	assert_int_equal(chmod(whole, mode), 0);
}

static int make_a_place(void **state)
{
	static const char *const folders[] = { "etc/svcd/services",
		"etc/svcd/templates/files", "share/templates", "share/files" };
	struct place *place = calloc(1, sizeof(*place));

	temporary_folder(place->root);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		_cleanup_free_ char *folder =
			text_format("%s/%s", place->root, folders[i]);

		assert_int_equal(directory_make(folder, 0755), 0);
	}
	assert_int_equal(paths_init(&place->paths, place->root), 0);
	free(place->paths.share);
	place->paths.share = text_format("%s/share", place->root);
	*state = place;
	return 0;
}

static int leave_the_place(void **state)
{
	struct place *place = *state;

	assert_int_equal(temporary_remove(place->root), 0);
	sources_done(&place->sources);
	problems_done(&place->problems);
	paths_done(&place->paths);
	free(place);
	return 0;
}

static void gather(struct place *place)
{
	assert_int_equal(
		sources_gather(&place->sources, &place->paths, &place->problems), 0);
}

static const struct source *find(const struct place *place, const char *ending)
{
	for (size_t i = 0; i < place->sources.count; i++)
		if (text_ends(place->sources.items[i].path, ending))
			return &place->sources.items[i];
	return NULL;
}

static void test_files_are_taken_by_kind(void **state)
{
	static const struct {
		const char *path;
		enum source_kind kind;
	} files[] = {
		{ "etc/svcd/svcd.yaml", SOURCE_HOST },
		{ "etc/svcd/site.yaml", SOURCE_SITE },
		{ "share/templates/node.yaml", SOURCE_TEMPLATE },
		{ "share/files/node.conf", SOURCE_TEXT },
		{ "etc/svcd/templates/own.yaml", SOURCE_TEMPLATE },
		{ "etc/svcd/templates/files/own.conf", SOURCE_TEXT },
		{ "etc/svcd/services/a.yaml", SOURCE_SERVICE },
		{ "etc/svcd/services/b.json", SOURCE_SERVICE },
	};
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		make(place, files[i].path, "{}", 0644);
	gather(place);
	assert_int_equal(place->problems.lines.count, 0);
	assert_false(place->sources.incomplete);
	assert_int_equal(place->sources.count, ARRAY_LEN(files));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		assert_true(text_ends(place->sources.items[i].path, files[i].path));
		assert_int_equal(place->sources.items[i].kind, files[i].kind);
		assert_string_equal(place->sources.items[i].bytes, "{}");
		assert_null(place->sources.items[i].refused);
	}
}

static void test_leftovers_are_not_services(void **state)
{
	static const char *const leftovers[] = { ".a.yaml", ".a.yaml.swp", "a.yaml~",
		"#a.yaml#", "a.yaml.dpkg-old", "a.yaml.dpkg-new", "a.yaml.bak", "README",
		"a.yaml.new" };
	struct place *place = *state;

	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		_cleanup_free_ char *path =
			text_format("etc/svcd/services/%s", leftovers[i]);

		make(place, path, "{}", 0644);
	}
	gather(place);
	assert_int_equal(place->sources.count, 0);
	assert_int_equal(place->problems.lines.count, 0);
}

static void test_yml_is_said_and_not_silently_left_out(void **state)
{
	struct place *place = *state;

	make(place, "etc/svcd/services/a.yml", "{}", 0644);
	gather(place);
	assert_int_equal(place->sources.count, 0);
	assert_int_equal(place->problems.lines.count, 1);
	assert_non_null(strstr(
		place->problems.lines.items[0], "a.yml is not read; its name must"));
}

static void test_what_others_can_write_is_not_believed(void **state)
{
	struct place *place = *state;

	make(place, "etc/svcd/services/group.yaml", "{}", 0664);
	make(place, "etc/svcd/services/world.yaml", "{}", 0646);
	make(place, "etc/svcd/services/mine.yaml", "{}", 0600);
	make(place, "share/templates/shipped.yaml", "{}", 0664);
	gather(place);
	assert_non_null(strstr(find(place, "group.yaml")->refused,
		"writable by its group; fix: chmod go-w /"));
	assert_null(find(place, "group.yaml")->bytes);
	assert_non_null(
		strstr(find(place, "world.yaml")->refused, "writable by everybody"));
	assert_null(find(place, "mine.yaml")->refused);
	assert_null(find(place, "shipped.yaml")->refused);
	assert_false(place->sources.incomplete);
}

static void test_what_belongs_to_another_is_not_believed(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *path =
		text_format("%s/etc/svcd/services/a.yaml", place->root);

	make(place, "etc/svcd/services/a.yaml", "{}", 0644);
	if (geteuid() != 0)
		fail_msg("this test gives a file away: run it as root");
	assert_int_equal(chown(path, 65534, 65534), 0);
	gather(place);
	assert_non_null(strstr(find(place, "a.yaml")->refused, "owned by uid 65534"));
	assert_non_null(strstr(find(place, "a.yaml")->refused, "fix: chown root /"));
}

static void test_only_regular_files_are_read(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *folder = text_format("%s/etc/svcd/services", place->root);
	_cleanup_free_ char *pipe_path = text_format("%s/pipe.yaml", folder);
	_cleanup_free_ char *link_path = text_format("%s/link.yaml", folder);
	_cleanup_free_ char *folder_path = text_format("%s/folder.yaml", folder);

	assert_int_equal(mkfifo(pipe_path, 0644), 0);
	assert_int_equal(symlink("/etc/passwd", link_path), 0);
	assert_int_equal(mkdir(folder_path, 0755), 0);
	gather(place);
	assert_string_equal(find(place, "pipe.yaml")->refused, "not a regular file");
	assert_string_equal(find(place, "link.yaml")->refused,
		"a symbolic link; put the file itself here");
	assert_string_equal(find(place, "folder.yaml")->refused, "not a regular file");
}

static void test_two_mebibytes_are_too_much(void **state)
{
	struct place *place = *state;
	const size_t size = 2 * DOCUMENT_MAX_BYTES;
	_cleanup_free_ char *bytes = malloc(size + 1);

	memset(bytes, '#', size);
	bytes[size] = '\0';
	make(place, "etc/svcd/services/big.yaml", bytes, 0644);
	bytes[DOCUMENT_MAX_BYTES] = '\0';
	make(place, "etc/svcd/services/just.yaml", bytes, 0644);
	gather(place);
	assert_string_equal(find(place, "big.yaml")->refused,
		"2048 KiB long; at most 1024 KiB are read");
	assert_int_equal(find(place, "just.yaml")->size, DOCUMENT_MAX_BYTES);
}

static void test_a_folder_that_is_gone_is_a_problem(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *folder = text_format("%s/etc/svcd/services", place->root);

	assert_int_equal(rmdir(folder), 0);
	gather(place);
	assert_true(place->sources.incomplete);
	assert_int_equal(place->problems.lines.count, 1);
	assert_non_null(strstr(place->problems.lines.items[0],
		"services: the directory cannot be listed: No such file"));
}

static void test_a_folder_that_others_can_write_is_a_problem(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *folder = text_format("%s/etc/svcd/services", place->root);

	make(place, "etc/svcd/services/a.yaml", "{}", 0644);
	assert_int_equal(chmod(folder, 0777), 0);
	gather(place);
	assert_true(place->sources.incomplete);
	assert_null(find(place, "a.yaml"));
	assert_non_null(strstr(place->problems.lines.items[0], "writable by everybody"));
}

static void test_the_host_file_says_where_the_others_are(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *elsewhere = text_format("%s/elsewhere", place->root);
	_cleanup_free_ char *host =
		text_format("services: %s\nsite: other/site.yaml\n", elsewhere);

	assert_int_equal(directory_make(elsewhere, 0755), 0);
	make(place, "etc/svcd/svcd.yaml", host, 0644);
	make(place, "elsewhere/b.yaml", "{}", 0644);
	make(place, "etc/svcd/services/a.yaml", "{}", 0644);
	gather(place);
	assert_non_null(find(place, "elsewhere/b.yaml"));
	assert_null(find(place, "a.yaml"));
	assert_non_null(strstr(find(place, "etc/svcd/other/site.yaml")->refused,
		"cannot be opened: No such file"));
}

static void test_a_file_by_name_stands_for_all_services(void **state)
{
	struct place *place = *state;
	_cleanup_free_ char *path = text_format("%s/draft.yaml", place->root);
	_cleanup_free_ char *none = text_format("%s/none.yaml", place->root);

	make(place, "etc/svcd/services/a.yaml", "{}", 0644);
	make(place, "etc/svcd/site.yaml", "{}", 0644);
	make(place, "draft.yaml", "{}", 0666);
	gather(place);
	assert_int_equal(sources_add(&place->sources, SOURCE_SERVICE, path), 0);
	assert_int_equal(sources_add(&place->sources, SOURCE_SERVICE, none), 0);
	assert_int_equal(place->sources.count, 3);
	assert_non_null(find(place, "site.yaml"));
	assert_null(find(place, "a.yaml"));
	assert_null(find(place, "draft.yaml")->refused);
	assert_non_null(find(place, "none.yaml")->refused);
}

int main(void)
{
#define IN_A_PLACE(test)                                                                 \
	cmocka_unit_test_setup_teardown(test, make_a_place, leave_the_place)
	const struct CMUnitTest tests[] = {
		IN_A_PLACE(test_files_are_taken_by_kind),
		IN_A_PLACE(test_leftovers_are_not_services),
		IN_A_PLACE(test_yml_is_said_and_not_silently_left_out),
		IN_A_PLACE(test_what_others_can_write_is_not_believed),
		IN_A_PLACE(test_what_belongs_to_another_is_not_believed),
		IN_A_PLACE(test_only_regular_files_are_read),
		IN_A_PLACE(test_two_mebibytes_are_too_much),
		IN_A_PLACE(test_a_folder_that_is_gone_is_a_problem),
		IN_A_PLACE(test_a_folder_that_others_can_write_is_a_problem),
		IN_A_PLACE(test_the_host_file_says_where_the_others_are),
		IN_A_PLACE(test_a_file_by_name_stands_for_all_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
