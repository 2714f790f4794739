/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * secret_names.c - the keys of all secrets, gathered without their values.
 */
#include "sources/secret_names.h"

#include <assert.h>
#include <dirent.h>
#include <string.h>

#include "base/paths.h"

#include "sources/build.h"
#include "sources/source.h"

static int take_keys(struct source *source, struct error *err)
{
	char *bytes = NULL;
	size_t size = 0;
	int r = secret_bytes_read(&bytes, &size, source->path, err);

	if (r < 0)
		return r;
	assert(bytes); /* what secret_bytes_read() promised */
	source->bytes = secret_keys_of(bytes, size);
	explicit_bzero(bytes, size);
	free(bytes);
	source->size = source->bytes ? strlen(source->bytes) : 0;
	return source->bytes ? 0 : -ENOMEM;
}

static int take_file(struct sources *sources, const char *directory, const char *name)
{
	struct source *source = source_add(
		sources, SOURCE_SECRETS, text_format("%s/%s", directory, name));
	struct error err = { 0 };
	int r = source ? take_keys(source, &err) : -ENOMEM;

	if (r == 0 || r == -ENOMEM)
		return r;
	sources->secrets_hidden = sources->secrets_hidden || r == -EACCES;
	return source_refuse(source, strdup(err.text));
}

int secret_keys_gather(struct sources *sources, const struct paths *paths)
{
	_cleanup_free_ char *path = text_format("%s/secrets", paths->etc);
	DIR *directory = path ? opendir(path) : NULL;
	const struct dirent *item;
	size_t count = 0;
	int r = path ? 0 : -ENOMEM;

	sources->secrets_hidden = path && !directory && errno == EACCES;
	while (r == 0 && directory && count < CONFIG_MAX_SERVICES &&
		(item = readdir(directory))) {
		if (item->d_name[0] == '.' || !text_ends(item->d_name, ".yaml"))
			continue;
		r = take_file(sources, path, item->d_name);
		count++;
	}
	if (directory)
		closedir(directory);
	return r;
}

struct secret_keys secret_keys_find(const struct sources *sources, const char *service)
{
	struct secret_keys keys = { .hidden = sources->secrets_hidden };

	for (size_t i = 0; i < sources->count; i++) {
		const struct source *source = &sources->items[i];
		_cleanup_free_ char *name = NULL;

		if (source->kind != SOURCE_SECRETS)
			continue;
		name = name_of_file(source->path);
		if (text_equal(name, service))
			keys.source = source;
	}
	return keys;
}
