/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * host_facts.c - what is known of this host before svcd.yaml says anything.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/file.h"

#include "sources/sources.h"

enum { HOSTS_MAX_BYTES = 256 * 1024 };

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

/* A package that is built anew under an old version is another program, too. */
static char *this_program(void)
{
	struct stat info;

	if (stat("/proc/self/exe", &info) < 0)
		return strdup(SVCD_VERSION);
	return text_format("%s %lld %lld.%09ld", SVCD_VERSION, (long long)info.st_size,
		(long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

int config_host_facts(struct facts_of_host *ret)
{
	struct sysinfo info = { 0 };
	cpu_set_t cpus;

	*ret = (struct facts_of_host){
		.ncpu = 1, .fqdn = full_host_name(), .program = this_program()
	};
	if (!ret->fqdn || !ret->program)
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
	free(facts->program);
	*facts = (struct facts_of_host){ 0 };
}
