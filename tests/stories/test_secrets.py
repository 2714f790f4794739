# SPDX-License-Identifier: GPL-2.0-or-later
"""A secret reaches the process and its file, and nothing else: every face and all that svcd keeps is searched."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from machine import PYTHON, must, processes, run, until

# Not a word that compresses, is escaped or is split anywhere; in two halves, so that this file does not match.
SECRET = 'Xq7Zr2' + 'Kp9Vw4'
IN_ENVIRONMENT, IN_FILE = SECRET + 'Env', SECRET + 'File'
PROGRAMS = ('svcd', 'svcd-supervisor', 'svcd-health', 'svcd-log', 'svcd-firewall')
# Those that never have any business with a value. The supervisor carries one from the deed to the child.
BLIND = ('svcd', 'svcd-health', 'svcd-log', 'svcd-firewall')
HTTP = ['/', '/livez', '/readyz', '/livez/keeper', '/readyz/keeper', '/readyz/keeper/alive', '/readyz?verbose', '/health',
        '/health/keeper', '/health/keeper/live', '/health/keeper/ready', '/health/keeper/started', '/check',
        '/check/keeper', '/check/_host', '/metrics', '/v1/services', '/v1/services/keeper', '/none', '/health/none']
WORDS = [('status',), ('status', 'keeper'), ('list',), ('events', '-n', '1000'), ('events', '-n', '1000', 'keeper'),
         ('logs', '-n', '1000', 'keeper'), ('check', 'keeper'), ('check', '--all'), ('check', '--host'), ('diff',),
         ('diff', 'keeper'), ('show', 'keeper'), ('schema',), ('version',), ('firewall', 'show'),
         ('firewall', 'show', 'keeper'), ('apply', '--yes')]


def plant(host, text=None):
    path = host.write('etc/svcd/secrets/keeper.yaml', text or f'ENV: {IN_ENVIRONMENT}\nFILE: "{IN_FILE}"\n')
    path.chmod(0o600)
    path.parent.chmod(0o700)
    return path


def declare(host, **wish):
    """It keeps what it is given to itself."""
    content = {'run': {'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'},
                       'environment': {'TOKEN': 'x-${secret.ENV}', 'PLAIN': 'seen'}},
               'files': [{'path': f'{host.root}/etc/keeper/keeper.conf', 'content': 'key = ${secret.FILE}\n'}],
               'health': {'checks': [{'name': 'alive', 'exec': ['/bin/true'], 'interval': '1s', 'timeout': '1s'}]},
               **wish}
    return host.declare('keeper', **content)


def finds(data):
    return SECRET.encode() in data


# ---- where it is looked for -------------------------------------------------------------------

def memory_of(pid):
    """All that a process can read of its own; nothing when it is gone."""
    with contextlib.suppress(OSError, ValueError), open(f'/proc/{pid}/mem', 'rb', buffering=0) as memory:
        for line in pathlib.Path(f'/proc/{pid}/maps').read_text(encoding='utf-8').splitlines():
            span, rights = line.split()[:2]
            low, high = (int(one, 16) for one in span.split('-'))
            # What ASan reserves and never touched is terabytes.
            if 'r' not in rights or high - low > 1 << 30:
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(low)
                while low < high and (chunk := memory.read(min(high - low, 1 << 20))):
                    low += len(chunk) - (len(SECRET) if len(chunk) == 1 << 20 else 0)
                    memory.seek(low)
                    yield chunk


def in_memory(pid):
    return any(finds(chunk) for chunk in memory_of(pid))


def family(host):
    """(pid, name) of svcd's own processes."""
    ours = {host.process.pid}
    for pid, parent, name in sorted(processes()):
        if pid in ours or (parent in ours and name.startswith('svcd')):
            ours.add(pid)
            yield pid, name


GET_ALL = '''
import http.client, json, sys
found = []
for path in json.loads(sys.argv[1]):
    for accept in ('*/*', 'application/json', 'application/openmetrics-text', 'text/html'):
        one = http.client.HTTPConnection('127.0.0.1', 9479, timeout=10)
        one.request('GET', path, headers={'Accept': accept})
        answer = one.getresponse()
        found.append((path, accept, str(answer.getheaders()) + answer.read().decode()))
print(json.dumps(found))
'''


def web_pages(host):
    return json.loads(must(*host.network.in_it(PYTHON, '-c', GET_ALL, json.dumps(HTTP))))


def in_faces(host):
    for words in WORDS:
        for form in ((), ('--json',)):
            result = host.ctl(*form, *words)
            if finds((result.stdout + result.stderr).encode()):
                yield f'svcctl {" ".join((*form, *words))}'
    for path, accept, body in web_pages(host):
        if finds(body.encode()):
            yield f'HTTP {path} as {accept}'
    agent = host.network.run(PYTHON, '-c', 'import socket; s = socket.create_connection(("127.0.0.1", 9480));'
                             's.send(b"keeper\\n"); s.settimeout(3); print(s.recv(1000))')
    if finds(agent.stdout.encode()):
        yield 'the agent'


def in_files(host, *allowed):
    for folder in (host.root / 'run', host.root / 'var', host.root / 'etc', pathlib.Path('/var/log'),
                   pathlib.Path('/var/lib'), pathlib.Path('/var/tmp'), pathlib.Path('/dev/shm')):
        for path in folder.rglob('*'):
            if path in allowed or not path.is_file() or path.is_symlink():
                continue
            if finds(path.read_bytes()):
                yield str(path)
    for core in (*pathlib.Path('/').glob('core*'), *pathlib.Path('/run').glob('core*'), *host.root.rglob('core*')):
        if core.is_file() and finds(core.read_bytes()):
            yield f'core file {core}'


def in_processes(host):
    for pid, name in family(host):
        for what in ('cmdline', 'environ'):
            if finds(pathlib.Path(f'/proc/{pid}/{what}').read_bytes()):
                yield f'{what} of {name}'
        for open_file in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(open_file).startswith('/memfd:') and finds(open_file.read_bytes()):
                    yield f'{os.readlink(open_file)} of {name}'
        if name in [one[:15] for one in BLIND] and in_memory(pid):
            yield f'memory of {name}'


class Journal:
    """What anybody sends to the journal and to syslog here."""

    def __init__(self):
        self.said = b''
        self.sockets = []
        for path in ('/run/systemd/journal/socket', '/run/systemd/journal/dev-log'):
            pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(path).unlink(missing_ok=True)
            one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            one.bind(path)
            os.chmod(path, 0o666)
            self.sockets.append((one, path))
            threading.Thread(target=self.read, args=(one,), daemon=True).start()

    def read(self, one):
        while True:
            try:
                self.said += one.recv(1 << 18)
            except OSError:
                return

    def close(self):
        for one, path in self.sockets:
            one.close()
            pathlib.Path(path).unlink(missing_ok=True)


@pytest.fixture
def journal():
    one = Journal()
    yield one
    one.close()


def everywhere(host, journal, *allowed):
    return [*in_faces(host), *in_files(host, *allowed), *in_processes(host),
            *(['the journal'] if finds(journal.said) else []), *(['what svcd says'] if finds(host.said().encode()) else [])]


# ---- stories ---------------------------------------------------------------------------------

def test_the_search_finds_what_is_there(host, journal):
    """So that finding nothing says something."""
    host.declare('keeper', run={'command': ['/bin/sh', '-c', f'echo {SECRET}; sleep 1000'], 'user': 'web',
                                'ready': {'by': 'started'}},
                 health={'checks': [{'name': 'alive', 'exec': ['/bin/true'], 'interval': '1s', 'timeout': '1s'}]})
    host.start()
    host.until_state('keeper', 'up')
    until(lambda: SECRET in host.ctl('logs', 'keeper').stdout)
    found = set(everywhere(host, journal))
    for face in ('svcctl show keeper', 'svcctl --json show keeper', 'svcctl logs -n 1000 keeper', 'memory of svcd-log',
                 f'{host.root}/var/log/keeper/main.log'):
        assert face in found, (face, found)
    assert any('accepted' in one for one in found), found
    assert in_memory(os.getpid())


def test_it_reaches_the_process_and_the_file_and_nothing_else(host, journal):
    secrets = plant(host)
    declare(host)
    host.start()
    with host_events(host) as streams:
        pid = host.until_ready('keeper')['instances'][0]['pid']
        environment = pathlib.Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
        assert f'TOKEN=x-{IN_ENVIRONMENT}'.encode() in environment
        config = host.root / 'etc/keeper/keeper.conf'
        assert config.read_text(encoding='utf-8') == f'key = {IN_FILE}\n'
        assert config.stat().st_mode & 0o7777 == 0o640 and config.group() == 'web'
        assert everywhere(host, journal, secrets, config) == []
        declare(host, description='changed', depends={'external': ['https://example.org']})
        host.must_ctl('apply', '--yes')
        host.must_ctl('restart', 'keeper')
        os.kill(host.pid('keeper'), 11)
        until(lambda: host.status('keeper')['exits'][0]['cause'] == 'signal')
        host.until_ready('keeper')
        plant(host, f'ENV: {IN_ENVIRONMENT}2\nFILE: "{IN_FILE}2"\n')
        host.must_ctl('restart', 'keeper')
        assert config.read_text(encoding='utf-8') == f'key = {IN_FILE}2\n'
        assert everywhere(host, journal, secrets, config) == []
    assert not [name for name, path in streams.items() if finds(path.read_bytes())]
    assert all(path.stat().st_size > 0 for path in streams.values()), streams


@contextlib.contextmanager
def host_events(host):
    """Both streams of events, written down."""
    streams = {'svcctl events -f': host.root / 'events.text', '/v1/events': host.root / 'events.sse'}
    commands = {'svcctl events -f': ('svcctl', '--root', str(host.root), 'events', '-f'),
                '/v1/events': ('curl', '-sN', 'http://127.0.0.1:9479/v1/events')}
    with contextlib.ExitStack() as stack:
        for name, path in streams.items():
            out = stack.enter_context(open(path, 'wb'))
            process = stack.enter_context(subprocess.Popen(host.network.in_it(*commands[name]), stdout=out,
                                                           stderr=subprocess.STDOUT))
            stack.callback(process.kill)
        yield streams


def readers(host):
    """Children of the supervisor that are nobody: they parse."""
    supervisor = host.engine_pid('svcd-supervisor')
    for pid, parent, _ in processes():
        with contextlib.suppress(OSError):
            if parent == supervisor and os.stat(f'/proc/{pid}').st_uid in (0, 65534):
                uid = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8').split('Uid:\t')[1].split()[0]
                if uid == '65534':
                    yield pid


def test_who_reads_declarations_never_has_a_value(host, journal):
    """The child that parses what people wrote: its whole memory, in the middle of its work."""
    secrets = plant(host)
    declare(host)
    for number in range(60):
        host.declare(f'other{number}', run={'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'}},
                     state='retired')
    host.start()
    host.until_state('keeper', 'up')
    seen, end = 0, time.monotonic() + 40
    done = threading.Event()

    def apply():
        while not done.is_set():
            host.ctl('apply', '--yes')
    worker = threading.Thread(target=apply)
    worker.start()
    try:
        while seen < 5 and time.monotonic() < end:
            for pid in readers(host):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    try:
                        seen += any(memory_of(pid))
                        assert not in_memory(pid), 'the reader has it'
                    finally:
                        os.kill(pid, signal.SIGCONT)
    finally:
        done.set()
        worker.join()
    assert seen >= 5, f'the reader was seen {seen} times'
    assert everywhere(host, journal, secrets, host.root / 'etc/keeper/keeper.conf') == []


def unwritable(host):
    folder = host.root / 'etc/keeper'
    folder.mkdir(parents=True)
    shutil.chown(folder, 'mathoid')
    declare(host)
    return 'files: '


def no_program(host):
    declare(host, run={'command': ['/usr/bin/nothing-like-it'], 'user': 'web', 'environment': {'TOKEN': '${secret.ENV}'}})
    return 'exec /usr/bin/nothing-like-it'


def no_interpreter(host):
    program = host.root / 'program'
    program.write_text('#!/no/such/interpreter\n', encoding='utf-8')
    program.chmod(0o755)
    declare(host, run={'command': [str(program)], 'user': 'web', 'environment': {'TOKEN': '${secret.ENV}'}})
    return 'interpreter'


def no_end_of_quotes(host):
    declare(host)
    plant(host, f'ENV: "{IN_ENVIRONMENT}\nFILE: {IN_FILE}\n')
    return 'secrets/keeper.yaml'


def a_list(host):
    declare(host)
    plant(host, f'ENV: [{IN_ENVIRONMENT}]\nFILE: {{a: {IN_FILE}}}\n')
    return 'secrets/keeper.yaml'


def a_tag(host):
    declare(host)
    plant(host, f'ENV: !{IN_ENVIRONMENT} x\nFILE: *{IN_FILE}\n')
    return 'secrets/keeper.yaml'


def twice(host):
    declare(host)
    plant(host, f'ENV: {IN_ENVIRONMENT}\nFILE: {IN_FILE}\nENV: {IN_ENVIRONMENT}\n')
    return 'secrets/keeper.yaml'


def a_value_as_a_key(host):
    declare(host)
    plant(host, f'{IN_ENVIRONMENT}!: ENV\nENV: {IN_ENVIRONMENT}\nFILE: {IN_FILE}\n  {IN_FILE}: 1\n')
    return 'secrets/keeper.yaml'


def for_everybody(host):
    declare(host)
    plant(host).chmod(0o644)
    return 'chmod 0600'


def a_bad_environment_file(host):
    path = host.write('etc/keeper.env', f'TOKEN={IN_ENVIRONMENT}\n{IN_FILE}\n"{IN_FILE}\n')
    path.chmod(0o600)
    declare(host, run={'command': ['/bin/sleep', '1000'], 'user': 'web', 'environment_file': str(path)})
    return 'run.environment_file'


@pytest.mark.parametrize('break_it', [unwritable, no_program, no_interpreter, no_end_of_quotes, a_list, a_tag, twice,
                                      a_value_as_a_key, for_everybody, a_bad_environment_file])
def test_what_goes_wrong_does_not_quote_it(host, journal, break_it):
    plant(host)
    says = break_it(host)
    host.start()
    found = until(lambda: (one := host.status('keeper'))['state'] in ('waiting', 'failed', 'down') and one['reason'] and one)
    assert says in json.dumps(found), found
    allowed = (host.root / 'etc/svcd/secrets/keeper.yaml', host.root / 'etc/keeper/keeper.conf', host.root / 'etc/keeper.env')
    assert everywhere(host, journal, *allowed) == []
    for path in (host.services, host.services / 'keeper.yaml'):
        result = run('svcctl', '--root', host.root, 'validate', path)
        assert not finds((result.stdout + result.stderr).encode())


def test_only_root_and_the_service_can_read_what_has_it(host, journal):
    plant(host)
    declare(host)
    host.start()
    pid = host.until_state('keeper', 'up')['instances'][0]['pid']
    config = host.root / 'etc/keeper/keeper.conf'
    for path in (config, host.root / 'etc/svcd/secrets/keeper.yaml', f'/proc/{pid}/environ'):
        assert run('setpriv', '--reuid=mathoid', '--regid=mathoid', '--clear-groups', 'cat', path).returncode != 0, path
    assert run('setpriv', '--reuid=web', '--regid=web', '--clear-groups', 'cat', config).returncode == 0
