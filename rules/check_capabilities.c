/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * check_capabilities.c - security.capabilities: words that the kernel knows, and of
 * something that svcd has to give.
 *
 * CapabilityBoundingSet= of units/svcd.service has all that may be given here, and no
 * other; tests/units/capabilities.py holds both against each other. Not here: what root
 * lets services keep of them (policy.c).
 */
#include <string.h>
#include <strings.h>

#include "rules/checking.h"

enum { PATH_BYTES = 64 };

/* What overrules everything that keeps services apart; svcd gave it up. */
static const char over_all[] = "it overrules what confines every service",
		  kernel[] = "it changes the kernel itself",
		  host_alone[] = "that is for the host alone";

static const struct {
	const char *name, *withheld; /* why no service has it; NULL: one may */
} capabilities[] = {
	{ "CAP_CHOWN", NULL },
	{ "CAP_DAC_OVERRIDE", NULL },
	{ "CAP_DAC_READ_SEARCH", NULL },
	{ "CAP_FOWNER", NULL },
	{ "CAP_FSETID", NULL },
	{ "CAP_KILL", NULL },
	{ "CAP_SETGID", NULL },
	{ "CAP_SETUID", NULL },
	{ "CAP_SETPCAP", NULL },
	{ "CAP_LINUX_IMMUTABLE", NULL },
	{ "CAP_NET_BIND_SERVICE", NULL },
	{ "CAP_NET_BROADCAST", NULL },
	{ "CAP_NET_ADMIN", NULL },
	{ "CAP_NET_RAW", NULL },
	{ "CAP_IPC_LOCK", NULL },
	{ "CAP_IPC_OWNER", NULL },
	{ "CAP_SYS_MODULE", kernel },
	{ "CAP_SYS_RAWIO", kernel },
	{ "CAP_SYS_CHROOT", NULL },
	{ "CAP_SYS_PTRACE", NULL },
	{ "CAP_SYS_PACCT", NULL },
	{ "CAP_SYS_ADMIN", NULL },
	{ "CAP_SYS_BOOT", host_alone },
	{ "CAP_SYS_NICE", NULL },
	{ "CAP_SYS_RESOURCE", NULL },
	{ "CAP_SYS_TIME", NULL },
	{ "CAP_SYS_TTY_CONFIG", NULL },
	{ "CAP_MKNOD", NULL },
	{ "CAP_LEASE", NULL },
	{ "CAP_AUDIT_WRITE", NULL },
	{ "CAP_AUDIT_CONTROL", host_alone },
	{ "CAP_SETFCAP", NULL },
	{ "CAP_MAC_OVERRIDE", over_all },
	{ "CAP_MAC_ADMIN", over_all },
	{ "CAP_SYSLOG", NULL },
	{ "CAP_WAKE_ALARM", NULL },
	{ "CAP_BLOCK_SUSPEND", NULL },
	{ "CAP_AUDIT_READ", NULL },
	{ "CAP_PERFMON", NULL },
	{ "CAP_BPF", NULL },
	{ "CAP_CHECKPOINT_RESTORE", NULL },
};

static const char *name_at(size_t index, const void *data)
{
	(void)data;
	return index < ARRAY_LEN(capabilities) ? capabilities[index].name : NULL;
}

/* What begins so is nearer than what differs in few letters; "net_raw" is CAP_NET_RAW. */
static const char *nearest(const char *word)
{
	const char *bare = strncasecmp(word, "CAP_", 4) == 0 ? word + 4 : word;

	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (strcasecmp(capabilities[i].name + 4, bare) == 0)
			return capabilities[i].name;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (*word && text_starts(capabilities[i].name, word))
			return capabilities[i].name;
	return text_nearest(word, name_at, NULL);
}

static void refuse_unknown(struct checking *self, const char *path, const char *word)
{
	const char *meant = nearest(word);

	checking_refuse(self, path, "'%s' is no capability%s%s%s", word,
		meant ? "; did you mean '" : "; write it as CAP_NET_BIND_SERVICE",
		meant ? meant : "", meant ? "'?" : "");
}

static void check_one(struct checking *self, const char *path, const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++) {
		if (!text_equal(capabilities[i].name, word))
			continue;
		if (capabilities[i].withheld)
			checking_refuse(self, path,
				"no service has %s, whatever policy says: %s", word,
				capabilities[i].withheld);
		return;
	}
	refuse_unknown(self, path, word);
}

void capabilities_check(struct checking *self)
{
	const struct strings *wanted = &self->declaration->security.capabilities;

	for (size_t i = 0; i < wanted->count; i++) {
		char path[PATH_BYTES];

		snprintf(path, sizeof(path), "security.capabilities[%zu]", i);
		check_one(self, path, wanted->items[i]);
	}
}
