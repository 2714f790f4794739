/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * questions.c - what other rooms ask a declaration, and what is known of this host.
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/file.h"

#include "config/config.h"

enum { HOSTS_MAX_BYTES = 256 * 1024, PORT_MAX = 65535 };

/* ---- ports ------------------------------------------------------------------------- */

/* 1..65535 in plain decimal digits; 0: it is something else. */
static uint16_t port_number(const char *text)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)text[0]))
		return 0;
	number = strtoul(text, &end, 10);
	return *end || number > PORT_MAX ? 0 : (uint16_t)number;
}

uint16_t config_port(const struct listen *listen, unsigned instance)
{
	_cleanup_free_ char *port = NULL;

	if (!listen->port || config_expand(&port, listen->port, instance, NULL) < 0)
		return 0;
	return port_number(port);
}

const struct listen *config_listen(
	const struct declaration *declaration, const char *port)
{
	if (!port)
		return declaration->listen_count ? &declaration->listen[0] : NULL;
	for (size_t i = 0; i < declaration->listen_count; i++)
		if (text_equal(declaration->listen[i].name, port))
			return &declaration->listen[i];
	for (size_t i = 0; i < declaration->listen_count; i++)
		if (text_equal(declaration->listen[i].port, port))
			return &declaration->listen[i];
	return NULL;
}

uint16_t config_port_of(
	const struct declaration *declaration, const char *port, unsigned instance)
{
	const struct listen *listen = config_listen(declaration, port);

	if (listen)
		return config_port(listen, instance);
	return port ? port_number(port) : 0;
}

const struct network_set *site_set(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->networks_count; i++)
		if (text_equal(site->networks[i].name, name))
			return &site->networks[i];
	return NULL;
}

/* ---- this host --------------------------------------------------------------------- */

/* The next word of a line of /etc/hosts or /etc/resolv.conf; NULL at its end. */
static char *next_word(char **line)
{
	char *word;

	do
		word = strsep(line, " \t");
	while (word && !*word);
	return word && *word == '#' ? NULL : word;
}

/* "127.0.1.1 web1.example.org web1": the full name on a line that has `host`. */
static char *name_in_hosts_line(char *line, const char *host)
{
	const char *full = NULL;
	bool meant = false;
	const char *word = next_word(&line);

	while (word && (word = next_word(&line))) {
		meant = meant || strcmp(word, host) == 0;
		if (!full && strchr(word, '.') && text_starts(word, host) &&
			word[strlen(host)] == '.')
			full = word;
	}
	return meant && full ? strdup(full) : NULL;
}

/* "search example.org": the domain that belongs to a bare name. */
static char *name_by_resolv_line(char *line, const char *host)
{
	const char *word = next_word(&line);

	if (!word || (strcmp(word, "search") != 0 && strcmp(word, "domain") != 0))
		return NULL;
	word = next_word(&line);
	return word && strcmp(word, ".") != 0 ? text_format("%s.%s", host, word) : NULL;
}

typedef char *line_fn(char *line, const char *host);

static char *first_answer(const char *path, line_fn *ask, const char *host)
{
	_cleanup_free_ char *bytes = NULL;
	char *rest, *line, *answer = NULL;

	if (file_read(&bytes, NULL, AT_FDCWD, path, HOSTS_MAX_BYTES) < 0)
		return NULL;
	rest = bytes;
	while (!answer && (line = strsep(&rest, "\n")))
		answer = ask(line, host);
	return answer;
}

/* As `hostname -f` says on most hosts, but from files alone: a resolver may not answer,
 * and this must. What svcd.yaml says comes before it. */
static char *full_host_name(void)
{
	char host[HOST_NAME_MAX + 1] = "";
	char *full;

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		return strdup("localhost");
	if (strchr(host, '.'))
		return strdup(host);
	full = first_answer("/etc/hosts", name_in_hosts_line, host);
	if (!full)
		full = first_answer("/etc/resolv.conf", name_by_resolv_line, host);
	return full ? full : strdup(host);
}

int config_host_facts(struct facts_of_host *ret)
{
	struct sysinfo info = { 0 };
	cpu_set_t cpus;

	*ret = (struct facts_of_host){ .ncpu = 1, .fqdn = full_host_name() };
	if (!ret->fqdn)
		return -ENOMEM;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 0)
		ret->ncpu = CPU_COUNT(&cpus);
	if (sysinfo(&info) == 0)
		ret->memory_mb =
			(int64_t)(info.totalram * (uint64_t)info.mem_unit / 1024 / 1024);
	return 0;
}

void config_host_facts_done(struct facts_of_host *facts)
{
	free(facts->fqdn);
	*facts = (struct facts_of_host){ 0 };
}
