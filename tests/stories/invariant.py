# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold while svcd's own processes die: same pids, none twice, none lost, exit codes right or
said to be unknown, no failed request, no verdict that flips.

    with Invariant(host, steady=['web', 'quiet'], pages={'web': 8080}):
        ... kill ...

looks at the `steady` services all the time, and at all services at the end. What a steady service is
at the beginning it must be throughout. Others may come and go, but never twice.
"""
import collections
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from machine import FAKE, HERE, PYTHON, until

UNANSWERED = 30     # s; nothing excuses this
# What of a service must stay as it was, and what of an instance.
SERVICE_KEYS = 'state', 'since', 'ready', 'reason', 'why', 'exits', 'wanted'
INSTANCE_KEYS = 'instance', 'generation', 'state', 'since', 'pid', 'started', 'restarts', 'ready'


def service(command, ready=None, **keys):
    """What a declaration says of a service that is like most here."""
    run = {'command': command, 'user': 'web', 'ready': ready or {'by': 'started'},
           'stop': {'timeout': '2s'}, **keys.pop('run', {})}
    return {'run': run, **keys}


# Services that nothing may happen to, and the ports of those that answer.
PAGES = {'web': 8080, 'told': 8081}
STEADY = {
    'web': service([PYTHON, '-u', str(FAKE), '--port', '8080'], {'by': 'listen', 'timeout': '60s'},
                   listen=[{'name': 'http', 'port': 8080}],
                   health={'checks': [{'name': 'root', 'http': '/', 'interval': '1s', 'timeout': '950ms'}]}),
    'told': service([PYTHON, '-u', str(FAKE), '--port', '8081', '--notify-after', '0'],
                    {'by': 'notify', 'timeout': '60s'}, listen=[{'name': 'http', 'port': 8081}]),
    'quiet': service(['/bin/sleep', '1000']),
    'several': service(['/bin/sleep', '1000'], run={'instances': 3}),
}
# What a client may see of a page whose server is killed with the request in its hands.
CUT_OFF = {'answer: ConnectionResetError', 'answer: RemoteDisconnected', 'answer: BrokenPipeError'}


def declare_steady(host):
    for name, keys in STEADY.items():
        host.declare(name, **keys)


def start_steady(host):
    declare_steady(host)
    host.start()
    for name in STEADY:
        host.until_ready(name, within=40)


def kill_supervisor(host):
    """SIGKILL; returns when the next one answers."""
    before = until(lambda: host.engine_pid('svcd-supervisor'))
    os.kill(before, signal.SIGKILL)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, before), 20, 'the next supervisor')
    until(lambda: statuses(host), UNANSWERED, 'the next supervisor answers')


def ask(path, patience=UNANSWERED):
    """The services of a Status reply; None while nobody answers there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
            connection.sendall(b'{"method":"io.svcd.Status","parameters":{"names":[]}}\0')
            answer = b''
            while not answer.endswith(b'\0'):
                piece = connection.recv(1 << 20)
                if not piece:
                    return None
                answer += piece
        except (ConnectionError, FileNotFoundError):
            return None
    return json.loads(answer[:-1]).get('parameters', {}).get('services')


def statuses(host):
    """By name; {} while nobody answers."""
    return {one['service']: one for one in ask(host.root / 'run/svcd/control.sock') or []}


def start_time(pid):
    """In ticks since the boot; None when there is no such process, or it is dead."""
    try:
        words = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')', 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if words[0] in 'ZX' else int(words[19])


def populated(leaf):
    try:
        return 'populated 1' in (leaf / 'cgroup.events').read_text(encoding='ascii')
    except OSError:     # gone meanwhile, or just going
        return False


def marked(host):
    """{(service, instance): {pid: cgroup}} of all processes that this svcd made, by their environment."""
    mark = f'NOTIFY_SOCKET={host.root}/run/svcd/notify/'.encode()
    found = collections.defaultdict(dict)
    for entry in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            words = (entry / 'environ').read_bytes().split(b'\0')
            inside = (entry / 'cgroup').read_text(encoding='utf-8').split('0::', 1)[1].splitlines()[0]
            if not any(word.startswith(mark) for word in words) or start_time(entry.name) is None:
                continue
        except (OSError, IndexError):
            continue
        named = dict(word.split(b'=', 1) for word in words if b'=' in word)
        key = named[b'SVCD_SERVICE'].decode(), int(named[b'SVCD_INSTANCE'])
        found[key][int(entry.name)] = inside
    return found


def doubles(host):
    """What runs in more than one cgroup, or in one that is not its own."""
    found = []
    for (service, number), processes in marked(host).items():
        leaves = {pathlib.PurePath(inside) for inside in processes.values()}
        leaves = {leaf for leaf in leaves if not leaf.name.startswith('deed')}
        if len(leaves) > 1:
            found.append(f'{service}.{number} runs in {sorted(map(str, leaves))}: {processes}')
        for leaf in leaves:
            if leaf.parent.name != service or leaf.name.split('.')[0] != str(number):
                found.append(f'{service}.{number} runs in {leaf}: {processes}')
    return found


class Watcher(threading.Thread):
    """Asks for the status all the time, and notes what a steady service ever was."""

    def __init__(self, host, steady):
        super().__init__(daemon=True)
        self.host, self.steady = host, steady
        self.over, self.failure, self.answers = threading.Event(), None, 0
        self.seen = {name: {} for name in steady}
        # the answer about many services costs who gives it more than what it is asked about
        self.pause = max(0.02, len(steady) / 250)

    def run(self):
        try:
            self.look()
            while not self.over.wait(self.pause):
                self.look()
            self.look()
        except Exception as failure:    # told by the main thread
            self.failure = failure

    def look(self):
        found = statuses(self.host)
        self.answers += bool(found)
        for name in self.steady if found else ():
            self.seen[name].setdefault(describe(found.get(name)), time.time())


def describe(one):
    """What must not change, as text; readable in a failure."""
    if one is None:
        return 'not in status'
    kept = {key: one[key] for key in SERVICE_KEYS}
    kept['verdict'] = one['verdict']['value']
    kept['instances'] = [{key: each[key] for key in INSTANCE_KEYS} for each in one['instances']]
    return json.dumps(kept, sort_keys=True)


class Invariant:
    """`pages`: service -> port that answers 200 to "/". `faces`: /readyz/NAME is asked, too."""

    def __init__(self, host, steady=(), pages=None, faces=True):
        self.host, self.steady = host, list(steady)
        self.urls = [f'http://127.0.0.1:{port}/' for port in (pages or {}).values()]
        if faces:
            self.urls += [f'http://127.0.0.1:9479/readyz/{name}' for name in (pages or {})]
        self.forgiven = set()   # answers of faces that a killed engine excuses
        self.asker = self.watcher = None
        self.summary = ''

    def __enter__(self):
        found = until(self.judged, UNANSWERED, 'all checks of the steady have run')
        self.before = {name: describe(found[name]) for name in self.steady}
        for name in self.steady:
            assert found[name]['ready'], f'{name} is not ready to begin with: {found[name]}'
        self.starts = {each['pid']: start_time(each['pid'])
                       for name in self.steady for each in found[name]['instances']}
        assert None not in self.starts.values(), self.starts
        self.complaints = open(self.host.root / 'asker.err', 'w+', encoding='utf-8')
        self.asker = subprocess.Popen(
            self.host.network.in_it(PYTHON, str(HERE / 'asker.py'), *self.urls), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.complaints)
        assert self.asker.stdout.readline() == 'asking\n'
        self.watcher = Watcher(self.host, self.steady)
        self.watcher.start()
        return self

    def judged(self):
        """The status, once each check of a steady service has a verdict."""
        found = statuses(self.host)
        steady = [found.get(name, {'verdict': {'value': 'unknown'}}) for name in self.steady]
        verdicts = [one['verdict']['value'] for one in steady]
        verdicts += [check['verdict'] for one in steady for check in one.get('checks', ())]
        return found if 'unknown' not in verdicts else None

    def __exit__(self, kind, *_):
        self.watcher.over.set()
        try:
            answers = json.loads(self.asker.communicate(timeout=60)[0])
        finally:
            self.asker.kill()
            self.watcher.join(UNANSWERED * 2)
            self.complaints.close()
        total = sum((collections.Counter(counts) for counts in answers.values()), collections.Counter())
        self.summary = f'pages were answered {dict(total)}, status {self.watcher.answers} times'
        if kind is None:
            self.check_watched()
            self.check_answers(answers)
            self.check()

    # ---- what was noted meanwhile

    def check_watched(self):
        assert not self.watcher.is_alive(), 'status is not answered'
        if self.watcher.failure:
            raise self.watcher.failure
        assert self.watcher.answers, 'status was never answered'
        for name, seen in self.watcher.seen.items():
            others = {key: at for key, at in seen.items() if key != self.before[name]}
            assert not others, f'{name} was\n  {self.before[name]}\nand then' + ''.join(
                f'\n  {at:.3f} {key}' for key, at in others.items())

    def check_answers(self, answers):
        complaints = pathlib.Path(self.complaints.name).read_text(encoding='utf-8')[-3000:]
        for url, counts in answers.items():
            assert counts.get('200'), f'{url} never answered 200: {counts}'
            allowed = {'200', *(self.forgiven if ':9479/' in url else ())}
            assert set(counts) <= allowed, f'{url}: {counts}\n{complaints}'

    # ---- what must hold at any time

    def check(self):
        """Now: the same processes, none twice, none lost."""
        for pid, start in self.starts.items():
            assert start_time(pid) == start, f'pid {pid} that must run on is gone'
        found = doubles(self.host)
        assert not found, found
        there = marked(self.host)
        for name in self.steady:
            assert any(service == name for service, _ in there), f'{name} is lost'
