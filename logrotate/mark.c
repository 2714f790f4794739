/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mark.c - stamps and notices. Sentences are ours: they never hold bytes of a service.
 */
#include "logrotate/mark.h"

#include <string.h>

/* TAI64 labels as daemontools writes them: 2^62 plus ten seconds that TAI was ahead in
 * 1970. */
#define TAI64_OF_1970 (4611686018427387904ULL + 10ULL)

struct look look_of(const struct logs *logs)
{
	struct look look = { logs->format, logs->timestamp };

	if (look.stamp == STAMP_DEFAULT)
		look.stamp = look.format == LOG_JSON ? STAMP_NONE : STAMP_ISO;
	return look;
}

size_t mark_stamp(char ret[static STAMP_BYTES], enum log_timestamp stamp, struct wall at)
{
	char iso[WALL_TEXT_BYTES];
	int size = 0;

	switch (stamp) {
	case STAMP_ISO:
		size = snprintf(ret, STAMP_BYTES, "%s ", wall_format(at, iso));
		break;
	case STAMP_TAI64N:
		size = snprintf(ret, STAMP_BYTES, "@%016llx%08llx ",
			TAI64_OF_1970 + (unsigned long long)(at.us / US_PER_S),
			(unsigned long long)(at.us % US_PER_S) * 1000ULL);
		break;
	case STAMP_DEFAULT:
	case STAMP_NONE: ret[0] = '\0'; break;
	}
	return (size_t)size;
}

void mark_add_stamped(struct text *text, struct look look, struct wall at,
	const char *lines, size_t size)
{
	char stamp[STAMP_BYTES];
	size_t stamp_size = mark_stamp(stamp, look.stamp, at);

	while (size > 0) {
		const char *end = memchr(lines, '\n', size);
		size_t line = end ? (size_t)(end - lines) + 1 : size;

		text_add_bytes(text, stamp, stamp_size);
		text_add_bytes(text, lines, line);
		lines += line;
		size -= line;
	}
}

void mark_add_notice(
	struct text *text, struct look look, struct wall at, const char *sentence)
{
	char stamp[STAMP_BYTES], iso[WALL_TEXT_BYTES];

	mark_stamp(stamp, look.stamp, at);
	if (look.format == LOG_JSON) {
		text_addf(text,
			"%s{\"time\":\"%s\",\"level\":40,\"name\":\"svcd\",\"msg\":\"%s\"}\n",
			stamp, wall_format(at, iso), sentence);
	} else {
		text_addf(text, "%s<4>svcd: %s\n", stamp, sentence);
	}
}
