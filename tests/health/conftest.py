# SPDX-License-Identifier: GPL-2.0-or-later
"""A supervisor's end of the channel in Python, and services to probe: svcd-health is the real one."""
import array
import http.client
import http.server
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))    # busy.py
sys.dont_write_bytecode = True
PROGRAM = os.environ.get('SVCD_HEALTH', 'build/health/svcd-health')
CHECK_HTTP = '/usr/lib/nagios/plugins/check_http'


def until(condition, within=10, what='condition'):
    """Waits for an event with a limit; what it returned."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f'{what} did not come true in {within} s'
        time.sleep(0.01)


class Service(http.server.ThreadingHTTPServer):
    """A service that answers as its `answers` say: path to (code, body, seconds to wait)."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.answers, self.requests = {}, []
        super().__init__(('127.0.0.1', 0), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.server.requests.append((self.command, self.path, dict(self.headers), body))
        code, text, wait = self.server.answers.get(self.path, (200, 'ok', 0))
        time.sleep(wait)
        self.send_response(code)
        self.send_header('Content-Length', str(len(text)))
        if code // 100 == 3:
            self.send_header('Location', '/elsewhere')
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except OSError:
            pass

    do_GET = do_POST = do_HEAD = do_PURGE = answer

    def log_message(self, *_):
        pass


def listener(family=socket.AF_INET, address='127.0.0.1'):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, 0))
    sock.listen(128)
    return sock


class Supervisor:
    """Starts the engine as the real supervisor does and speaks docs/engines.md with it."""

    def __init__(self, directory, detail_from=('loopback',), http_address='127.0.0.1'):
        self.generation = 0
        self.messages = []
        self.path = str(directory / 'health.sock')
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        unix.bind(self.path)
        unix.listen(16)
        web = listener(address=http_address)
        self.address, self.port = http_address, web.getsockname()[1]
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = self.start([theirs.fileno(), unix.fileno(), web.fileno()], 'health.sock:http')
        for end in (theirs, unix, web):
            end.close()
        self.send('hello', version=1, build='test', root='', services_base='/',
                  host={'host': {'fqdn': 'node1.example.org'}, 'http': {'detail_from': list(detail_from)}},
                  site={'networks': {'MONITORING': ['127.0.0.3']}})
        self.wait('hello')

    @staticmethod
    def start(fds, names):
        """Brings `fds` to 3, 4, … by a tiny shell of Python, then execs."""
        code = ('import os,sys;fds=[int(f) for f in sys.argv[2].split(",")];'
                'up=[os.dup2(f,100+i) for i,f in enumerate(fds)];'
                '[os.dup2(f,3+i) for i,f in enumerate(up)];os.closerange(3+len(fds),200);'
                'os.execv(sys.argv[1],["svcd-health"])')
        return subprocess.Popen([sys.executable, '-c', code, os.path.abspath(PROGRAM), ','.join(map(str, fds))],
                                pass_fds=fds, env=dict(os.environ, SVCD_FDNAMES=names))

    def send(self, kind, **body):
        data = json.dumps(dict(body, kind=kind)).encode()
        if len(data) <= 64 * 1024:
            self.channel.send(data)
            return
        flags = getattr(os, 'MFD_ALLOW_SEALING', 2) | os.MFD_CLOEXEC
        body_fd = os.memfd_create('body', flags)
        os.write(body_fd, data)
        import fcntl
        fcntl.fcntl(body_fd, fcntl.F_ADD_SEALS, 0xf)
        self.channel.sendmsg([b'@'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [body_fd]))])
        os.close(body_fd)

    def receive(self):
        """Takes what is there without waiting."""
        while select.select([self.channel], [], [], 0)[0]:
            data = self.channel.recv(1 << 20)
            if not data:
                return
            self.messages.append(json.loads(data))

    def wait(self, kind, within=10, **members):
        """The first message of that kind with those members since the last wait for one; removes it."""
        def found():
            self.receive()
            for message in self.messages:
                if message['kind'] == kind and all(message.get(k) == v for k, v in members.items()):
                    self.messages.remove(message)
                    return message
            return None
        return until(found, within, f'{kind} {members}')

    def declare(self, name, port=None, checks=(), **keys):
        """One service with a listener `http` on `port`; returns its acknowledgement."""
        declaration = {'service': name, 'run': {'command': ['true']}, 'health': {'checks': list(checks)}, **keys}
        if port:
            declaration['listen'] = [{'name': 'http', 'port': str(port)}]
        self.generation += 1
        self.send('service', service=name, generation=self.generation, declaration=declaration)
        ack = self.wait('ack', of='service', service=name, generation=self.generation)
        assert ack['error'] is None, ack
        return ack

    def tell(self, name, **members):
        self.send('state', service=name, status=status(name, **members))

    def sync(self):
        self.generation += 1
        self.send('sync', generation=self.generation)
        self.wait('ack', of='sync', generation=self.generation)

    def verdict(self, name, verdict, within=10, **members):
        return self.wait('verdict', within, service=name, verdict=verdict, **members)

    def question(self, name, check, within=10):
        """What the engine asks us to try."""
        return self.wait('probe', within, service=name, check=check)

    def answer(self, question, code=None, output='', **members):
        told = {key: question[key] for key in ('service', 'check', 'instance', 'number')}
        self.send('probed', **{**told, 'code': code, 'timed_out': False, 'trouble': '', 'latency_us': 1500,
                               'output': output, **members})

    # ---- clients

    def request(self, path, method='GET', source='127.0.0.1', **headers):
        """(code, headers, body)"""
        client = http.client.HTTPConnection(self.address, self.port, timeout=10, source_address=(source, 0))
        client.request(method, path, headers={k.replace('_', '-'): v for k, v in headers.items()})
        answer = client.getresponse()
        body = answer.read().decode()
        client.close()
        return answer.status, answer.headers, body

    def get(self, path, **options):
        code, _, body = self.request(path, **options)
        return code, body

    def raw(self, data, within=10):
        """Sends bytes as they are and reads to the end."""
        with socket.create_connection((self.address, self.port), within) as sock:
            sock.sendall(data)
            reply = b''
            while True:
                more = sock.recv(65536)
                if not more:
                    return reply.decode('latin-1')
                reply += more

    def ask(self, method='io.svcd.Check', **parameters):
        """One varlink call: (error or None, parameters)."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(self.path)
            sock.sendall(json.dumps({'method': method, 'parameters': parameters}).encode() + b'\0')
            reply = b''
            while not reply.endswith(b'\0'):
                reply += sock.recv(65536)
        reply = json.loads(reply[:-1])
        return reply.get('error'), reply.get('parameters')

    def check_http(self, path, *options):
        done = subprocess.run([CHECK_HTTP, '-I', self.address, '-p', str(self.port), '-u', path, *options],
                              capture_output=True, text=True, timeout=20)
        return done.returncode, done.stdout

    def end(self):
        self.channel.close()
        assert self.process.wait(10) == 0


def wall(age_s=0):
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(time.time() - age_s)) + '.000Z'


TERMS = ('wanted', 'state', 'verdict', 'port', 'firewall', 'vip', 'draining', 'warm')


def status(name, state='up', ready=True, pid=4711, generation=1, failing=None, instances=1, **members):
    """A document of docs/status.md; `failing`: terms that do not hold, with reasons."""
    failing = failing or {}
    runs = pid and state in ('up', 'starting', 'stopping')
    document = {
        'service': name, 'description': f'about {name}', 'rollout': 'production', 'host': 'node1.example.org',
        'user': name, 'tags': [], 'config_hash': '9f1c', 'index': 1,
        'wanted': {'value': 'up', 'who': '', 'why': '', 'since': wall(600), 'until': None},
        'state': state, 'since': wall(60), 'why': '', 'verdict': {'value': 'pass', 'reason': ''},
        'ready': ready, 'reason': next(iter(failing.values()), ''),
        'terms': [{'term': term, 'ok': term not in failing, 'reason': failing.get(term, '')} for term in TERMS],
        'instances': [{
            'instance': number, 'generation': generation, 'state': state, 'since': wall(60), 'why': '',
            'status': '', 'pid': pid if runs else None, 'started': wall(3600) if runs else None, 'restarts': 2,
            'next_start_us': None, 'ready': ready, 'cpu_us': 1234500000, 'memory_bytes': 104857600,
            'tasks': 22, 'fds': 31, 'connections': 12} for number in range(1, instances + 1)],
        'listen': [], 'checks': [],
        'firewall': {'applied': True, 'reason': '', 'accepted': 812, 'dropped': 3},
        'exits': [], 'stderr': [], 'job': None, 'pending': [], 'refused': []}
    document.update(members)
    return document


@pytest.fixture
def supervisor(tmp_path):
    it = Supervisor(tmp_path)
    yield it
    it.end()


@pytest.fixture
def service():
    it = Service()
    yield it
    it.close()
