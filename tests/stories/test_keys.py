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
import shutil
import tempfile

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
    if 'ask' in declared:
        assert witness.said is not None
    until(lambda: look(witness) == wanted, within=3,
          what=f'{look(witness)!r} is {wanted!r}; {all_of_them.status(name)}')
