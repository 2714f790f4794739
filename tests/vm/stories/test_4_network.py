# SPDX-License-Identifier: GPL-2.0-or-later
"""The firewall and the VIP on the kernel's own tables, not a namespace's."""
import pytest

import svcd as inside

VIP = '10.2.2.20'


@pytest.fixture(scope='module')
def neighbour(booted):
    """Another machine on a cable, with an address that may come in and one that may not."""
    booted.shell('''
        ip netns add neighbour
        ip link add cable type veth peer name cable netns neighbour
        ip addr add 10.64.0.1/24 dev cable; ip addr add 192.0.2.1/24 dev cable; ip link set cable up
        ip -n neighbour addr add 10.64.0.9/24 dev cable; ip -n neighbour addr add 192.0.2.9/24 dev cable
        ip -n neighbour link set cable up''')
    yield
    booted.must('ip', 'netns', 'del', 'neighbour')


def reaches(vm, source, address):
    return vm.run('ip', 'netns', 'exec', 'neighbour', 'curl', '-s', '-m', '5', '--interface', source,
                  f'http://{address}:8080/').rc == 0


def test_who_is_allowed_comes_in_and_others_do_not(vm, neighbour):
    inside.until(lambda: reaches(vm, '10.64.0.9', '10.64.0.1'))
    assert not reaches(vm, '192.0.2.9', '192.0.2.1')


def test_a_flushed_ruleset_comes_back(vm, neighbour):
    vm.must('nft', 'flush', 'ruleset')
    inside.until(lambda: '8080' in vm.run('nft', 'list', 'table', 'inet', 'svcd').out)
    inside.until(lambda: not reaches(vm, '192.0.2.9', '192.0.2.1'))
    assert reaches(vm, '10.64.0.9', '10.64.0.1')


def test_behind_lvs_it_is_ready_once_the_vip_is_on_lo_and_silent(vm, svcd):
    svcd.declare('pooled', inside.PYTHON, '-u', inside.FAKE, '--port', '8081', state='lvs',
                 listen=[{'name': 'http', 'port': 8081}],
                 lvs={'class': 'low-traffic', 'address': {'eqiad': VIP}, 'port': 8081})
    svcd.until('pooled', lambda status: f'VIP {VIP} is not on lo' in status['reason'])
    vm.must('ip', 'addr', 'add', f'{VIP}/32', 'dev', 'lo', 'label', 'lo:LVS')
    svcd.until('pooled', lambda status: 'arp_ignore' in status['reason'])
    vm.must('sysctl', '-w', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2')
    svcd.until_ready('pooled')
