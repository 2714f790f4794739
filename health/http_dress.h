/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_dress.h - a request as libcurl wants to be told of it. Private to http_client.c.
 */
#pragma once

#include <curl/curl.h>

#include "health/http_client.h"

struct http_dress {
	CURL *easy; /* made by the caller, freed by http_dress_done() */
	struct curl_slist *headers, *connect_to;
};

/* -EINVAL: something in `ask` cannot be sent as written. -ENOMEM. */
int http_dress(struct http_dress *dress, const struct http_ask *ask);
void http_dress_done(struct http_dress *dress);
