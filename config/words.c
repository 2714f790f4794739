/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - words of enums that other rooms say too, and the shapes of names.
 */
#include "config/keys.h"

const char *const rollout_words[] = {
	[ROLLOUT_SETUP] = "setup",
	[ROLLOUT_LVS] = "lvs",
	[ROLLOUT_PRODUCTION] = "production",
	[ROLLOUT_RETIRED] = "retired",
};

const char *const check_kind_words[] = {
	[CHECK_HTTP] = "http",
	[CHECK_OPENAPI] = "openapi",
	[CHECK_TCP] = "tcp",
	[CHECK_EXEC] = "exec",
	[CHECK_FILE] = "file",
	[CHECK_NOTIFY] = "notify",
};

const char *const check_effect_words[] = {
	[EFFECT_READY] = "ready",
	[EFFECT_LIVE] = "live",
	[EFFECT_WARN] = "warn",
};

const char *const ready_by_words[] = {
	[READY_BY_LISTEN] = "listen",
	[READY_BY_NOTIFY] = "notify",
	[READY_BY_CHECK] = "check",
	[READY_BY_STARTED] = "started",
};

const char *const firewall_mode_words[] = {
	[FIREWALL_ADD] = "add",
	[FIREWALL_OWN] = "own",
	[FIREWALL_OFF] = "off",
};

/* ---- shapes ------------------------------------------------------------------------ */

const struct shape shape_service = { "a-z", "a-z0-9-", 31,
	"a name of a-z, 0-9 and -, beginning with a letter, of at most 31 characters" };

const struct shape shape_name = { "A-Za-z0-9_", "A-Za-z0-9_.@:+-", 128,
	"a name of letters, digits and _ . @ : + -, of at most 128 characters" };

const struct shape shape_user = { "A-Za-z_", "A-Za-z0-9_.-", 32,
	"the name of a user or group, of at most 32 letters, digits and _ . -" };

const struct shape shape_path = { "/", " -~\x80-\xff", TEXT_MOST_BYTES,
	"an absolute path (beginning with /)" };

const struct shape shape_asked = { "/", "!-~", TEXT_MOST_BYTES,
	"a path beginning with / (no host before it; a space is %20)" };

const struct shape shape_file_name = { "!-,0-~", "!-.0-~", 255,
	"a file name without directory, spaces or a leading dot" };

const struct shape shape_signal = { "A-Z", "A-Z0-9+-", 16,
	"the name of a signal such as TERM, HUP or USR1" };

const struct shape shape_host = { "A-Za-z0-9", "A-Za-z0-9.-", 253, "a host name" };

const struct shape shape_variable = { "A-Za-z_", "A-Za-z0-9_", 255,
	"a variable name of letters, digits and _, not beginning with a digit" };

const struct shape shape_header = { "A-Za-z0-9", "A-Za-z0-9_-", 128,
	"a header name of letters, digits, - and _" };

const struct shape shape_capability = { "A-Za-z", "A-Za-z0-9_", 32,
	"a capability such as CAP_NET_BIND_SERVICE" };

const struct shape shape_service_or_all = { "a-z*", "a-z0-9-", 31,
	"the name of a service, or \"*\" for all" };

const struct shape shape_user_or_all = { "A-Za-z_*", "A-Za-z0-9_.-", 32,
	"the name of a user or group, or \"*\" for all" };

const struct shape shape_capability_or_all = { "A-Za-z*", "A-Za-z0-9_", 32,
	"a capability such as CAP_NET_BIND_SERVICE, or \"*\" for all" };

const struct shape shape_method = { "A-Z", "A-Z", 16, "a method such as GET" };

const struct shape shape_time = { "0-2", "0-9:", 5, "a time of day such as \"04:30\"" };
