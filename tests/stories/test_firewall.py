# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may reach a service: real packets from other network namespaces."""
import os
import signal

from busy import busy
from machine import connects, until


def two_peers(host):
    """One peer inside DOMAIN_NETWORKS, one outside; both on cables of their own."""
    inside = host.peer(['10.64.0.1/24', '2620:0:861:1::1/64'], ['10.64.0.2/24', '2620:0:861:1::2/64'])
    outside = host.peer(['192.0.2.1/24', '2001:db8:1::1/64'], ['192.0.2.2/24', '2001:db8:1::2/64'])
    return inside, outside


def test_listed_sources_pass_and_the_rest_is_dropped_and_counted(host):
    inside, outside = two_peers(host)
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    assert connects(inside, '10.64.0.1', 8080)
    assert connects(inside, '2620:0:861:1::1', 8080)
    assert not connects(outside, '192.0.2.1', 8080)
    assert not connects(outside, '2001:db8:1::1', 8080)
    until(lambda: (host.status('hello')['firewall']['dropped'] or 0) >= 2, within=15)
    until(lambda: host.status('hello')['firewall']['accepted'] >= 2, within=15)
    assert connects(host.network, '127.0.0.1', 8080)


def test_a_change_is_applied_in_place(host):
    inside, outside = two_peers(host)
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http', 'from': ['192.0.2.0/24']}]})
    host.must_ctl('apply', '--yes')
    until(lambda: connects(outside, '192.0.2.1', 8080))
    assert not connects(inside, '10.64.0.1', 8080)
    assert host.pid('hello') == pid


def test_rules_go_with_the_service_and_others_stay(host):
    _, outside = two_peers(host)
    host.network.run('nft', 'add table inet theirs')
    host.network.run('nft', 'add chain inet theirs input { type filter hook input priority 0; }')
    host.network.run('nft', 'add rule inet theirs input tcp dport 9999 counter drop')
    theirs = host.network.run('nft', 'list', 'table', 'inet', 'theirs').stdout
    host.declare_web('hello', 8080)
    host.declare_web('other', 8081)
    host.start()
    host.until_ready('hello')
    host.until_ready('other')
    assert not connects(outside, '192.0.2.1', 8080)
    (host.services / 'hello.yaml').unlink()
    host.must_ctl('apply', '--yes', '--remove', 'hello')
    until(lambda: 'hello' not in host.network.run('nft', 'list', 'ruleset').stdout)
    assert not connects(outside, '192.0.2.1', 8081)
    assert host.network.run('nft', 'list', 'table', 'inet', 'theirs').stdout == theirs


def test_killing_the_engine_leaves_the_rules(host):
    inside, outside = two_peers(host)
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    engine = host.engine_pid('svcd-firewall')
    os.kill(engine, signal.SIGKILL)
    assert not connects(outside, '192.0.2.1', 8080, timeout=0.5)
    assert connects(inside, '10.64.0.1', 8080)
    until(lambda: host.engine_pid('svcd-firewall') not in (None, engine))
    assert not connects(outside, '192.0.2.1', 8080, timeout=0.5)


def test_the_plan_as_text_is_what_nft_accepts(host):
    host.declare_web('hello', 8080)
    text = host.must_ctl('firewall', 'show')
    assert 'table inet svcd' in text and '8080' in text
    plan = host.write('plan.nft', text)
    result = host.network.run('nft', '-c', '-f', plan)
    assert result.returncode == 0, result.stderr


def test_a_service_without_sources_is_refused_not_opened(host):
    host.site_file({'default_sources': []})
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http'}]})
    result = host.ctl('validate', host.services / 'hello.yaml')
    assert result.returncode == 1
    assert 'from' in result.stdout and 'default_sources' in result.stdout, result.stdout


def test_a_new_service_cannot_take_the_port_of_one_that_runs(host):
    inside, outside = two_peers(host)
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    host.declare_web('aaa', 8080, firewall={'allow': [{'port': 'http', 'from': ['192.0.2.0/24']}]})
    host.must_ctl('apply', '--yes', rc=1)
    assert 'port 8080 belongs to service hello' in host.ctl('status', 'aaa').stdout
    assert connects(inside, '10.64.0.1', 8080)
    assert not connects(outside, '192.0.2.1', 8080, timeout=0.5)
    assert host.status('hello')['firewall']['applied']


def test_a_set_that_is_gone_closes_who_names_it_and_nobody_else(host):
    inside, outside = two_peers(host)
    host.site_file({'networks': {'DOMAIN_NETWORKS': ['10.64.0.0/12'], 'GUESTS': ['192.0.2.0/24']}})
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http', 'from': ['GUESTS']}]})
    host.declare_web('other', 8081)
    host.start()
    host.until_ready('hello')
    host.until_ready('other')
    assert connects(outside, '192.0.2.1', 8080)
    host.site_file({'networks': {'DOMAIN_NETWORKS': ['10.64.0.0/12']}})
    host.must_ctl('apply', '--yes', rc=1)
    until(lambda: not connects(outside, '192.0.2.1', 8080, timeout=0.3))
    assert connects(inside, '10.64.0.1', 8081)
    assert 'GUESTS' in host.ctl('status', 'hello').stdout


def test_ipv6_only_sources_let_in_no_ipv4(host):
    inside, _ = two_peers(host)
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http', 'from': ['2620:0:861::/48']}]})
    host.start()
    host.until_ready('hello')
    assert connects(inside, '2620:0:861:1::1', 8080)
    assert not connects(inside, '10.64.0.1', 8080, timeout=0.5)


def test_a_name_can_come_back_with_another_port_in_one_apply(host):
    _, outside = two_peers(host)
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http', 'from': ['world']}]})
    host.start()
    host.until_ready('hello')
    (host.services / 'hello.yaml').unlink()
    host.declare_web('again', 8081, firewall={'allow': [{'port': 'http', 'from': ['world']}]})
    host.must_ctl('apply', '--yes', '--remove', 'hello')
    host.until_ready('again')
    until(lambda: connects(outside, '192.0.2.1', 8081))
    until(lambda: 'tcp . 8080' not in host.network.run('nft', 'list', 'table', 'inet', 'svcd').stdout)


def test_what_others_flush_is_back_within_a_second(host):
    inside, outside = two_peers(host)
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    for deed in (['flush', 'ruleset'], ['delete', 'table', 'inet', 'svcd']):
        assert host.network.run('nft', *deed).returncode == 0
        until(lambda: 'jump hello.http' in host.network.run('nft', 'list', 'ruleset').stdout, within=busy())
        assert not connects(outside, '192.0.2.1', 8080, timeout=0.3)
        assert connects(inside, '10.64.0.1', 8080)
    until(lambda: host.said().count('changed table inet svcd: put back') >= 2)


def test_mode_own_is_told_everywhere_and_nothing_becomes_ready(host):
    host.host_file({'firewall': {'mode': 'own'}})
    host.declare_web('hello', 8080)
    told = host.must_ctl('validate', host.root / 'etc/svcd/svcd.yaml')
    assert 'warning: ' in told and 'firewall.mode: own is not there yet' in told, told
    host.start()
    host.until_state('hello', 'up')
    until(lambda: 'firewall.mode: own' in host.ctl('status', 'hello').stdout)
    assert not host.ready('hello')
    until(lambda: 'firewall.mode: own is not there yet' in host.said())
