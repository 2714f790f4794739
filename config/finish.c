/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * finish.c - the last step of a text that was kept for one instance, and for secrets.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

struct lookup {
	const struct secrets *secrets;
	char instance[16];
};

static const char *find(const char *name, const void *data)
{
	const struct lookup *lookup = data;

	if (strcmp(name, "instance") == 0)
		return lookup->instance;
	return lookup->secrets ? secrets_find(lookup->secrets, name) : NULL;
}

int config_expand_secrets(char **ret, const char *text, unsigned instance,
	const struct secrets *secrets, struct error *err)
{
	struct lookup lookup = { .secrets = secrets };
	const struct names names = { .find = find,
		.data = &lookup,
		.secrets = secrets ? SECRETS_FOUND : SECRETS_KEPT };

	snprintf(lookup.instance, sizeof(lookup.instance), "%u", instance);
	return expand(ret, text, &names, false, err);
}

int config_expand(char **ret, const char *text, unsigned instance, struct error *err)
{
	return config_expand_secrets(ret, text, instance, NULL, err);
}

bool config_has_secret(const char *text)
{
	const char *at = text ? strchr(text, '$') : NULL;

	while (at) {
		if (text_starts(at, "${secret."))
			return true;
		at = strchr(at + (at[1] == '$' ? 2 : 1), '$');
	}
	return false;
}

bool declaration_secrets(const struct declaration *declaration)
{
	const struct pairs *environment = &declaration->run.environment;

	for (size_t i = 0; i < environment->count; i++)
		if (config_has_secret(environment->items[i].value))
			return true;
	for (size_t i = 0; i < declaration->files_count; i++)
		if (config_has_secret(declaration->files[i].content))
			return true;
	return false;
}
