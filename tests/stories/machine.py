# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with svcd on it: its own --root, its own network namespace, the real programs.

Waiting is always for an event with a limit, never a sleep: `host.until(question, within=5)`.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import yaml

HERE = pathlib.Path(__file__).parent
PYTHON = '/usr/bin/python3'
# Services run as other users, whom the way to the checkout may be closed to.
FAKE = pathlib.Path('/run/fake.py')
OUTER = HERE / 'outer.py'
shutil.copy(HERE / 'fake.py', FAKE)
FAKE.chmod(0o644)


def until(question, within=10.0, what=None, pause=0.02):
    """Asks until the answer is true; returns it. AssertionError with the last answer otherwise."""
    end = time.monotonic() + within
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f'not within {within} s: {what or question}; last: {answer!r}')
        time.sleep(pause)


def run(*argv, **options):
    options.setdefault('stdout', subprocess.PIPE)
    options.setdefault('stderr', subprocess.PIPE)
    options.setdefault('timeout', 60)
    return subprocess.run([str(word) for word in argv], text=True, check=False, **options)


def must(*argv, **options):
    result = run(*argv, **options)
    assert result.returncode == 0, f'{argv}: rc {result.returncode}\n{result.stdout}{result.stderr}'
    return result.stdout


def processes():
    """(pid, parent, name) of every process here."""
    for entry in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            name, rest = (entry / 'stat').read_text(encoding='utf-8').split('(', 1)[1].rsplit(')', 1)
        except (OSError, IndexError):
            continue
        yield int(entry.name), int(rest.split()[1]), name


def name_of(pid):
    """The name of a process; None when there is none."""
    try:
        return pathlib.Path(f'/proc/{pid}/comm').read_text(encoding='utf-8').strip()
    except OSError:
        return None


class Network:
    """A network namespace; `in_it` prefixes a command so that it runs there."""

    def __init__(self, name):
        self.name = name
        must('ip', 'netns', 'add', name)
        must('ip', '-n', name, 'link', 'set', 'lo', 'up')

    @classmethod
    def here(cls, name):
        """The namespace that we are in, by a name."""
        must('ip', 'netns', 'attach', name, os.getpid())
        network = cls.__new__(cls)
        network.name = name
        return network

    def in_it(self, *argv):
        return ('nsenter', f'--net=/run/netns/{self.name}', *argv)

    def run(self, *argv, **options):
        return run(*self.in_it(*argv), **options)

    def join(self, other, mine, theirs):
        """A cable between two namespaces; addresses as CIDR lists, both ends."""
        end_a, end_b = f'v{self.name[-6:]}a', f'v{self.name[-6:]}b'
        must('ip', 'link', 'add', end_a, 'netns', self.name, 'type', 'veth',
             'peer', 'name', end_b, 'netns', other.name)
        for network, end, addresses in ((self, end_a, mine), (other, end_b, theirs)):
            for address in addresses:
                nodad = ['nodad'] if ':' in address else []
                must('ip', '-n', network.name, 'addr', 'add', address, 'dev', end, *nodad)
            must('ip', '-n', network.name, 'link', 'set', end, 'up')

    def remove(self):
        run('ip', 'netns', 'del', self.name)


# Stories run as root from odd places; what a closed policy refuses is test_policy.py's.
OPEN_POLICY = {
    'users': ['*', 'root'], 'ports': {'least': 1, 'most': 65535}, 'capabilities': ['*'],
    'paths': {place: ['/'] for place in ('files', 'writable', 'logs', 'environment_file', 'directory', 'before')},
    'ceilings': {'instances': 256, 'open_files': 1048576, 'core': '1T', 'tasks': 100000, 'cpu_weight': 10000,
                 'io_weight': 10000, 'nice': -20, 'oom_score': -1000, 'logs_total': '1T'},
    'world': ['*'], 'rules': ['*'], 'security': ['*'], 'before': ['*']}


class Host:
    counter = 0

    def __init__(self, folder):
        Host.counter += 1
        self.root = pathlib.Path(folder) / 'root'
        self.services = self.root / 'etc/svcd/services'
        self.services.mkdir(parents=True)
        for part in ('run', 'var/lib', 'var/log'):
            (self.root / part).mkdir(parents=True)
        self.network = Network(f'host{Host.counter}')
        self.peers = []
        self.process = None
        self.environment = {}   # of svcd, beside our own
        self.output = open(self.root / 'svcd.out', 'w+', encoding='utf-8', errors='replace')
        self.host_file({})
        self.site_file({})

    # ---- what is written on the host

    def host_file(self, content):
        content = {'host': {'fqdn': 'scb1001.eqiad.example.org', 'site': 'eqiad',
                            'clusters': ['scb']}, 'policy': OPEN_POLICY, **content}
        self.write('etc/svcd/svcd.yaml', yaml.safe_dump(content))

    def site_file(self, content):
        content = {
            'domain': 'example.org',
            'networks': {'DOMAIN_NETWORKS': ['10.64.0.0/12', '2620:0:861::/48'],
                         'MONITORING_HOSTS': ['10.64.0.9']},
            'default_sources': ['DOMAIN_NETWORKS'],
            'clusters': {'scb': {'site': {'eqiad': ['scb1001.eqiad.example.org']}}},
            **content}
        self.write('etc/svcd/site.yaml', yaml.safe_dump(content))

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        return path

    def declare(self, name, **keys):
        """Writes a declaration; `run` and friends are nested dictionaries."""
        content = {'service': name, 'state': 'setup', **keys}
        content.setdefault('run', {}).setdefault('user', 'root')
        path = self.services / f'{name}.yaml'
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
        return path

    def declare_web(self, name, port, *options, **keys):
        """A pretend web service that obeys fake.py's options."""
        settings = {'command': [PYTHON, '-u', str(FAKE), '--port', str(port), *options],
                    'user': 'web', **keys.pop('run', {})}
        return self.declare(name, run=settings,
                            listen=keys.pop('listen', [{'name': 'http', 'port': port}]), **keys)

    # ---- svcd

    def start(self, *options, below=(), environment=None):
        """`below`: who starts it, as ['/usr/bin/python3', outer.py]."""
        told = self.said().count('svcd: info: ready')
        self.process = subprocess.Popen(
            self.network.in_it(*below, 'svcd', '--root', str(self.root), *options),
            stdout=self.output, stderr=self.output, stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment, **(environment or {})}, start_new_session=True)
        until(lambda: self.said().count('svcd: info: ready') > told
              or self.process.poll() is not None, within=20, what='svcd is ready')
        assert self.process.poll() is None, f'svcd ended: {self.said()}'
        return self

    def start_below(self, **options):
        """With an outer store, as systemd is one: self.process is that."""
        return self.start(below=(PYTHON, '-u', OUTER), **options)

    @property
    def keeper(self):
        """The pid of svcd itself; None while there is none."""
        return self.process.pid if name_of(self.process.pid) == 'svcd' else self.engine_pid('svcd')

    def stop(self):
        """Services and all; SIGTERM would leave them running."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f'svcd does not end on SIGINT: {self.said()}') from None

    def said(self):
        self.output.flush()
        return pathlib.Path(self.output.name).read_text(encoding='utf-8', errors='replace')

    def ctl(self, *words, **options):
        return self.network.run('svcctl', '--root', self.root, *words, **options)

    def must_ctl(self, *words, rc=0):
        result = self.ctl(*words)
        assert result.returncode == rc, (
            f'svcctl {words}: rc {result.returncode}, not {rc}\n{result.stdout}{result.stderr}')
        return result.stdout

    def status(self, name):
        result = self.ctl('--json', 'status', name)
        document = json.loads(result.stdout)
        if isinstance(document, dict) and 'services' in document:
            document = document['services']
        return document[0] if isinstance(document, list) else document

    def state(self, name):
        return self.status(name)['state']

    def ready(self, name):
        return self.status(name)['ready']

    def pids(self, name):
        return [one['pid'] for one in self.status(name)['instances']]

    def pid(self, name):
        return self.pids(name)[0]

    def until_ready(self, name, within=15):
        def question():
            found = self.status(name)
            return found if found['ready'] else None
        try:
            return until(question, within)
        except AssertionError:
            raise AssertionError(f'{name} is not ready: {json.dumps(self.status(name))}\n'
                                 f'{self.said()[-4000:]}') from None

    def until_state(self, name, state, within=15):
        return until(lambda: self.state(name) == state and self.status(name), within,
                     what=f'{name} is {state}; status {json.dumps(self.status(name))}')

    def engine_pid(self, program):
        """The pid of svcd-supervisor or of an engine of this host; None while there is none."""
        family = {self.process.pid}
        for pid, parent, name in sorted(processes()):
            if parent in family:
                family.add(pid)
                if name == program[:15]:
                    return pid
        return None

    # ---- clients

    def get(self, path, port=9479, **headers):
        """(status, body) of an HTTP GET from the host itself."""
        status, _, body = self.request('GET', path, port, headers)
        return status, body

    def request(self, method, path, port=9479, headers=None):
        code = (
            'import http.client,sys,json\n'
            'c=http.client.HTTPConnection("127.0.0.1",int(sys.argv[2]),timeout=10)\n'
            'c.request(sys.argv[1],sys.argv[3],headers=json.loads(sys.argv[4]))\n'
            'r=c.getresponse()\n'
            'print(json.dumps([r.status,dict(r.getheaders()),r.read().decode()]))')
        out = self.network.run(PYTHON, '-c', code, method, str(port), path,
                               json.dumps(headers or {}))
        assert out.returncode == 0, out.stderr
        return tuple(json.loads(out.stdout))

    def peer(self, mine, theirs):
        """Another machine on a cable; `mine` are the host's addresses, `theirs` the peer's.

        They have met already when it returns: the first packet over a fresh cable can wait for
        neighbour discovery longer than a story wants to.
        """
        peer = Network(f'peer{Host.counter}x{len(self.peers)}')
        self.peers.append(peer)
        peer.join(self.network, theirs, mine)
        for address in mine:
            until(lambda one=address: peer.run('ping', '-c1', '-W1', one.split('/')[0]).returncode == 0,
                  what=f'{address} answers')
        return peer

    def close(self):
        try:
            self.stop()
        finally:
            for peer in self.peers:
                peer.remove()
            self.network.remove()
            self.output.close()


def cgroup_of(pid):
    """The directory of the v2 cgroup that a process is in."""
    lines = pathlib.Path(f'/proc/{pid}/cgroup').read_text(encoding='utf-8').splitlines()
    inside = next(line[3:] for line in lines if line.startswith('0::'))
    return pathlib.Path('/sys/fs/cgroup') / inside.lstrip('/')


def connects(network, address, port, timeout=1.0):
    """Whether a TCP connection from there gets through and is answered."""
    family = 'AF_INET6' if ':' in address else 'AF_INET'
    code = (f'import socket; s=socket.socket(socket.{family}); s.settimeout({timeout});'
            f's.connect(({address!r},{port})); s.send(b"GET / HTTP/1.0\\r\\n\\r\\n");'
            'print(len(s.recv(100)))')
    return network.run(PYTHON, '-c', code).returncode == 0
