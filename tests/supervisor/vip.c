/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vip.c - what LVS needs of a host: a case is a good one with one thing changed.
 */
#include "supervisor/vip.h"

#include <arpa/inet.h>

#include "tests/test.h"

static const struct {
	const char *rule;
	const char *address; /* lvs.address, as JSON */
	const char *on_lo[2];
	int64_t arp_ignore, arp_announce;
	const char *refused_for; /* NULL: it holds */
} cases[] = {
	{ "all is well", "{\"eqiad\": \"10.2.2.20\"}", { "10.2.2.20" }, 1, 2, NULL },
	{ "an address that is missing comes with the command that adds it",
		"{\"eqiad\": \"10.2.2.20\"}", { "10.2.2.21" }, 1, 2,
		"VIP 10.2.2.20 is not on lo: ip addr add 10.2.2.20/32 dev lo label lo:LVS" },
	{ "IPv6 has no label", "{\"eqiad\": \"2001:db8::20\"}", { "10.2.2.20" }, 1, 2,
		"VIP 2001:db8::20 is not on lo: ip addr add 2001:db8::20/128 dev lo" },
	{ "and no ARP", "{\"eqiad\": \"2001:db8::20\"}", { "2001:db8:0::20" }, 0, 0,
		NULL },
	{ "another spelling is the same address", "{\"eqiad\": \"2001:db8::20\"}",
		{ "2001:0db8::0020" }, 1, 2, NULL },
	{ "of labels each one counts",
		"{\"eqiad\": {\"textlb\": \"10.2.2.20\", \"textlb6\": \"2001:db8::20\"}}",
		{ "10.2.2.20" }, 1, 2, "VIP 2001:db8::20 is not on lo" },
	{ "another site's address is not looked for", "{\"codfw\": \"10.2.1.20\"}",
		{ NULL }, 0, 0, NULL },
	{ "auto cannot be known here", "\"auto\"", { NULL }, 0, 0, NULL },
	{ "a host that answers ARP for the VIP takes it from the balancer",
		"{\"eqiad\": \"10.2.2.20\"}", { "10.2.2.20" }, 0, 2,
		"net.ipv4.conf.all.arp_ignore is 0, so this host answers ARP for the VIP: "
		"sysctl -w net.ipv4.conf.all.arp_ignore=1" },
	{ "so does one that announces it", "{\"eqiad\": \"10.2.2.20\"}", { "10.2.2.20" },
		1, 0, "sysctl -w net.ipv4.conf.all.arp_announce=2" },
	{ "a sysctl that cannot be read is not believed", "{\"eqiad\": \"10.2.2.20\"}",
		{ "10.2.2.20" }, UNSET, 2, "arp_ignore cannot be read" },
	{ "an address that is none is the declaration's fault",
		"{\"eqiad\": \"10.2.2.\"}", { NULL }, 1, 2, "10.2.2. is no IP address" },
};

static void judge(struct term *ret, size_t number)
{
	struct json_t *address = NULL;
	struct vip vips[2] = { 0 };
	struct vip_facts facts = { .items = vips,
		.arp_ignore = cases[number].arp_ignore,
		.arp_announce = cases[number].arp_announce };
	const char *text = cases[number].address;
	struct error err = { 0 };
	struct lvs pool = { 0 };
	struct declaration declaration = {
		.state = ROLLOUT_LVS, .lvs = &pool, .lvs_count = 1
	};

	assert_int_equal(json_parse(&address, text, strlen(text), 1000, &err), 0);
	pool.address = address;
	for (size_t i = 0; i < ARRAY_LEN(vips) && cases[number].on_lo[i]; i++) {
		const char *one = cases[number].on_lo[i];

		vips[i].family = strchr(one, ':') ? AF_INET6 : AF_INET;
		assert_int_equal(inet_pton(vips[i].family, one, vips[i].bytes), 1);
		facts.count++;
	}
	vip_judge(ret, &declaration, "eqiad", &facts);
	json_free(address);
}

static void each_thing_that_lvs_needs_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct term term;

		judge(&term, i);
		if (term.ok != !cases[i].refused_for ||
			(!term.ok && !strstr(term.reason, cases[i].refused_for)))
			fail_msg("%s: %s", cases[i].rule, term.reason);
	}
}

static void auto_says_that_it_is_not_known(void **state)
{
	struct term term;

	(void)state;
	judge(&term, 7);
	assert_non_null(strstr(term.reason, "auto"));
}

static void a_kernel_that_does_not_answer_is_no_yes(void **state)
{
	struct vip_facts facts = { .error = -EPERM };
	struct declaration declaration = { .state = ROLLOUT_LVS };
	struct term term;

	(void)state;
	vip_judge(&term, &declaration, "eqiad", &facts);
	assert_false(term.ok);
}

static void only_lvs_and_production_have_traffic(void **state)
{
	static const bool wanted[] = { [ROLLOUT_SETUP] = false,
		[ROLLOUT_LVS] = true,
		[ROLLOUT_PRODUCTION] = true,
		[ROLLOUT_RETIRED] = false };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		struct declaration declaration = { .state = (enum rollout)i,
			.lvs_count = 1 };

		assert_int_equal(vip_is_wanted(&declaration), wanted[i]);
		declaration.lvs_count = 0;
		assert_false(vip_is_wanted(&declaration));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thing_that_lvs_needs_is_looked_at),
		cmocka_unit_test(auto_says_that_it_is_not_known),
		cmocka_unit_test(a_kernel_that_does_not_answer_is_no_yes),
		cmocka_unit_test(only_lvs_and_production_have_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
