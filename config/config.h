/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * config.h - DOOR. What can be wanted: declarations of services, the host file, the site
 * file.
 *
 * Plain data that every room reads. Each key an operator may write is one row of a table
 * (keys_*.c) that names its place in these structs; the reader, the printer, `svcctl
 * show`, the JSON Schema, svcd-service(5) and the diff all walk those rows.
 *
 * Conventions: durations are int64_t `_ms`, sizes `_bytes`; UNSET (-1) is "null", no
 * value. Strings are NULL when unset. Lists are `items` and `count`. Everything inside a
 * struct is owned by it.
 *
 * Members marked [instance] keep `${instance}` (and `$$`) unexpanded: every other name is
 * expanded at load. config_expand() makes the final string for one instance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include "config/host.h"
#include "document/document.h"
#include "rows/values.h"
#include "secrets/secrets.h"

/* So many deaths are remembered, to tell how many there were within a time. */
enum { GIVE_UP_AFTER_MOST = 100 };

enum rollout { ROLLOUT_SETUP, ROLLOUT_LVS, ROLLOUT_PRODUCTION, ROLLOUT_RETIRED };
enum run_kind { RUN_SERVICE, RUN_ONESHOT };
enum ready_by { READY_BY_LISTEN, READY_BY_NOTIFY, READY_BY_CHECK, READY_BY_STARTED };
enum restart_policy { RESTART_ALWAYS, RESTART_ON_FAILURE, RESTART_NEVER };
enum handover { HANDOVER_AUTO, HANDOVER_START_FIRST, HANDOVER_STOP_FIRST };
enum auto_apply { AUTO_APPLY_SAFE, AUTO_APPLY_RESTART };
enum protocol { PROTOCOL_TCP, PROTOCOL_UDP };
enum hold { HOLD_AUTO, HOLD_FDS, HOLD_PRELOAD, HOLD_OFF };
enum on_change { ON_CHANGE_RESTART, ON_CHANGE_RELOAD, ON_CHANGE_NOTHING };
enum system_access { SYSTEM_STRICT, SYSTEM_OFF };
enum home_access { HOME_HIDDEN, HOME_READ_ONLY, HOME_VISIBLE };
enum private_or_host { SPACE_PRIVATE, SPACE_HOST };
enum system_calls { CALLS_SERVICE, CALLS_ANY };
enum network { NETWORK_HOST, NETWORK_NONE };
enum check_kind {
	CHECK_HTTP,
	CHECK_OPENAPI,
	CHECK_TCP,
	CHECK_EXEC,
	CHECK_FILE,
	CHECK_NOTIFY
};
enum check_effect { EFFECT_READY, EFFECT_LIVE, EFFECT_WARN };
enum egress_policy { EGRESS_ALLOW, EGRESS_DENY };
enum qos { QOS_CONTROL, QOS_HIGH, QOS_NORMAL, QOS_LOW };
enum log_target { LOG_FILE, LOG_JOURNAL, LOG_BOTH, LOG_NONE };
enum log_format { LOG_TEXT, LOG_JSON };
enum log_timestamp { STAMP_DEFAULT, STAMP_ISO, STAMP_TAI64N, STAMP_NONE };
enum log_partial { PARTIAL_MARK, PARTIAL_KEEP };
enum directory_owner { DIRECTORY_OURS, DIRECTORY_SERVICE };
enum rotate_every { EVERY_NEVER, EVERY_HOUR, EVERY_DAY, EVERY_WEEK, EVERY_MONTH };
enum compress { COMPRESS_ZSTD, COMPRESS_GZIP, COMPRESS_NONE };
enum overflow { OVERFLOW_SPILL, OVERFLOW_BLOCK, OVERFLOW_DROP };
enum file_method { METHOD_REOPEN, METHOD_CUT, METHOD_COPYTRUNCATE_LOSSY, METHOD_NONE };
enum discovery_mode { MODE_ACTIVE_ACTIVE, MODE_ACTIVE_PASSIVE };
enum deploy_by { DEPLOY_AUTO, DEPLOY_SCAP, DEPLOY_SVCCTL };
enum caching { CACHING_NORMAL, CACHING_PASS, CACHING_PIPE };

struct check {
	char *name;
	enum check_kind kind;
	enum check_effect effect;
	/* what it asks; by kind */
	char *path; /* http, openapi: path and query [instance]; file: path */
	/* http, openapi, tcp: a name of `listen` or a number; NULL: first listen */
	char *port;
	char *host, *method, *body, *unix_socket;
	struct pairs headers;
	int64_t *status; /* accepted codes; none: any */
	size_t status_count;
	char *matches; /* PCRE2 */
	bool tls, tls_verify;
	char *tls_sni;
	struct strings exec; /* [instance] */
	int64_t fresh_ms;    /* file: not older; UNSET: only that it exists */
	/* when and how often */
	int64_t interval_ms, timeout_ms, fast_interval_ms, live_after_ms;
	int64_t rise, fall;
	bool startup;
};

struct allow {
	char *port;          /* a name of `listen`, or a number */
	struct strings from; /* set names, CIDRs, addresses, host:NAME, world */
};

struct egress_to {
	char *set, *to; /* one of both */
	int64_t port;
};

struct log_rotate {
	int64_t size_bytes, maxsize_bytes, minsize_bytes;
	enum rotate_every every;
	char *at; /* HH:MM or NULL: spread by host */
	int64_t keep, max_age_ms;
	enum compress compress;
	int64_t level;
	bool delay_compress, dateext, missingok, ifempty, numbered;
	char *dateformat, *olddir;
	int64_t create_mode;
	char *create_owner, *create_group;
	struct strings after;
};

struct log_file {
	char *path; /* a glob below an allowed directory */
	enum file_method method;
	char *signal;
};

/* Limits that a host may be unable to give. */
enum asked_limit {
	ASKED_OPEN_FILES = 1 << 0,
	ASKED_CORE = 1 << 1,
	ASKED_OOM_SCORE = 1 << 2,
	ASKED_NICE = 1 << 3,
};

struct declaration {
	/* enum asked_limit: those that the service's own file sets; the others are
	 * defaults. Not a key: config_read() finds it in the origins. */
	int64_t asked;
	char *service, *description, *template;
	enum rollout state;
	struct strings clusters, tags;
	struct pairs values; /* [instance] */
	struct {
		char *unit, *user, *conftool, *dns, *group;
	} names;
	struct {
		char *team, *contact, *wiki, *runbook, *task, *point;
	} owner;
	struct {
		struct strings services, stores, external;
		bool survives_without_cache;
	} depends;

	struct run {
		enum run_kind kind;
		struct strings command; /* [instance] */
		char *directory;        /* NULL: / */
		char *user, *group;     /* default: names.user, else the service's name */
		struct pairs environment; /* values [instance] */
		char *environment_file;
		int64_t instances, umask, nice;
		struct argvs before; /* [instance] */
		struct {
			enum ready_by by;
			int64_t timeout_ms;
		} ready;
		struct {
			char *signal; /* "TERM" */
			int64_t timeout_ms;
		} stop;
		struct {
			bool possible;
			char *signal;           /* or: */
			struct strings command; /* [instance] */
		} reload;
		struct restart_policy_spec {
			enum restart_policy policy;
			int64_t delay_ms, delay_max_ms, stable_ms;
			int64_t give_up_after, give_up_within_ms; /* UNSET: never */
			enum handover handover;
			int64_t memory_above_bytes, max_age_ms;
		} restart;
		int64_t watchdog_ms, batch;
		enum auto_apply auto_apply;
		struct {
			int64_t settle_ms, announce_max_ms, max_ms;
		} drain;
	} run;

	struct listen {
		char *name;
		/* [instance] a number after config_expand(); see config_port() */
		char *port;
		enum protocol protocol;
		char *address; /* "*" or an address */
		bool tls;
		enum hold hold;
		int64_t hold_grace_ms, backlog;
	} * listen;
	size_t listen_count;

	struct file {
		char *path; /* [instance] */
		/* path of a file below the share or /etc/svcd; read at load into
		 * `content` */
		char *template;
		/* [instance]; `${values.KEY}` of this file are expanded at load */
		char *content;
		struct pairs values;
		int64_t mode;
		enum on_change on_change;
	} * files;
	size_t files_count;

	struct limits {
		int64_t open_files, core_bytes, tasks, memory_bytes, memory_high_bytes,
			swap_bytes;
		int64_t cpu_percent, cpu_weight, io_weight, oom_score;
	} limits;

	struct {
		struct strings capabilities;
		bool no_new_privileges;
		enum system_access system;
		enum home_access home;
		enum private_or_host tmp, devices;
		struct strings writable;
		enum system_calls system_calls;
		enum network network;
	} security;

	struct {
		struct check *checks;
		size_t checks_count;
		int64_t slow_start_ms;
		bool hold_down;
	} health;

	struct {
		struct allow *allow, *deny;
		size_t allow_count, deny_count;
		struct strings destination;
		struct {
			int64_t per_source_per_s, burst; /* UNSET: none */
		} rate;
		int64_t connections_per_source;
		bool notrack;
		enum egress_policy egress_policy;
		struct egress_to *egress_to;
		size_t egress_to_count;
		enum qos qos;
		char *rules;
	} firewall;

	struct logs {
		char *directory; /* default: LOG/SERVICE */
		/* keys stdout and stderr: a file name, or "journal", "both", "none" */
		char *out, *err;
		enum log_format format;
		enum log_timestamp timestamp;
		enum log_partial partial;
		enum directory_owner directory_owner;
		struct log_rotate rotate;
		int64_t total_bytes;
		struct {
			int64_t lines_per_s, burst; /* UNSET: none */
		} rate;
		enum overflow overflow;
		int64_t min_keep, line_max_bytes;
		struct strings forward;
		struct log_file *files;
		size_t files_count;
	} logs;

	struct lvs {
		char *class;
		struct json_t
			*address; /* "auto" or {site: address or {label: address}} */
		char *port;       /* NULL: the first listen port */
		enum protocol protocol;
		char *scheduler;
		double depool_threshold;
		struct json_t *monitors;
		char *conftool_cluster, *conftool_service;
		int64_t weight;
		bool bgp, ipip, ops;
	} * lvs;
	size_t lvs_count;

	struct {
		struct discovery {
			char *name;
			enum discovery_mode mode;
			int64_t ttl_s;
		} * discovery;
		size_t discovery_count;
		int64_t ttl_ms;
		char *public;
	} dns;

	struct deploy {
		char *repository, *origin, *user, *with;
		bool submodules;
		struct strings canaries, build;
		int64_t group_size, service_timeout_ms, keep, watch_ms;
		enum deploy_by by;
	} * deploy;
	size_t deploy_count;

	struct {
		char *group; /* default: SERVICE-admins */
		struct strings members, privileges;
		char *description;
	} access;

	struct {
		bool wanted;
		char *host, *path;
		enum caching caching;
		int64_t max_connections, connect_ms, first_byte_ms, between_bytes_ms;
	} edge;

	struct {
		bool page;
		int64_t interval_ms, retries;
		char *contact;
	} monitor;
};

/* `site.yaml`: what all hosts share. */
struct site {
	char *domain;
	struct network_set {
		char *name;
		struct strings
			members; /* CIDRs, addresses, host:NAME, names of other sets */
	} * networks;
	size_t networks_count;
	struct strings default_sources;
	struct cluster {
		char *name;
		struct cluster_site {
			char *site;
			struct strings nodes; /* FQDNs */
		} * sites;
		size_t sites_count;
	} * clusters;
	size_t clusters_count;
	/* sites, lvs, dns, conftool, …: checked by rows, read by the generator */
	struct json_t *rest;
};

/* ---- what was read ----------------------------------------------------------------- */

enum { CONFIG_MAX_SERVICES = 5000 };

/* What was understood. One refused file refuses that service only. */
struct config {
	struct host host;
	struct site site;
	struct entry {
		char *name;                      /* of the file, without .yaml */
		char *path;                      /* of the file */
		struct declaration *declaration; /* NULL when refused */
		/* the whole declaration as printed; NULL when refused */
		struct json_t *effective;
		/* by dotted path: {"run.stop.timeout": "mathoid.yaml:12", …} */
		struct json_t *origins;
		/* what it was made of: {"file": "9f1c…", "template node": …,
		 * "defaults": …}; also of a refused one, as far as it was read */
		struct json_t *pins;
		struct problems problems; /* why it was refused */
		struct strings warnings;
		bool here; /* its clusters include this host (or it names none) */
	} * entries;       /* sorted by name */
	size_t entries_count;
	struct problems problems; /* of host, site and templates */
	bool host_refused, site_refused;
	/* as of the sources: a service that is missing may still be wanted */
	bool incomplete;
	char *made_of; /* the fingerprint of the sources; NULL: not known */
};

/* Host and site stay: what the entries held is in use elsewhere. */
void config_forget_entries(struct config *config);
struct config *config_free(struct config *config);
CLEANUP(struct config *, config_free)

/* ---- travelling between processes -------------------------------------------------- */

/* Effective JSON, as in entry.effective; reading it gives an equal declaration. */
int declaration_read(
	struct declaration **ret, struct json_t *effective, struct error *err);
struct json_t *declaration_print(const struct declaration *declaration);
/* In one line what a declaration says that says nothing. The caller frees; NULL: no
 * memory. */
char *declaration_usual(void);
/* `line`, an effective declaration, without what stands in `usual` word for word: reads
 * as an equal declaration at a fraction of the cost. The caller frees; NULL: no memory,
 * or it is not as declaration_print() prints it. */
char *declaration_less(const char *line, const char *usual);
struct declaration *declaration_free(struct declaration *declaration);
CLEANUP(struct declaration *, declaration_free)
/* For who needs a part of a declaration for long: its logs alone, for logs_done(); or
 * all but the sections (and texts, and lists) that `keys` does not name. `keys` ends
 * with NULL; what goes has no value afterwards, and numbers stay. */
void declaration_take_logs(struct declaration *declaration, struct logs *ret);
void logs_done(struct logs *logs);
void declaration_keep_only(struct declaration *declaration, const char *const *keys);

int host_read(struct host *ret, struct json_t *json, struct error *err);
struct json_t *host_print(const struct host *host);
void host_done(struct host *host);
/* What an operator must know about a host file that is right; NULL: nothing. */
const char *host_warning(const struct host *host);
int site_read(struct site *ret, struct json_t *json, struct error *err);
struct json_t *site_print(const struct site *site);
void site_done(struct site *site);

/* The whole config as one JSON document (what the --read child hands to the supervisor),
 * and back. */
struct json_t *config_print(const struct config *config);
int config_read(struct config **ret, struct json_t *json, struct error *err);

/* ---- questions --------------------------------------------------------------------- */

/* The final string of an [instance] member for one instance (1..N). `${secret.KEY}` stays
 * as it stands. Caller frees. */
int config_expand(char **ret, const char *text, unsigned instance, struct error *err);
/* The port of `listen` for one instance, 0 when it does not expand to 1..65535. */
uint16_t config_port(const struct listen *listen, unsigned instance);
/* The row of `listen` that `port` means (a name or a number); NULL: none. NULL port: the
 * first. */
const struct listen *config_listen(
	const struct declaration *declaration, const char *port);
/* The port number that `port` (name or number) means for `instance`; 0: none. */
uint16_t config_port_of(
	const struct declaration *declaration, const char *port, unsigned instance);
/* How many processes of it may stand side by side, each with its own `${instance}` and so
 * its own ports: `run.instances`, and a spare one when a restart starts first. */
unsigned config_slots(const struct declaration *declaration);
/* Whether a restart starts the new process before it stops the old one: as declared, and
 * with `auto` where every port differs by instance. */
bool config_starts_first(const struct declaration *declaration);
/* The first port that all instances share: two processes cannot both have it. NULL: there
 * is none. */
const struct listen *config_fixed_port(const struct declaration *declaration);
const struct network_set *site_set(const struct site *site, const char *name);

/* ---- secrets ----------------------------------------------------------------------- */

/* As config_expand(), with secrets replaced; NULL: they stay as they stand. What comes of
 * it is as secret as they are. -EINVAL also when there is no such key. */
int config_expand_secrets(char **ret, const char *text, unsigned instance,
	const struct secrets *secrets, struct error *err);
/* Whether an [instance] text names a secret; NULL does not. */
bool config_has_secret(const char *text);
/* Whether any environment variable or file of it does. */
bool declaration_secrets(const struct declaration *declaration);

struct change {
	char *key;            /* dotted path, lists by index: "firewall.allow[0].from" */
	char *before, *after; /* as printed; NULL: not there */
	enum effect effect;
};
struct changes {
	struct change *items;
	size_t count;
};
/* Compares two effective declarations (either may be NULL). */
int config_diff(struct changes *ret, struct json_t *before, struct json_t *after);
void changes_done(struct changes *changes);

/* ---- the rows, printed ------------------------------------------------------------- */

struct json_t *config_schema(void);     /* JSON Schema 2020-12 of a declaration */
int config_print_key_table(FILE *out);  /* scdoc text for svcd-service(5) */
int config_print_host_table(FILE *out); /* for svcd.yaml(5) */
int config_print_site_table(FILE *out); /* for svcd-site(5) */
/* `svcctl show`: YAML with every value and, behind `# `, where it came from. */
int config_print_show(FILE *out, const struct entry *entry);

extern const char *const rollout_words[4];
extern const char *const check_kind_words[6];
extern const char *const check_effect_words[3];
extern const char *const ready_by_words[4];
extern const char *const on_change_words[3];
extern const char *const firewall_mode_words[3];
