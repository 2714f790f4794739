/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * paths.c - the tree below --root.
 */
#include "base/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

int paths_init(struct paths *paths, const char *root)
{
	const char *share = secure_getenv("SVCD_SHARE");
	size_t size = root ? strlen(root) : 0;

	if (size > 0 && root[0] != '/')
		return -EINVAL;
	while (size > 0 && root[size - 1] == '/')
		size--;
	*paths = (struct paths){ .root = strndup(root ? root : "", size) };
	if (!paths->root)
		return -ENOMEM;
	paths->etc = text_format("%s/etc/svcd", paths->root);
	paths->run = text_format("%s/run/svcd", paths->root);
	paths->state = text_format("%s/var/lib/svcd", paths->root);
	paths->log = text_format("%s/var/log", paths->root);
	paths->control = text_format("%s/run/svcd/control.sock", paths->root);
	paths->health = text_format("%s/run/svcd/health.sock", paths->root);
	paths->logs = text_format("%s/run/svcd/log.sock", paths->root);
	paths->share = strdup(share ? share : SVCD_SHARE_DIR);
	if (paths->etc && paths->run && paths->state && paths->log && paths->control &&
		paths->health && paths->logs && paths->share)
		return 0;
	paths_done(paths);
	return -ENOMEM;
}

void paths_done(struct paths *paths)
{
	free(paths->root);
	free(paths->etc);
	free(paths->run);
	free(paths->state);
	free(paths->log);
	free(paths->control);
	free(paths->health);
	free(paths->logs);
	free(paths->share);
	*paths = (struct paths){ 0 };
}
