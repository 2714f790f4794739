/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * capabilities.c - the bounding set before the user changes, the other four sets after.
 */
#include "spawn/capabilities.h"

#include <sys/capability.h>
#include <sys/prctl.h>

static bool is_kept(const struct strings *kept, cap_value_t value)
{
	cap_value_t wanted;

	for (size_t i = 0; kept && i < kept->count; i++) {
		if (cap_from_name(kept->items[i], &wanted) == 0 && wanted == value)
			return true;
	}
	return false;
}

int capabilities_bound(const struct strings *kept, const char **ret_bad)
{
	cap_value_t value;

	for (size_t i = 0; kept && i < kept->count; i++) {
		if (cap_from_name(kept->items[i], &value) < 0) {
			*ret_bad = kept->items[i];
			return -EINVAL;
		}
	}
	/* the first that this kernel does not know is the end */
	for (value = 0; is_kept(kept, value) || cap_drop_bound(value) == 0; value++)
		;
	if (errno != EINVAL)
		return -errno;
	if (kept && kept->count > 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int set_all(cap_t caps, const struct strings *kept)
{
	static const cap_flag_t sets[] = { CAP_PERMITTED, CAP_INHERITABLE,
		CAP_EFFECTIVE };

	for (size_t i = 0; i < kept->count; i++) {
		cap_value_t value;

		if (cap_from_name(kept->items[i], &value) < 0)
			return -errno;
		for (size_t set = 0; set < ARRAY_LEN(sets); set++) {
			if (cap_set_flag(caps, sets[set], 1, &value, CAP_SET) < 0)
				return -errno;
		}
	}
	return cap_set_proc(caps) < 0 ? -errno : 0;
}

int capabilities_keep(const struct strings *kept)
{
	cap_t caps;
	int r;

	if (!kept || kept->count == 0)
		return 0; /* the change of user took them all */
	caps = cap_init();
	if (!caps)
		return -errno;
	r = set_all(caps, kept);
	cap_free(caps);
	for (size_t i = 0; r == 0 && i < kept->count; i++) {
		cap_value_t value;

		if (cap_from_name(kept->items[i], &value) < 0 ||
			cap_set_ambient(value, CAP_SET) < 0)
			r = -errno;
	}
	return r;
}
