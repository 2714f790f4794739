/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rows.h - the door of this room: what a row is, and what is made of rows.
 *
 * A row (struct field) names a key, the member that holds it, its kind, what a change of
 * it needs, its default as an operator would write it, and its help. The
 * reader, the printer, the schema and the man page walk tables of rows; kind_*.c hold
 * the kinds. Not here: any table.
 *
 * Offsets are relative to `base`, the struct that the rows are of: a section moves it to
 * its member, a list to each item.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json.h"

#include "document/document.h"
#include "rows/values.h"

struct reader {
	const struct names *names; /* NULL: nothing is expanded */
	struct problems *problems;
	const struct step *at; /* where we are, for messages */
	size_t refusals;       /* so far, also those that the list has no room for */
	bool partial; /* nothing is required; what has `${` in it is not judged */
};

struct step {
	const struct step *up;
	const char *key; /* NULL: `index` of a list */
	size_t index;
};

struct field;

struct kind {
	const char *name; /* as the man page says it: "duration" */
	/* Reads `node` into the member. A refusal is a problem and leaves the member
	 * blank. -ENOMEM. */
	int (*read)(struct reader *reader, const struct field *field,
		const struct node *node, void *base);
	/* NULL: no memory. */
	struct json_t *(*print)(const struct field *field, const void *base);
	/* False: print no such key. NULL: always there. */
	bool (*there)(const struct field *field, const void *base);
	/* "No value" for a row without default; NULL: zeroed memory says so. */
	void (*blank)(const struct field *field, void *base);
	/* Frees what the member owns; NULL: nothing. */
	void (*done)(const struct field *field, void *base);
	/* JSON Schema without description and default. NULL: no memory. */
	struct json_t *(*schema)(const struct field *field);
	unsigned indexes;    /* how many "[0]" may stand behind the key in a path */
	bool indexes_of_row; /* as many as its row says */
	bool free;           /* no rows inside: what stands there is part of the value */
};

struct words {
	const char *const *items;
	size_t count;
	const char *other; /* NULL, or another word for items[`other_is`] */
	int other_is;
};

/* Text of certain characters: `first` once, then up to `most` - 1 of `rest`, both as in a
 * bracket expression ("a-z0-9_"); `-` stands last when it is meant. */
struct shape {
	const char *first, *rest;
	size_t most;
	const char *says; /* "must be …" */
};

struct rows {
	const struct field *fields; /* ends with a row without key */
	const char *noun;           /* "a check" */
	size_t size; /* of the struct they are of; 0: a section of its parent */
	bool whole;  /* of a file: who errs about a key may have meant a section's */
	const struct kind *first; /* keys of this kind are read first; NULL: in order */
	/* After all rows were read: what they must fulfil together. -ENOMEM. */
	int (*finish)(struct reader *reader, const struct node *node, void *base);
};

struct field {
	const char *key;
	size_t at; /* offset of the member */
	const struct kind *kind;
	enum effect effect;
	const char *unset; /* the default as written; NULL: none, null is allowed */
	const char *help;
	const char *derived; /* the default in words, where it is another value */
	int64_t least,
		most;    /* of numbers; of texts in bytes: `most`, 0: TEXT_MOST_BYTES */
	size_t count_at; /* offset of the count of a list */
	const struct words *words; /* of a word */
	const struct shape *shape; /* of a text, of each item of a list */
	const struct shape *keys;  /* of the keys of a map */
	const struct rows *rows;   /* of a section or of the items of a list */
	const struct field *item;  /* of a map of NAME to anything */
	int value;                 /* of the enum, where the key itself is a choice */
	bool required;
	bool keep_instance; /* [instance] in config.h */
	bool keep_secrets;  /* `${secret.KEY}` may stand there, and stays */
	bool verbatim;      /* expanded later, by its own names */
	bool lines;         /* a text may have several lines */
	bool alias; /* another key for the member of a row above: read, not printed */
};

enum { TEXT_MOST_BYTES = 4095 };

static inline void *member(const struct field *field, void *base)
{
	return (char *)base + field->at;
}

static inline const void *member_of(const struct field *field, const void *base)
{
	return (const char *)base + field->at;
}

/* ---- the walk (fields_read.c) ------------------------------------------------------ */

int rows_read(struct reader *reader, const struct rows *rows, const struct node *node,
	void *base);
/* Everything as if nothing was written. -ENOMEM. */
int rows_blank(const struct rows *rows, void *base);
void rows_done(const struct rows *rows, void *base);
/* Of these rows, not of sections in them, all but `keys`, which end with NULL. */
void rows_done_but(const struct rows *rows, void *base, const char *const *keys);
struct json_t *rows_print(const struct rows *rows, const void *base);
/* What rows_print() printed in one line, without the members that stand word for word in
 * `usual`, what it printed of rows_blank(): reads as the same. The caller frees; NULL: no
 * memory, or it is not so printed. */
char *rows_less(const struct rows *rows, const char *line, const char *usual);

/* ---- JSON Schema (fields_schema.c); NULL: no memory -------------------------------- */

struct json_t *rows_schema(const struct rows *rows);
struct json_t *schema_of_type(const char *type);
/* `schema`, which it takes, or a text with `${…}` in it. */
struct json_t *schema_or_expression(struct json_t *schema);
struct json_t *schema_constant(struct json_t *value); /* takes it */
struct json_t *schema_map(struct json_t *values);     /* any keys; takes it */
/* An array of `items`, which it takes. */
struct json_t *schema_list(struct json_t *items);
/* Either of two, which it takes. */
struct json_t *schema_either(struct json_t *one, struct json_t *other);

/* ---- the walk, continued ----------------------------------------------------------- */

/* One row: `node` NULL or null is the default. */
int field_read(struct reader *reader, const struct field *field, const struct node *node,
	void *base);
int field_read_default(struct reader *reader, const struct field *field, void *base);
const struct field *rows_find(const struct rows *rows, const char *key);
/* "run.stop.timeout" of where the reader is. Caller frees; NULL: no memory. */
char *reader_path(const struct reader *reader);

/* Adds a problem at `node` (or at `mark`) with the path of where the reader is. */
void refuse(struct reader *reader, const struct node *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void refuse_at(struct reader *reader, struct mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* True, and counted, when the list of problems is full: nobody would read the right word
 * that a search could find. */
bool refuse_unseen(struct reader *reader);
/* What stands there, for "must be …, not …"; into `ret`, cut when long. */
enum { FOUND_BYTES = 96 };
const char *found(const struct node *node, char ret[static FOUND_BYTES]);

/* The text of a scalar, expanded. 1: *ret is it, the caller frees; 0: refused, or left
 * for later; -ENOMEM. `what` completes "must be …". */
int read_scalar(struct reader *reader, const struct field *field, const struct node *node,
	const char *what, char **ret);
/* Whether text of `shape` (NULL: any without control characters) may stand here; else a
 * problem. */
bool text_fits(struct reader *reader, const struct field *field, const struct node *node,
	const char *text);
/* *ret stays what it was when refused. */
int read_truth(struct reader *reader, const struct field *field, const struct node *node,
	bool *ret);
/* Refuses keys of a map that are none of the row's words. */
void refuse_other_keys(
	struct reader *reader, const struct field *field, const struct node *node);
const char *nearest_key(const struct rows *rows, const char *key);

/* ---- dotted paths (path.c) --------------------------------------------------------- */

/* The row of "run.stop.timeout" or "listen[0].port"; NULL: there is none. */
const struct field *rows_find_path(const struct rows *rows, const char *path);
/* Reads one value as if it stood at `path`, which must be known, and keeps nothing.
 * -ENOMEM. */
int rows_check_at(struct reader *reader, const struct rows *rows, const char *path,
	const struct node *node);
/* What a change of a row needs: the most that anything in it needs. */
enum effect field_effect(const struct field *field);
/* Walks every leaf path; `unset` is NULL for keys without default. Lists are
 * "listen[].port". */
typedef void field_path_fn(
	const char *path, const char *unset, const char *help, void *data);
void rows_each_path(const struct rows *rows, field_path_fn *each, void *data);
/* The nearest right path, for messages; caller frees. NULL: none is near. */
char *rows_nearest_path(const struct rows *rows, const char *path);

/* ---- printed (table.c) ------------------------------------------------------------- */

/* scdoc text for a man page, with what a change of each needs. -EIO. */
int rows_print_table(FILE *out, const struct rows *rows, bool effects);

/* ---- kinds ------------------------------------------------------------------------- */

/* kind_text.c */
extern const struct kind kind_text;  /* char *: one line */
extern const struct kind kind_block; /* char *: any lines */
extern const struct kind kind_word;  /* enum */
extern const struct kind kind_bool;
/* kind_number.c, kind_unit.c: int64_t */
extern const struct kind kind_count;
extern const struct kind kind_port; /* char *: a number, or with ${instance} [instance] */
extern const struct kind kind_port_name; /* char *: a name of `listen`, or a number */
extern const struct kind kind_mode;
extern const struct kind kind_duration; /* ms */
extern const struct kind kind_size;     /* bytes */
extern const struct kind kind_percent;
extern const struct kind kind_rate;     /* per second */
extern const struct kind kind_fraction; /* double */
extern const struct kind kind_codes;    /* a list of numbers */
/* kind_list.c, kind_rows.c */
extern const struct kind kind_section; /* rows whose base is the member */
extern const struct kind kind_choice;  /* a section or null, by its first row, a number */
extern const struct kind kind_strings;
extern const struct kind kind_argv;  /* a command line */
extern const struct kind kind_argvs; /* several */
extern const struct kind kind_pairs;
extern const struct kind kind_list; /* of rows */
extern const struct kind
	kind_one_or_list;          /* of rows; one may stand without its brackets */
extern const struct kind kind_map; /* NAME to `item`; the name is the first member */
/* kind_json.c */
extern const struct kind
	kind_switch; /* bool: a map of rows, or true; false or null is off */
extern const struct kind kind_json; /* struct json_t *, of the keys in `words` if given */
extern const struct kind kind_rest; /* the same, under its key in one shared object */

/* For rows: WORDS(qos) is the table qos_words. */
#define WORDS(name)                                                                      \
	&(const struct words)                                                            \
	{                                                                                \
		.items = name##_words, .count = ARRAY_LEN(name##_words)                  \
	}
