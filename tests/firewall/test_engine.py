# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's manners: drift, modes, what it says of what it cannot do, and bad messages."""
import signal
import subprocess
import time

import pytest

from busy import busy
from conftest import PROGRAM, Engine, Namespace, until

SITE = {'networks': {'DOMAIN_NETWORKS': ['10.64.0.0/16', '2001:db8:10::/48']}}


def one_service(start, **options):
    engine = start(site=SITE, **options)
    engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
    engine.sync()
    return engine, engine.applied('web')


@pytest.mark.parametrize('deed', [
    'flush ruleset',
    'delete table inet svcd',
    'flush chain inet svcd web.http',
    'insert rule inet svcd input accept',
])
def test_what_another_program_did_is_undone_within_a_second(host, start, deed):
    engine, _ = one_service(start)
    before = engine.rules()
    engine.process.send_signal(signal.SIGSTOP)  # else it may be quicker than we are
    host.run('nft', deed)
    assert engine.rules() != before
    engine.process.send_signal(signal.SIGCONT)
    until(lambda: engine.rules() == before, within=busy(), what='repair')
    said = engine.expect('foreign')['text']
    assert said.startswith('nft (pid ') and said.endswith('put back'), said


def test_with_drift_report_it_is_told_and_left(host, start):
    engine, _ = one_service(start, drift='report')
    host.run('nft', 'flush chain inet svcd web.http')
    changed = engine.rules()
    assert 'drift: report' in engine.expect('foreign')['text']
    time.sleep(0.3)
    assert engine.rules() == changed
    engine.applied('web', engine.tell('web', 8080, ['DOMAIN_NETWORKS', '192.0.2.1']))
    assert 'web.dropped' in host.run('nft', 'list', 'chain', 'inet', 'svcd', 'web.http')


def test_what_others_do_elsewhere_is_not_our_business(host, start):
    engine, _ = one_service(start)
    for table in ('inet theirs', 'ip svcd', 'ip6 svcd'):
        host.run('nft', f'add table {table}')
        host.run('nft', f'add chain {table} input {{ type filter hook input priority 0; }}')
    engine.counters()
    assert not [m for m in engine.messages if m['kind'] == 'foreign']


def test_events_that_are_lost_are_repaired_too(host, start):
    """A reload of another table that floods the event socket, with a change of ours inside."""
    engine, _ = one_service(start)
    before = host.run('nft', 'list', 'table', 'inet', 'svcd')
    many = 'table inet theirs {\n' + ''.join(
        f'chain c{i} {{\n' + f'tcp dport {i + 1} counter accept\n' * 8 + '}\n' for i in range(4000)) + '}\n'
    engine.process.send_signal(19)  # SIGSTOP: it cannot read meanwhile
    host.run('nft', '-f', '-', input=many)
    host.run('nft', 'flush chain inet svcd web.http')
    engine.process.send_signal(18)
    until(lambda: host.run('nft', 'list', 'table', 'inet', 'svcd') == before)
    assert 'put back' in engine.expect('foreign')['text']


def test_mode_off_removes_our_table_and_leaves_theirs(host, start):
    host.run('nft', 'add table inet theirs')
    engine, _ = one_service(start)
    engine.close()
    assert 'table inet svcd' in host.run('nft', 'list', 'ruleset')
    engine, applied = one_service(start, mode='off')
    assert applied['ok'] is True
    assert host.run('nft', 'list', 'ruleset').strip() == 'table inet theirs {\n}'


def test_mode_own_is_refused_by_name_and_ports_are_guarded_all_the_same(host, start):
    engine, applied = one_service(start, mode='own')
    assert applied['ok'] is False
    assert 'firewall.mode: own' in applied['reason']
    assert 'web.http' in engine.rules()


def test_a_service_that_cannot_be_made_is_closed_and_the_others_are_applied(host, start):
    engine = start(site=SITE)
    engine.tell('bad', 8081, ['NOBODY_KNOWS'])
    engine.tell('good', 8080, ['DOMAIN_NETWORKS'])
    engine.sync()
    bad = engine.applied('bad')
    assert bad['ok'] is False and 'NOBODY_KNOWS' in bad['reason']
    assert engine.applied('good')['ok'] is True
    assert 'accept' not in host.run('nft', 'list', 'chain', 'inet', 'svcd', 'bad.http')
    assert engine.applied('bad', engine.tell('bad', 8081, ['10.64.0.0/16']))['ok'] is True


def test_a_name_without_address_is_told(start):
    engine = start(site=SITE)
    engine.tell('web', 8080, ['10.64.0.0/16', 'host:gone.example.org'])
    engine.sync()
    applied = engine.applied('web')
    assert applied['ok'] is True and 'host:gone.example.org' in applied['reason']


def test_a_broken_declaration_changes_nothing(start):
    engine, _ = one_service(start)
    before = engine.rules()
    for declaration in (None, [], {}, {'service': 'web'}, {'service': 'other', 'run': {'command': ['x']}}):
        engine.generation += 1
        engine.say('service', service='web', generation=engine.generation, declaration=declaration)
        assert engine.expect('ack', generation=engine.generation)['error']
    assert engine.rules() == before


def test_messages_that_are_not_for_it_are_passed_over(start):
    engine, _ = one_service(start)
    for kind in ('state', 'pipe', 'rotate', 'verdict', 'from-the-future'):
        engine.say(kind, service='web')
    engine.counters()
    engine.say('stop')
    engine.expect('bye')
    assert engine.process.wait(10) == 0


def test_nothing_is_written_before_sync(host, start):
    engine = start(site=SITE)
    engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
    assert engine.expect('ack', of='service')['error'] is None
    engine.say('counters')
    time.sleep(0.1)
    assert host.run('nft', 'list', 'ruleset') == ''


def test_without_the_capability_it_says_so_and_tries_again(host, start):
    engine = start(site=SITE, user=65534, capability='-all')
    engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
    engine.sync()
    applied = engine.applied('web')
    assert applied['ok'] is False
    assert 'CAP_NET_ADMIN' in applied['reason'] or 'Operation not permitted' in applied['reason']


def test_a_new_hello_is_a_new_beginning(host, start):
    engine, _ = one_service(start)
    engine.say('hello', version=1, build='test', host=engine.host, root='',
               site={'networks': {'DOMAIN_NETWORKS': ['203.0.113.0/24']}})
    engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
    engine.sync()
    engine.applied('web')
    until(lambda: '203.0.113.0/24' in engine.rules() and '10.64.0.0/16' not in engine.rules())


def test_a_thousand_services_are_applied_at_once(host, start):
    engine = start(site=SITE)
    for i in range(1000):
        engine.tell(f'service{i}', 10000 + i, [f'10.{i % 30}.0.0/16', '2001:db8::/32'])
        engine.expect('ack', of='service', generation=engine.generation)
    engine.sync()
    for i in range(1000):
        assert engine.receive()['ok'] is True
    assert engine.rules().count('jump service') == 1000
    for i in range(1000):
        engine.gone(f'service{i}')
    until(lambda: 'jump' not in engine.rules())
    assert 'service1' not in engine.rules()


def test_by_hand_it_says_who_starts_it():
    result = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and 'svcd-supervisor' in result.stderr


def test_it_ends_with_its_channel():
    namespace = Namespace()
    engine = Engine(namespace)
    engine.close()
    namespace.close()
