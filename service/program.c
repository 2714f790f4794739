/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * program.c - is there what run.command names, and can nobody else swap it.
 *
 * Looked for with the service's own eyes: what it says about a path must not tell the
 * owner of a service what root alone can see.
 */
#include "service/program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#include "spawn/spawn.h"

static bool is_program(int directory_fd, const char *path)
{
	struct stat info;

	if (fstatat(directory_fd, path, &info, 0) < 0)
		return false;
	errno = EACCES;
	return S_ISREG(info.st_mode) && (info.st_mode & 0111);
}

static bool is_on_path(const char *name, const char *path)
{
	while (*path) {
		size_t size = strcspn(path, ":");
		_cleanup_free_ char *full = text_format("%.*s/%s", (int)size, path, name);

		if (full && is_program(AT_FDCWD, full))
			return true;
		path += size + (path[size] == ':');
	}
	errno = ENOENT;
	return false;
}

static const char *declared_path(const struct declaration *declaration)
{
	const struct pairs *pairs = &declaration->run.environment;

	for (size_t i = 0; i < pairs->count; i++) {
		if (text_equal(pairs->items[i].key, "PATH"))
			return pairs->items[i].value;
	}
	return ENVIRONMENT_PATH;
}

static int refuse_command(const char *program, int code, struct error *err)
{
	return error_set(err, code, "exec %s: %s; %s, or correct run.command", program,
		strerror(-code), code == -EACCES ? "make it executable" : "install it");
}

/* Whoever can put another directory in the way of the program becomes the service. */
static int judge_directory(int fd, const char *path, struct error *err)
{
	char link[sizeof("/proc/self/fd/") + 12], real[PATH_MAX];
	ssize_t size;
	struct stat info;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, real, sizeof(real) - 1);
	if (size < 0)
		return error_errno(err, -errno, "chdir %s", path);
	for (size_t end = (size_t)size; end > 0; end--) {
		if (end != (size_t)size && real[end] != '/')
			continue;
		real[end] = '\0';
		if (stat(real, &info) == 0 && (info.st_mode & S_IWOTH) &&
			!(info.st_mode & S_ISVTX)) {
			return error_set(err, -EPERM,
				"run.directory: %s is writable by everybody; fix: chmod o-w "
				"%s",
				real, real);
		}
	}
	return 0;
}

static int find(
	const struct declaration *declaration, unsigned instance, struct error *err)
{
	_cleanup_free_ char *directory = NULL, *program = NULL;
	_cleanup_close_ int fd = -1;
	bool found;
	int r = config_expand(&directory,
		declaration->run.directory ? declaration->run.directory : "/", instance,
		err);

	if (r == 0)
		r = config_expand(
			&program, declaration->run.command.items[0], instance, err);
	if (r < 0)
		return r;
	assert(directory && program); /* what config_expand() promised */
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno,
			"chdir %s: %s; make it, or correct run.directory", directory,
			strerror(errno));
	r = judge_directory(fd, directory, err);
	if (r < 0)
		return r;
	found = strchr(program, '/') ? is_program(fd, program)
				     : is_on_path(program, declared_path(declaration));
	return found ? 0 : refuse_command(program, -errno, err);
}

int program_find(const struct declaration *declaration, unsigned instance,
	const struct user *user, struct error *err)
{
	/* One that keeps capabilities may see more than its user. */
	const bool as_user =
		user->uid != 0 && declaration->security.capabilities.count == 0;
	int r = as_user ? as_user_begin(user) : 0;

	if (r < 0)
		return error_errno(err, r, "looking for the command as the service");
	r = find(declaration, instance, err);
	if (as_user)
		as_user_end();
	return r;
}
