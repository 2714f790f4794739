# SPDX-License-Identifier: GPL-2.0-or-later
"""A service behind LVS: its VIP must be on lo and the host silent about it before it gets traffic."""
from machine import until

VIP = '10.2.2.20'
POOL = {'class': 'low-traffic', 'address': {'eqiad': VIP, 'codfw': '10.2.1.20'}, 'port': 8080}


def silence_arp(host, ignore=1, announce=2):
    """conf.all of the host's own network namespace."""
    shell = (f'echo {ignore} >/proc/sys/net/ipv4/conf/all/arp_ignore && '
             f'echo {announce} >/proc/sys/net/ipv4/conf/all/arp_announce')
    assert host.network.run('/bin/sh', '-c', shell).returncode == 0


def address(host, verb, vip=VIP):
    assert host.network.run('ip', 'addr', verb, f'{vip}/32', 'dev', 'lo').returncode == 0


def term(host, name='hello'):
    return next(one for one in host.status(name)['terms'] if one['term'] == 'vip')


def until_term(host, words):
    return until(lambda: words in term(host)['reason'] and host.status('hello'), what=term(host))


def test_what_is_missing_keeps_out_until_it_is_there(host):
    host.declare_web('hello', 8080, state='lvs', lvs=POOL)
    host.start()
    host.until_state('hello', 'up')
    status = until_term(host, f'ip addr add {VIP}/32 dev lo label lo:LVS')
    assert not status['ready']
    assert f'VIP {VIP} is not on lo' in status['reason']
    address(host, 'add')
    status = until_term(host, 'sysctl -w net.ipv4.conf.all.arp_ignore=1')
    assert not status['ready']
    silence_arp(host)
    host.until_ready('hello')
    assert term(host)['ok']


def test_what_is_lost_later_is_an_alarm_and_no_outage(host):
    address(host, 'add')
    silence_arp(host)
    host.declare_web('hello', 8080, state='lvs', lvs=POOL)
    host.start()
    host.until_ready('hello')
    address(host, 'del')
    status = until_term(host, f'VIP {VIP} is not on lo')
    assert status['ready']
    until(lambda: host.ctl('check', 'hello').returncode == 2)
    assert VIP in host.ctl('check', 'hello').stdout
    assert host.get('/readyz/hello')[0] == 200
    address(host, 'add')
    until(lambda: term(host)['ok'])


def test_without_traffic_from_lvs_nothing_is_asked(host):
    host.declare_web('setup', 8080, lvs=POOL)
    host.declare_web('elsewhere', 8081, state='lvs', lvs={**POOL, 'port': 8081, 'address': {'codfw': VIP}})
    host.declare_web('auto', 8082, state='lvs', lvs={**POOL, 'port': 8082, 'address': 'auto'})
    host.start()
    for name in ('setup', 'elsewhere', 'auto'):
        host.until_ready(name)
    assert 'cannot be known here' in term(host, 'auto')['reason']
