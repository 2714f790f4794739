# SPDX-License-Identifier: GPL-2.0-or-later
"""Every key of a declaration has an effect, and something shows it.

PROOFS declares a key and looks at the process that comes of it; PROVEN names the test that shows it elsewhere; LATER
are those that nothing acts on yet, with whose they are. The rows say which keys there are: one without a place here
fails. That each refuses what is wrong for it is tests/config/rows_refused.c.
"""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import tempfile
import time

import pytest
import yaml

import keys
from machine import Host, PYTHON, until
from test_confine import ROOT, WITNESS

WEB, HELLO = pwd.getpwnam('web'), pwd.getpwnam('hello')
FOLDER = pathlib.Path('/run/svcd-keys')
BIND = 'globals().update({4}=socket.socket(socket.AF_INET, socket.SOCK_{0})) or {4}.bind(("{1}", {2})) or {4}.{3}'
UDP = BIND.format('DGRAM', '0.0.0.0', 7001, 'fileno()', 'u')
TCP = BIND.format('STREAM', '127.0.0.2', 7002, 'listen()', 't')


def bound(port, question, **keys_of_port):
    """Up when the kernel says that it serves the port."""
    return {'run': {'ready': {'by': 'listen'}}, 'ask': [question],
            'listen': [{'name': 'main', 'port': port, **keys_of_port}]}


def both(port, question):
    """A TCP port that is served, and a UDP port of the same number that `question` may serve."""
    declared = bound(port, TCP.replace('7002', str(port)).replace('127.0.0.2', '0.0.0.0'))
    declared['listen'] += [{'name': 'other', 'port': port, 'protocol': 'udp'}]
    declared['ask'] += [question.replace('7001', str(port))]
    return declared


def env(**variables):
    return {'run': {'environment': variables}}


def file(name, **entry):
    return {'files': [{'path': f'{FOLDER}/{name}', **entry}]}


def read(name):
    return lambda w: (FOLDER / name).read_text(encoding='utf-8')


def mode(name):
    return lambda w: oct((FOLDER / name).stat().st_mode & 0o7777)


# key, what is declared (`ask`: Python that the process answers), what is looked at, what is there
PROOFS = [
    ('service', {}, lambda w: w.cgroup.parent.name == w.name == w.environ('SVCD_SERVICE'), True),
    ('template', {'template': 'keys-test'}, lambda w: w.environ('FROM'), 'the template'),
    ('values', {'values': {'it': 'a value'}, **env(IT='${values.it}')}, lambda w: w.environ('IT'), 'a value'),
    ('overrides', {**env(A='file'), 'overrides': [
        {'match': {'host': 'scb1001.eqiad.example.org'}, 'set': {'run.environment': {'A': 'host'}}}]},
     lambda w: w.environ('A'), 'host'),
    ('overrides', {**env(A='file'), 'overrides': [
        {'match': {'cluster': 'scb'}, 'set': {'run.umask': '0077'}},
        {'match': {'site': 'eqiad'}, 'set': {'run.nice': 3}},
        {'match': {'host': 'other.example.org'}, 'set': {'run.nice': 9}}]},
     lambda w: (w.field('Umask'), w.stat(19)), (['0077'], 3)),
    ('names.user', {'names': {'user': 'web'}, 'run': {'user': None}}, lambda w: w.field('Uid'), [str(WEB.pw_uid)] * 4),
    ('names.group', {'names': {'user': 'web', 'group': 'hello'}, 'run': {'user': None}},
     lambda w: w.field('Gid'), [str(HELLO.pw_gid)] * 4),
    # ---- run
    ('run.command', {'run': {'command': ['/bin/sleep', '98${instance}']}}, lambda w: w.text('cmdline'),
     '/bin/sleep\0981\0'),
    ('run.directory', {'run': {'directory': '/usr/share'}}, lambda w: w.link('cwd'), '/usr/share'),
    ('run.user', {'run': {'user': 'web'}}, lambda w: w.field('Uid'), [str(WEB.pw_uid)] * 4),
    ('run.user', {'run': {'user': 'root'}}, lambda w: w.field('Uid'), ['0'] * 4),
    ('run.group', {'run': {'user': 'web', 'group': 'hello'}}, lambda w: (w.field('Gid'), w.field('Groups')),
     ([str(HELLO.pw_gid)] * 4, [str(HELLO.pw_gid)])),
    ('run.environment', env(PORT='${10000 + instance}', D='$$'), lambda w: (w.environ('PORT'), w.environ('D')),
     ('10001', '$')),
    ('run.environment_file', {'run': {'environment_file': f'{FOLDER}/environment'}}, lambda w: w.environ('TOKEN'), 'x y'),
    ('run.instances', {'run': {'instances': 3}},
     lambda w: sorted((w.environ('SVCD_INSTANCE', pid), w.environ('SVCD_INSTANCES', pid)) for pid in w.pids),
     [('1', '3'), ('2', '3'), ('3', '3')]),
    ('run.umask', {'run': {'umask': '0027'}}, lambda w: w.field('Umask'), ['0027']),
    ('run.nice', {'run': {'nice': 7}}, lambda w: w.stat(19), 7),
    ('run.nice', {'run': {'nice': -3}}, lambda w: w.stat(19), -3),
    ('run.before', {'run': {'before': [['/usr/bin/install', '-m', '600', '/dev/null', f'{FOLDER}/out/before']]},
                    'security': {'writable': [f'{FOLDER}/out']}},
     lambda w: (FOLDER / 'out/before').stat().st_uid, WEB.pw_uid),
    ('run.watchdog', {'run': {'watchdog': '1h'}}, lambda w: (w.environ('WATCHDOG_USEC'), w.environ('WATCHDOG_PID')),
     lambda w: ('3600000000', str(w.pid))),
    # ---- listen
    ('listen[].name', {'listen': [{'name': 'b', 'port': 7010}, {'name': 'c', 'port': 7011}], **env(IT='${port.c}')},
     lambda w: w.environ('IT'), '7011'),
    ('listen[].port', bound(7002, TCP.replace('127.0.0.2', '0.0.0.0')), lambda w: w.state, 'up'),
    ('listen[].port', bound(7003, TCP.replace('7002', '7004')), lambda w: w.state, 'starting'),
    ('listen[].protocol', both(7001, UDP), lambda w: w.state, 'up'),
    ('listen[].protocol', both(7005, 'True'), lambda w: w.state, 'starting'),
    ('listen[].address', bound(7006, TCP.replace('7002', '7006'), address='127.0.0.2'), lambda w: w.state, 'up'),
    ('listen[].address', bound(7007, TCP.replace('7002', '7007'), address='127.0.0.3'), lambda w: w.state, 'starting'),
    # ---- files
    ('files[].path', file('path', content='x'), read('path'), 'x'),
    ('files[].path', file('path-${instance}', content='x'), read('path-1'), 'x'),
    ('files[].content', file('content', content='of ${service}: ${instance}\n'), read('content'),
     lambda w: f'of {w.name}: 1\n'),
    ('files[].template', file('template', template='keys.tmpl'), read('template'), lambda w: f'made for {w.name}\n'),
    ('files[].values', file('values', content='${values.a} $$', values={'a': 'b'}), read('values'), 'b $'),
    ('files[].mode', file('mode', content='x', mode='0640'), mode('mode'), '0o640'),
    # ---- limits
    ('limits.open_files', {'limits': {'open_files': 321}}, lambda w: w.limit('Max open files'), ['321', '321']),
    ('limits.core', {'limits': {'core': '3M'}}, lambda w: w.limit('Max core file size'), ['3145728', '3145728']),
    ('limits.oom_score', {'limits': {'oom_score': 123}}, lambda w: w.text('oom_score_adj'), '123\n'),
    # ---- security
    ('security.capabilities', {'security': {'capabilities': ['CAP_NET_BIND_SERVICE', 'CAP_SYS_TIME']}},
     lambda w: {w.field(one)[0] for one in ('CapBnd', 'CapAmb', 'CapEff', 'CapPrm', 'CapInh')}, {'0000000002000400'}),
    ('security.no_new_privileges', {}, lambda w: w.field('NoNewPrivs'), ['1']),
    ('security.no_new_privileges', {'security': {'no_new_privileges': False}}, lambda w: w.field('NoNewPrivs'), ['0']),
    ('security.system', {}, lambda w: w.mount('/'), 'ro'),
    ('security.system', {'security': {'system': 'off'}, 'run': ROOT, 'ask': ['os.access("/etc", os.W_OK)']},
     lambda w: w.said, [True]),
    ('security.home', {}, lambda w: w.mount('/home'), 'ro'),
    ('security.home', {'security': {'home': 'visible'}, 'ask': ['os.stat("/home").st_dev == os.stat("/").st_dev']},
     lambda w: w.said, [True]),
    ('security.tmp', {}, lambda w: (w.mount('/tmp'), w.mount('/var/tmp')), ('rw', 'rw')),
    ('security.tmp', {'security': {'tmp': 'host'}, 'ask': ['os.path.exists("/tmp/svcd-keys-mark")']},
     lambda w: w.said, [True]),
    ('security.devices', {'ask': ['os.path.exists("/dev/svcd-keys-mark")']}, lambda w: w.said, [False]),
    ('security.devices', {'security': {'devices': 'host'}, 'ask': ['os.path.exists("/dev/svcd-keys-mark")']},
     lambda w: w.said, [True]),
    ('security.writable', {'security': {'writable': [f'{FOLDER}/out']}}, lambda w: w.mount(FOLDER / 'out'), 'rw'),
    ('security.system_calls', {'ask': ['call(165, 0, 0, 0, 0, 0)']}, lambda w: (w.field('Seccomp'), w.said),
     (['2'], ['EPERM'])),
    ('security.system_calls', {'security': {'system_calls': 'any', 'no_new_privileges': False}},
     lambda w: w.field('Seccomp'), ['0']),
    ('security.network', {}, lambda w: w.other('net'), False),
    ('security.network', {'security': {'network': 'none'}}, lambda w: (w.other('net'), len(w.text('net/dev').splitlines())),
     (True, 3)),
]
CONTROLS = {  # of the cgroup: key, value, file, what the kernel says then
    'tasks': (99, 'pids.max', '99'), 'memory': ('300M', 'memory.max', '314572800'),
    'memory_high': ('200M', 'memory.high', '209715200'), 'swap': ('10M', 'memory.swap.max', '10485760'),
    'cpu': ('150%', 'cpu.max', '150000 100000'), 'cpu_weight': (50, 'cpu.weight', '50'),
    'io_weight': (200, 'io.weight', 'default 200')}


def controlled(key, file_name, wanted):
    return lambda w: w.control(key, file_name) in (wanted, 'noted')


PROOFS += [(f'limits.{key}', {'limits': {key: value}}, controlled(key, name, wanted), True)
           for key, (value, name, wanted) in CONTROLS.items()]

# ---- logs: 20 lines of 10 kB, and what becomes of them
LINES = ['[print("y" * 10000, flush=True) for _ in range(20)] and 1']


def logged(name, **rotate):
    settings = {'size': '64K', 'compress': 'none', **rotate}
    return {'ask': LINES, 'logs': {'directory': f'{FOLDER}/{name}', 'stdout': 'out.log', 'rotate': settings}}


def archives(name, pattern='out.log?*'):
    return lambda w: {re.sub('[0-9]+', '9', one.name) for one in (FOLDER / name).glob(pattern)}


def gzip_level(name):
    """What gzip(1) calls extra flags: 2 is the slowest, 4 the fastest."""
    return lambda w: {one.read_bytes()[8] for one in (FOLDER / name).glob('*.gz')}


PROOFS += [
    ('logs.directory', logged('directory', size='1G'), lambda w: (FOLDER / 'directory/out.log').stat().st_size > 200000, True),
    ('logs.format', {'ask': ['print("{}", flush=True)'], 'logs': {'format': 'json', 'directory': f'{FOLDER}/json'}},
     lambda w: (FOLDER / 'json/main.log').read_bytes()[:2], b'{}'),
    ('logs.rotate.maxsize', logged('maxsize', size='0', maxsize='64K'), lambda w: len(archives('maxsize')(w)) > 0, True),
    ('logs.rotate.dateformat', logged('dateformat', dateformat='.%Y'), lambda w: {one.name.split('.')[2] for one in (FOLDER / 'dateformat').glob('out.log?*')},
     {time.strftime('%Y')}),
    ('logs.rotate.dateext', logged('dateext', dateext=False), archives('dateext'), {'out.log.9'}),
    ('logs.rotate.olddir', logged('olddir', olddir=f'{FOLDER}/old', numbered=True), archives('old', 'out.log.1'), {'out.log.9'}),
    ('logs.rotate.create.mode', logged('created', create={'mode': '0600'}), mode('created/out.log'), '0o600'),
    ('logs.rotate.level', logged('slow', compress='gzip', level=9), gzip_level('slow'), {2}),
    ('logs.rotate.level', logged('fast', compress='gzip', level=1), gzip_level('fast'), {4}),
]

# Shown elsewhere: FILE::TEST below tests/.
PROVEN = {
    'description': 'stories/test_apply.py::test_a_restart_waits_for_an_operator_and_what_needs_none_comes_by_itself',
    'state': 'stories/test_leaving.py::test_retired_is_stopped_and_forgotten',
    'clusters': 'stories/test_keys.py::test_a_service_of_other_clusters_does_not_run_here',
    'tags': 'stories/test_control.py::test_tags_and_all',
    'depends.services': 'stories/test_keys.py::test_what_it_depends_on_is_started_first',
    'run.kind': 'stories/test_life.py::test_a_one_shot_is_done',
    'run.ready.by': 'stories/test_life.py::test_ready_by_notify_waits_for_the_word',
    'run.ready.timeout': 'stories/test_life.py::test_a_service_that_never_gets_ready_is_tried_again_and_says_so',
    'run.stop.signal': 'stories/test_keys.py::test_it_is_stopped_by_the_signal_that_was_declared',
    'run.stop.timeout': 'stories/test_life.py::test_stop_kills_everything_of_a_service_that_will_not_go',
    'run.reload.signal': 'stories/test_life.py::test_reload_sends_the_signal_and_keeps_the_process',
    'run.reload.command': 'stories/test_confine.py::test_reload_commands_and_exec_checks_see_what_the_service_sees',
    'run.restart.policy': 'stories/test_keys.py::test_what_becomes_of_a_process_that_ends',
    'run.restart.delay': 'stories/test_keys.py::test_what_becomes_of_a_process_that_ends',
    'run.restart.delay_max': 'stories/test_life.py::test_the_back_off_grows_and_says_when_it_tries_again',
    'run.restart.stable': 'service/restart.c::a_stable_life_begins_anew',
    'run.restart.give_up.after': 'stories/test_life.py::test_give_up_ends_in_failed_until_told',
    'run.restart.give_up.within': 'service/restart.c::it_gives_up_only_as_declared',
    'run.restart.memory_above': 'service/renewal.c::memory_must_stay_above_for_a_minute',
    'run.restart.max_age': 'service/renewal.c::an_age_is_reached_at_its_place_in_the_last_tenth',
    'run.restart.handover': 'stories/test_lives.py::test_rolling_over_four_instances_under_load_loses_no_request',
    'run.batch': 'service/roll.c::batch_is_how_many_may_be_away',
    'run.auto_apply': 'stories/test_apply.py::test_auto_apply_restart_restarts_by_itself',
    'run.drain.settle': 'service/roll.c::it_is_not_ready_before_it_goes',
    'files[].on_change': 'stories/test_changes.py::test_a_changed_file_restarts_reloads_or_waits',
    'health.checks[].name': 'health/test_engine.py::test_a_service_is_probed_while_it_runs',
    'health.checks[].http.path': 'health/test_engine.py::test_http_keys_are_sent_as_declared',
    'health.checks[].http.socket': 'health/test_engine.py::test_a_unix_socket_is_asked_where_it_is',
    'health.checks[].http.port': 'health/test_engine.py::test_instances_are_probed_on_their_own_ports',
    'health.checks[].http.tls.verify': 'health/test_engine.py::test_tls_is_verified_by_the_name_that_is_asked_for',
    'health.checks[].http.tls.sni': 'health/test_engine.py::test_tls_is_verified_by_the_name_that_is_asked_for',
    'health.checks[].tcp.port': 'health/test_engine.py::test_tcp_connects_and_says_nothing',
    'health.checks[].tcp.host': 'health/test_engine.py::test_tcp_connects_and_says_nothing',
    'health.checks[].exec': 'stories/test_probes.py::test_a_real_plugin_judges_a_service',
    'health.checks[].file.path': 'stories/test_probes.py::test_a_file_is_looked_at_as_the_service_sees_it',
    'health.checks[].file.fresh': 'stories/test_probes.py::test_a_file_is_looked_at_as_the_service_sees_it',
    'health.checks[].notify': 'stories/test_probes.py::test_a_service_says_by_itself_that_it_is_well',
    'health.checks[].effect': 'stories/test_probes.py::test_a_command_with_effect_live_restarts_after_live_after',
    'health.checks[].interval': 'health/test_engine.py::test_what_is_up_and_ill_is_asked_at_its_interval',
    'health.checks[].timeout': 'health/test_engine.py::test_what_goes_wrong_is_said',
    'health.checks[].fast_interval': 'health/schedule.c::test_on_the_edge_it_is_asked_soon',
    'health.checks[].live_after': 'service/liveness.c::it_must_fail_for_live_after_since_it_is_up',
    'health.checks[].rise': 'health/verdict.c::test_tries_in_a_row_make_the_verdict',
    'health.checks[].fall': 'health/verdict.c::test_tries_in_a_row_make_the_verdict',
    'health.checks[].startup': 'stories/test_probes.py::test_a_startup_check_holds_the_others_back',
    'health.slow_start': 'supervisor/ready.c::slow_start_names_the_moment_when_it_ends',
    'firewall.allow[].port': 'stories/test_firewall.py::test_listed_sources_pass_and_the_rest_is_dropped_and_counted',
    'firewall.allow[].from': 'stories/test_firewall.py::test_listed_sources_pass_and_the_rest_is_dropped_and_counted',
    'firewall.deny[].port': 'firewall/test_packets.py::test_deny_is_stronger_than_allow',
    'firewall.deny[].from': 'firewall/test_packets.py::test_deny_is_stronger_than_allow',
    'firewall.destination': 'firewall/test_packets.py::test_a_destination_narrows_and_families_that_differ_open_nothing',
    'logs.stdout': 'logrotate/engine.py::test_two_streams_have_two_files',
    'logs.stderr': 'logrotate/engine.py::test_two_streams_have_two_files',
    'logs.timestamp': 'logrotate/engine.py::test_a_stamp_stands_before_each_line_when_asked',
    'logs.partial': 'logrotate/engine.py::test_a_line_that_does_not_end_is_written_after_a_second_and_marked',
    'logs.directory_owner': 'stories/test_confine.py::test_it_writes_its_logs_where_it_says_so',
    'logs.rotate.size': 'stories/test_logs.py::test_rotation_by_size_loses_nothing',
    'logs.rotate.minsize': 'logrotate/policy.c::an_empty_or_small_log_waits',
    'logs.rotate.every': 'logrotate/policy.c::boundaries_are_where_people_expect_them',
    'logs.rotate.at': 'logrotate/policy.c::boundaries_are_where_people_expect_them',
    'logs.rotate.keep': 'stories/test_logs.py::test_archives_are_compressed_and_capped',
    'logs.rotate.max_age': 'logrotate/policy.c::archives_have_the_fate_they_deserve',
    'logs.rotate.compress': 'stories/test_logs.py::test_archives_are_compressed_and_capped',
    'logs.rotate.delay_compress': 'logrotate/policy.c::archives_have_the_fate_they_deserve',
    'logs.rotate.numbered': 'logrotate/engine.py::test_numbered_archives_move_up',
    'logs.rotate.ifempty': 'logrotate/policy.c::an_empty_or_small_log_waits',
    'logs.total': 'logrotate/policy.c::over_the_total_the_oldest_of_all_logs_go_first',
    'logs.rate.lines': 'logrotate/engine.py::test_a_flood_is_limited_and_the_gap_is_told',
    'logs.rate.burst': 'logrotate/limits.c::a_burst_passes_and_then_the_rate',
    'logs.overflow': 'logrotate/faults.py::test_drop_keeps_nothing_in_memory',
    'logs.min_keep': 'logrotate/policy.c::over_the_total_the_oldest_of_all_logs_go_first',
    'logs.line_max': 'logrotate/engine.py::test_a_line_without_end_is_cut_at_line_max',
    'access.group': 'stories/test_control.py::test_readers_ask_and_operators_act_on_their_service_only',
}
ASKING = ('host', 'method', 'headers', 'body', 'status', 'matches', 'match')
PROVEN |= {f'health.checks[].http.{key}': PROVEN['health.checks[].http.path'] for key in ASKING}
# The same rows once more: beside `http` when it is the path alone, and of `openapi`, which asks alike.
SAME = {f'health.checks[].{probe}': f'health.checks[].http.{key}'
        for key in ('path', 'port', 'socket', 'tls.verify', 'tls.sni', *ASKING)
        for probe in (key, f'openapi.{key}')}
# Nothing acts on them yet: whose they are. A prefix ends in a dot.
LATER = {
    'owner.': 'generator', 'names.unit': 'generator', 'names.conftool': 'generator', 'names.dns': 'generator',
    'depends.stores': 'generator', 'depends.external': 'generator', 'depends.survives_without_cache': 'generator',
    'dns.': 'generator', 'edge.': 'generator',
    'access.members': 'generator', 'access.description': 'generator', 'access.privileges': 'generator',
    'monitor.': 'generator', 'lvs.': 'traffic', 'lvs[].': 'traffic', 'deploy.': 'deploy', 'deploy[].': 'deploy',
    'run.drain.announce_max': 'traffic', 'run.drain.max': 'traffic',
    'listen[].tls': 'traffic', 'listen[].hold': 'holding', 'listen[].hold_grace': 'holding', 'listen[].backlog': 'holding',
    'health.hold_down': 'traffic',
    'firewall.rate.': 'firewall', 'firewall.connections.': 'firewall', 'firewall.notrack': 'firewall',
    'firewall.egress.': 'firewall', 'firewall.qos': 'firewall', 'firewall.rules': 'firewall',
    'logs.rotate.create.owner': 'logs', 'logs.rotate.create.group': 'logs', 'logs.rotate.missingok': 'logs',
    'logs.rotate.after': 'logs', 'logs.files[].': 'logs', 'logs.forward': 'logs',
}
NAMES = [keys.slug(key, number) for number, (key, _, _, _) in enumerate(PROOFS)]


def declare(host, name, declared):
    content = dict(declared)
    questions = content.pop('ask', None)
    command = [PYTHON, '-c', WITNESS, json.dumps(questions)] if questions else ['/bin/sleep', '1000']
    run = {'command': command, 'user': 'web', 'ready': {'by': 'started'}, **content.pop('run', {})}
    if run['user'] is None:
        del run['user']
    content = {'service': name, 'state': 'setup', 'run': run, **content}
    (host.services / f'{name}.yaml').write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')


@contextlib.contextmanager
def marks():
    """Files that only the host's own /tmp and /dev have, and a folder where services may write."""
    ends = [pathlib.Path('/tmp/svcd-keys-mark'), pathlib.Path('/dev/svcd-keys-mark')]
    (FOLDER / 'out').mkdir(parents=True)
    shutil.chown(FOLDER / 'out', 'web')
    (FOLDER / 'environment').write_text('TOKEN="x y"\n', encoding='utf-8')
    (FOLDER / 'environment').chmod(0o600)
    for one in ends:
        one.write_text('', encoding='utf-8')
    try:
        yield
    finally:
        shutil.rmtree(FOLDER)
        for one in ends:
            one.unlink()


@pytest.fixture(scope='module')
def all_of_them():
    """One host that runs a service for each proof."""
    folder = tempfile.mkdtemp(prefix='svcd-story-', dir='/run')
    os.chmod(folder, 0o755)
    with marks():
        host = Host(folder)
        try:
            host.write('etc/svcd/templates/keys-test.yaml', yaml.safe_dump(env(FROM='the template')))
            host.write('etc/svcd/templates/files/keys.tmpl', 'made for ${service}\n')
            for name, (_, declared, _, _) in zip(NAMES, PROOFS):
                declare(host, name, declared)
            yield host.start()
        except AssertionError:
            print(host.said()[-6000:])
            raise
        finally:
            host.close()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize('name, proof', list(zip(NAMES, PROOFS)), ids=NAMES)
def test_a_key_has_its_effect_on_a_real_process(all_of_them, name, proof):
    _, declared, look, want = proof
    witness = keys.Witness(all_of_them, name)
    until(lambda: witness.pids and all(witness.pids) and 'exec' not in witness.text('comm'),
          what=f'{name} runs')
    wanted = want(witness) if callable(want) else want
    if 'ask' in declared and 'logs' not in declared:
        assert witness.said is not None
    until(lambda: look(witness) == wanted, within=10,
          what=f'{look(witness)!r} is {wanted!r}; {all_of_them.status(name)}')


# ---- what needs more than a look

def test_a_service_of_other_clusters_does_not_run_here(host):
    here, there = ({'site': {'eqiad': [f'{name}.eqiad.example.org']}} for name in ('scb1001', 'wtp1001'))
    host.site_file({'clusters': {'scb': here, 'parsoid': there}})
    for name, clusters in (('ours', ['parsoid', 'scb']), ('theirs', ['parsoid']), ('anywhere', [])):
        host.declare(name, clusters=clusters, run={'command': ['/bin/sleep', '1000'], 'ready': {'by': 'started'}})
    host.start()
    host.until_ready('ours')
    host.until_ready('anywhere')
    assert host.ctl('status', 'theirs').returncode == 4


def test_what_it_depends_on_is_started_first(host):
    host.declare_web('needed', 8080, '--notify-after', '1', run={'ready': {'by': 'notify'}})
    host.declare('needs', depends={'services': ['needed']},
                 run={'command': ['/bin/sleep', '1000'], 'ready': {'by': 'started'}})
    host.start()
    host.until_ready('needs')
    begins = {name: keys.Witness(host, name).stat(22) for name in ('needed', 'needs')}  # in ticks of 10 ms
    assert begins['needs'] - begins['needed'] >= 90, begins


def test_it_is_stopped_by_the_signal_that_was_declared(host):
    host.declare('hello', run={'command': ['/bin/sleep', '1000'], 'ready': {'by': 'started'}, 'stop': {'signal': 'USR2'}})
    host.start()
    host.until_ready('hello')
    host.must_ctl('stop', 'hello')
    assert host.status('hello')['exits'][0]['signal'] == signal.SIGUSR2


ENDS = [  # policy, exit code, the state that follows
    ('always', 0, 'waiting'), ('always', 3, 'waiting'), ('on-failure', 3, 'waiting'),
    ('on-failure', 0, 'done'), ('never', 0, 'done'), ('never', 3, 'failed')]


def test_what_becomes_of_a_process_that_ends(host):
    names = [f'{policy}-{code}' for policy, code, _ in ENDS]
    for name, (policy, code, _) in zip(names, ENDS):
        host.declare(name, run={'command': ['/bin/sh', '-c', f'exit {code}'], 'ready': {'by': 'started'},
                                'restart': {'policy': policy, 'delay': '40m', 'delay_max': '1h'}})
    host.start()
    for name, (_, code, state) in zip(names, ENDS):
        status = host.until_state(name, state)
        assert [one['code'] for one in status['exits']] == [code]
        again = status['instances'][0]['next_start_us']
        assert (30 * 60 <= again / 10**6 <= 50 * 60) if state == 'waiting' else again is None


# ---- all of them

def is_later(key):
    return any(key == one or (one.endswith('.') and key.startswith(one)) for one in LATER)


def test_every_key_of_the_rows_is_shown_somewhere_and_no_other():
    rows, shown = set(keys.all_keys()), {proof[0] for proof in PROOFS} | set(PROVEN)
    missing = {key for key in rows if SAME.get(key, key) not in shown and not is_later(key)}
    assert not missing, f'keys without proof: {sorted(missing)}'
    assert not shown - rows, f'not in the rows: {sorted(shown - rows)}'
    assert not {key for key in shown if is_later(key)}
    idle = {one for one in LATER if not any(key == one or one.endswith('.') and key.startswith(one) for key in rows)}
    assert not idle, f'later, and not in the rows: {sorted(idle)}'


def test_the_tests_that_are_named_exist():
    assert not {place for place in PROVEN.values() if not keys.test_exists(place)}
