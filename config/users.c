/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * users.c - whom a service may run as, by root's policy. Pure: names, not numbers.
 */
#include <string.h>

#include "config/config.h"

/* Users that "*" does not mean: root, and those that svcd itself runs as. */
static bool must_be_named(const char *user)
{
	return strcmp(user, "root") == 0 || text_starts(user, "svcd-") ||
	       strcmp(user, "svcd") == 0;
}

const struct policy_exception *policy_besides(
	const struct host_policy *policy, const char *service)
{
	static const struct policy_exception nothing;

	for (size_t i = 0; i < policy->services_count; i++)
		if (text_equal(policy->services[i].service, service))
			return &policy->services[i];
	return &nothing;
}

bool policy_allows_user(
	const struct host_policy *policy, const char *service, const char *user)
{
	const struct strings *all = &policy->users;
	const struct strings *own = &policy_besides(policy, service)->users;

	if (strings_have(all, user) || strings_have(own, user))
		return true;
	if (must_be_named(user))
		return false;
	return text_equal(user, service) || strings_have(all, "*") ||
	       strings_have(own, "*");
}
