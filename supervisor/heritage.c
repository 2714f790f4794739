/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * heritage.c - one pass over the document cuts it; then names are found by halves.
 */
#include "supervisor/heritage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"

#include "supervisor/ledger.h"

enum { PARTS_FIRST = 64 };

typedef int member_fn(struct heritage *heritage, struct json_span value);

static int parse(struct json_t **ret, struct json_span value)
{
	return json_parse(ret, value.bytes, value.size, LEDGER_MAX_BYTES, NULL);
}

/* What cannot be parsed is not known: none of these is needed. */
static int take_who(struct heritage *heritage, struct json_span value)
{
	(void)parse(&heritage->who, value);
	return 0;
}

static int take_host(struct heritage *heritage, struct json_span value)
{
	(void)parse(&heritage->host, value);
	return 0;
}

static int take_index(struct heritage *heritage, struct json_span value)
{
	_cleanup_(json_freep) struct json_t *number = NULL;

	if (parse(&number, value) == 0)
		heritage->index = (uint64_t)json_int(number);
	return 0;
}

static int take_clear(struct heritage *heritage, struct json_span value)
{
	heritage->clear = value.size == 4 && memcmp(value.bytes, "true", 4) == 0;
	return 0;
}

/* A NUL behind it, over a quote, a comma or a brace that nobody needs any more. */
static void cut(struct heritage *heritage, const char *bytes, size_t size)
{
	heritage->bytes[bytes + size - heritage->bytes] = '\0';
}

static int add_part(
	struct heritage *heritage, struct json_span name, struct json_span text)
{
	size_t count = heritage->count;

	if (count == 0 || (count >= PARTS_FIRST && (count & (count - 1)) == 0)) {
		size_t room = count == 0 ? PARTS_FIRST : count * 2;
		struct heritage_part *bigger =
			reallocarray(heritage->parts, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		heritage->parts = bigger;
	}
	heritage->parts[heritage->count++] =
		(struct heritage_part){ name.bytes, text.bytes, text.size, NULL };
	cut(heritage, name.bytes, name.size);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct heritage_part *)a)->name,
		((const struct heritage_part *)b)->name);
}

static int take_services(struct heritage *heritage, struct json_span value)
{
	struct json_span name, text;
	struct json_scan scan;
	int r = json_scan_begin(&scan, value);

	while (r == 0 && (r = json_scan_next(&scan, &name, &text)) > 0)
		r = add_part(heritage, name, text);
	if (r < 0)
		return r;
	for (size_t i = 0; i < heritage->count; i++)
		cut(heritage, heritage->parts[i].text, heritage->parts[i].size);
	if (heritage->count > 0)
		qsort(heritage->parts, heritage->count, sizeof(*heritage->parts),
			by_name);
	heritage->left = heritage->count;
	heritage->found = true;
	return 0;
}

static const struct {
	const char *key;
	member_fn *take; /* NULL: nothing is to be taken */
} known[] = {
	{ "format", NULL },
	{ "boot", NULL },
	{ "index", take_index },
	{ "clear", take_clear },
	{ "who", take_who },
	{ "host", take_host },
	{ "services", take_services },
};

static bool is(struct json_span span, const char *text)
{
	return span.size == strlen(text) && memcmp(span.bytes, text, span.size) == 0;
}

/* What a newer version knows stays as it came. */
static int keep(struct heritage *heritage, struct json_span key, struct json_span value)
{
	text_add(&heritage->rest, ",\"");
	text_add_bytes(&heritage->rest, key.bytes, key.size);
	text_add(&heritage->rest, "\":");
	text_add_bytes(&heritage->rest, value.bytes, value.size);
	return text_failed(&heritage->rest) ? -ENOMEM : 0;
}

/* `seen`: a bit for each row. What stands there twice makes no sense. */
static int take_member(struct heritage *heritage, unsigned *seen, struct json_span key,
	struct json_span value)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!is(key, known[i].key))
			continue;
		if (*seen & 1U << i)
			return -EINVAL;
		*seen |= 1U << i;
		return known[i].take ? known[i].take(heritage, value) : 0;
	}
	return keep(heritage, key, value);
}

/* Whether it says so; of another boot, a document says nothing about this one. */
static bool is_of_boot(struct json_span document, const char *boot)
{
	struct json_span key, value;
	struct json_scan scan;
	int r = json_scan_begin(&scan, document);

	while (r == 0 && json_scan_next(&scan, &key, &value) > 0) {
		if (is(key, "boot"))
			return value.size == strlen(boot) + 2 &&
			       memcmp(value.bytes + 1, boot, strlen(boot)) == 0;
	}
	return false;
}

static int take_all(struct heritage *heritage, struct json_span document)
{
	struct json_span key, value;
	struct json_scan scan;
	unsigned seen = 0;
	int r = json_scan_begin(&scan, document);

	while (r == 0 && (r = json_scan_next(&scan, &key, &value)) > 0)
		r = take_member(heritage, &seen, key, value);
	return r;
}

int heritage_read(struct heritage *ret, char *bytes, size_t size, const char *boot,
	struct error *err)
{
	const struct json_span document = { bytes, size };
	struct heritage heritage = { 0 };
	int r = 0;

	heritage.bytes = bytes;
	if (is_of_boot(document, boot))
		r = take_all(&heritage, document);
	if (r < 0) {
		heritage_done(&heritage);
		return error_set(err, r, "%s",
			r == -EINVAL ? "it is no JSON object" : strerror(-r));
	}
	*ret = heritage;
	return 0;
}

void heritage_done(struct heritage *heritage)
{
	for (size_t i = 0; i < heritage->count; i++)
		json_free(heritage->parts[i].record);
	free(heritage->parts);
	free(heritage->bytes);
	json_free(heritage->who);
	json_free(heritage->host);
	text_done(&heritage->rest);
	*heritage = (struct heritage){ 0 };
}

static int by_key(const void *key, const void *part)
{
	return strcmp(key, ((const struct heritage_part *)part)->name);
}

struct heritage_part *heritage_find(const struct heritage *heritage, const char *name)
{
	struct heritage_part *part =
		heritage->count == 0 ? NULL
				     : bsearch(name, heritage->parts, heritage->count,
					       sizeof(*heritage->parts), by_key);

	return part && part->text ? part : NULL;
}

struct json_t *heritage_record(struct heritage_part *part)
{
	if (!part->record)
		(void)parse(&part->record, (struct json_span){ part->text, part->size });
	return part->record;
}

/* The document goes with the last one. */
void heritage_drop(struct heritage *heritage, struct heritage_part *part)
{
	json_free(part->record);
	*part = (struct heritage_part){ .name = part->name };
	if (--heritage->left > 0)
		return;
	free(heritage->parts);
	free(heritage->bytes);
	heritage->parts = NULL;
	heritage->bytes = NULL;
	heritage->count = 0;
}
