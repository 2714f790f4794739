/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * face.h - a request, its answer, and the faces that make one from the other. All pure:
 * picture and time in, status and bytes out. http.c carries them, faces.c chooses.
 */
#pragma once

#include "base/text.h"

#include "health/health.h"
#include "health/target.h"
#include "health/truth.h"

struct request {
	struct target target;
	const char *accept;        /* header, or NULL */
	const char *if_none_match; /* header, or NULL */
	bool is_options;
	bool detail; /* this client may read reasons with paths and arguments */
};

enum { ANSWER_NO_VERDICT = -1, ETAG_BYTES = 48 };

struct answer {
	unsigned status;  /* HTTP */
	const char *type; /* Content-Type; static */
	struct text body;
	int verdict;            /* X-Svcd-Status: enum verdict or ANSWER_NO_VERDICT */
	bool unroute, degraded; /* for Envoy */
	const char *service; /* the one it is about, or NULL; borrowed from the picture */
	struct instant modified; /* how old the oldest fact in it is; 0: not said */
	bool may_cache;          /* for a second, with `etag`; else no-store */
	char etag[ETAG_BYTES];
};

/* What else the figures of this process are made of; main.c fills it. */
struct process_facts {
	struct wall started;
	double cpu_s;
	int64_t resident_bytes, max_fds; /* -1: not known */
	double loop_lag_s;
};

enum { HANDLERS_MAX = 16, HANDLER_CODES = 7 };
struct handler_counts {
	const char *handler;
	uint64_t by_code[HANDLER_CODES];
};
extern const unsigned
	handler_codes[HANDLER_CODES]; /* 200 304 404 405 429 503, others as 0 */

struct face_context {
	const struct picture *picture;
	struct moment now;
	struct process_facts process;
	const struct handler_counts *counts;
	size_t counts_count;
	const char *boot; /* 8 hex digits: makes ETags of two lives differ */
};

typedef void face_fn(struct answer *answer, const struct face_context *context,
	const struct request *request);

face_fn face_livez, face_readyz, face_health, face_check, face_metrics, face_services,
	face_page;

/* The answer to any request, errors included; counts it when `counts` (HANDLERS_MAX)
 * is not NULL. */
void faces_answer(struct answer *answer, const struct face_context *context,
	const struct request *request, struct handler_counts *counts);
/* The words for /: what a client may ask for. */
extern const char faces_methods[]; /* of the Allow header */

/* ---- shared by the faces ----------------------------------------------------------- */

extern const char type_text[], type_json[], type_health_json[];

/* Fills status, verdict and flags from the truth about `service`; 503 when not `well`. */
void answer_about(struct answer *answer, const struct service *service,
	const struct truth *truth, bool well);
void answer_etag(
	struct answer *answer, const struct face_context *context, uint64_t index);
/* 404: no such service, with the nearest name when there is one. */
void answer_no_service(
	struct answer *answer, const struct face_context *context, const char *name);
/* 404 in one line. */
void answer_not_found(struct answer *answer, const char *what, const char *name);
const char *reason_for(const struct truth *truth, const struct request *request);
bool service_has_tag(const struct service *service, const char *tag);

/* ---- checks as all faces count them ------------------------------------------------ */

/* One declared check over all instances: the worst that is known. */
struct check_sum {
	enum verdict verdict;
	const char *reason; /* "" when it passes; borrowed */
	int64_t latency_us; /* of the worst; -1: not known */
	bool ok;            /* some instance does not fail */
};
struct check_sum check_sum_of(const struct service *service, const struct check *check);
