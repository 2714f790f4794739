/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * picture.c - questions about everything that is known. Pure.
 */
#include <string.h>

#include "health/health.h"

size_t picture_place(const struct picture *picture, const char *name, bool *ret_found)
{
	size_t low = 0, high = picture->services_count;

	*ret_found = false;
	while (low < high && !*ret_found) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, picture->services[middle]->name);

		*ret_found = order == 0;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

const struct service *picture_find(const struct picture *picture, const char *name)
{
	bool found;
	size_t place = picture_place(picture, name, &found);

	return found ? picture->services[place] : NULL;
}

static const char *nth_name(size_t index, const void *data)
{
	const struct picture *picture = data;

	return index < picture->services_count ? picture->services[index]->name : NULL;
}

const char *picture_nearest(const struct picture *picture, const char *name)
{
	return text_nearest(name, nth_name, picture);
}

bool picture_is_stale(const struct picture *picture, struct instant now)
{
	return instant_since_us(now, picture->heard) > (int64_t)SILENT_AFTER_S * US_PER_S;
}
