/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * http_dress.c - says to libcurl what a probe's request is, and what it must never do.
 *
 * A probe must see what a new client would see: its own connection, no redirect followed,
 * no proxy, no resolver. What an operator wrote goes out as written, or not at all.
 */
#include "health/http_dress.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

/* A name or value that could smuggle a second header or request line is not sent. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static int add_header(struct http_dress *dress, const char *key, const char *value)
{
	_cleanup_free_ char *line = NULL;
	struct curl_slist *longer;

	if (!is_plain(key) || !is_plain(value) || strchr(key, ':'))
		return -EINVAL;
	/* libcurl's spelling: "Key;" sends it empty, "Key:" would leave it out. */
	line = *value ? text_format("%s: %s", key, value) : text_format("%s;", key);
	longer = line ? curl_slist_append(dress->headers, line) : NULL;
	if (!longer)
		return -ENOMEM;
	dress->headers = longer;
	return 0;
}

static int set_headers(struct http_dress *dress, const struct http_ask *ask)
{
	struct curl_slist *longer = curl_slist_append(NULL, "Expect:");
	int r = 0;

	if (!longer)
		return -ENOMEM;
	dress->headers = longer;
	if (ask->host)
		r = add_header(dress, "Host", ask->host);
	for (size_t i = 0; r == 0 && ask->headers && i < ask->headers->count; i++)
		r = add_header(
			dress, ask->headers->items[i].key, ask->headers->items[i].value);
	curl_easy_setopt(dress->easy, CURLOPT_HTTPHEADER, dress->headers);
	return r;
}

/* The URL only names scheme and TLS peer; where to connect and what to ask is said
 * apart. */
static int set_url(struct http_dress *dress, const struct http_ask *ask)
{
	const char *name = ask->tls_sni ? ask->tls_sni : ask->host;
	_cleanup_free_ char *url = text_format("%s://%s/", ask->tls ? "https" : "http",
		ask->tls && name ? name : ask->connect_to);
	_cleanup_free_ char *to = text_format("::%s", ask->connect_to);

	if (!url || !to)
		return -ENOMEM;
	if (!is_plain(url) || !is_plain(ask->target) || ask->target[0] != '/' ||
		strchr(ask->target, ' '))
		return -EINVAL;
	dress->connect_to = curl_slist_append(NULL, to);
	if (!dress->connect_to)
		return -ENOMEM;
	curl_easy_setopt(dress->easy, CURLOPT_URL, url);
	curl_easy_setopt(dress->easy, CURLOPT_REQUEST_TARGET, ask->target);
	if (ask->unix_socket)
		curl_easy_setopt(dress->easy, CURLOPT_UNIX_SOCKET_PATH, ask->unix_socket);
	else
		curl_easy_setopt(dress->easy, CURLOPT_CONNECT_TO, dress->connect_to);
	return 0;
}

static void set_manners(CURL *easy, const struct http_ask *ask)
{
	static const struct {
		CURLoption option;
		long value;
	} manners[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_FORBID_REUSE, 1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_PATH_AS_IS, 1 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_DNS_CACHE_TIMEOUT, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(manners); i++)
		curl_easy_setopt(easy, manners[i].option, manners[i].value);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "svcd-health/" SVCD_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ask->timeout_ms);
	if (ask->body)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, ask->body);
	if (ask->method && strcmp(ask->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (ask->method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, ask->method);
}

int http_dress(struct http_dress *dress, const struct http_ask *ask)
{
	int r;

	if (ask->method && !is_plain(ask->method))
		return -EINVAL;
	set_manners(dress->easy, ask);
	r = set_url(dress, ask);
	return r < 0 ? r : set_headers(dress, ask);
}

void http_dress_done(struct http_dress *dress)
{
	curl_easy_cleanup(dress->easy);
	curl_slist_free_all(dress->headers);
	curl_slist_free_all(dress->connect_to);
}
