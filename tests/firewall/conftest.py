# SPDX-License-Identifier: GPL-2.0-or-later
"""The real svcd-firewall in a network namespace, a supervisor's end of its channel, and peers on
cables that send it real packets."""
import array
import contextlib
import ctypes
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))    # busy.py
sys.dont_write_bytecode = True
PROGRAM = os.environ.get('SVCD_FIREWALL', 'build/firewall/svcd-firewall')
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
CAP_NET_ADMIN_BIT = 12
NOBODY = 65534


def until(condition, within=10, what='condition'):
    """Waits for an event with a limit; what it returned."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f'{what} did not come true in {within} s'
        time.sleep(0.01)


class Namespace:
    """A network namespace that lives as long as this object's descriptor."""

    def __init__(self):
        ready, done = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            failed = LIBC.unshare(CLONE_NEWNET)
            os.write(ready[1], b'n' if failed else b'y')
            os.read(done[0], 1)
            os._exit(0)
        assert os.read(ready[0], 1) == b'y', 'these tests need root: unshare failed'
        self.fd = os.open(f'/proc/{child}/ns/net', os.O_RDONLY | os.O_CLOEXEC)
        os.write(done[1], b'x')
        os.waitpid(child, 0)
        for fd in ready + done:
            os.close(fd)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def enter(self):
        assert LIBC.setns(self.fd, CLONE_NEWNET) == 0

    @contextlib.contextmanager
    def here(self):
        """This thread is inside; sockets made here stay inside."""
        before = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.enter()
        try:
            yield
        finally:
            LIBC.setns(before, CLONE_NEWNET)
            os.close(before)

    def run(self, *argv, check=True, **options):
        return subprocess.run(argv, preexec_fn=self.enter, check=check, text=True,
                              capture_output=True, **options).stdout

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        with self.here():
            return socket.socket(family, kind)

    def close(self):
        os.close(self.fd)


def cable(host, peer, index, addresses):
    """Joins two namespaces; addresses are pairs (host's, peer's)."""
    ends = f'h{index}', f'p{index}'
    host.run('ip', 'link', 'add', ends[0], 'type', 'veth', 'peer', 'name', ends[1],
             'netns', f'/proc/{os.getpid()}/fd/{peer.fd}')
    for at, end, column in ((host, ends[0], 0), (peer, ends[1], 1)):
        for pair in addresses:
            nodad = ['nodad'] if ':' in pair[column] else []
            at.run('ip', 'addr', 'add', pair[column], 'dev', end, *nodad)
        at.run('ip', 'link', 'set', end, 'up')
    # Neighbours are pinned: discovery takes its time on a fresh cable.
    macs = [json.loads(at.run('ip', '-j', 'link', 'show', end))[0]['address']
            for at, end in ((host, ends[0]), (peer, ends[1]))]
    for pair in addresses:
        for at, end, other, mac in ((host, ends[0], 1, macs[1]), (peer, ends[1], 0, macs[0])):
            at.run('ip', 'neigh', 'replace', pair[other].split('/')[0], 'lladdr', mac,
                   'dev', end, 'nud', 'permanent')


class Engine:
    """svcd-firewall, told by this test what a supervisor would tell it."""

    def __init__(self, namespace, site=None, mode='add', user=None, drift='repair',
                 capability='-all,+net_admin'):
        self.namespace, self.messages, self.generation = namespace, [], 0
        self.site = site or {}
        self.host = {'firewall': {'mode': mode, 'drift': drift}}
        self.user, self.capability = user, capability
        self.start()

    def start(self):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

        def birth():
            self.namespace.enter()
            os.dup2(theirs.fileno(), 3)

        argv = [PROGRAM]
        if self.user is not None:
            argv = ['setpriv', f'--reuid={self.user}', f'--regid={self.user}', '--clear-groups',
                    '--no-new-privs', f'--inh-caps={self.capability}',
                    f'--ambient-caps={self.capability}', f'--bounding-set={self.capability}',
                    *argv]
        self.process = subprocess.Popen(argv, preexec_fn=birth, pass_fds=(3,),
                                        stderr=subprocess.PIPE, text=True)
        theirs.close()
        self.say('hello', version=1, build='test', host=self.host, site=self.site, root='')
        assert self.expect('hello')['version'] == 1

    def say(self, kind, **body):
        payload = json.dumps({'kind': kind, **body}).encode()
        if len(payload) < 60000:
            self.channel.send(payload)
            return
        fd = os.memfd_create('body', os.MFD_ALLOW_SEALING)
        os.write(fd, payload)
        import fcntl
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW |
                    fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
        self.channel.sendmsg([b'@'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                       array.array('i', [fd]))])
        os.close(fd)

    def receive(self, within=10):
        assert select.select([self.channel], [], [], within)[0], 'the engine says nothing'
        bytes_, ancillary, _, _ = self.channel.recvmsg(1 << 20, socket.CMSG_SPACE(16))
        assert bytes_, f'the engine is gone: {self.said()}'
        if bytes_ == b'@':
            fd = array.array('i', ancillary[0][2])[0]
            bytes_ = os.pread(fd, os.fstat(fd).st_size, 0)
            os.close(fd)
        message = json.loads(bytes_)
        self.messages.append(message)
        return message

    def expect(self, kind, within=10, **wanted):
        """The next message of this kind with these values; others are kept in `messages`."""
        deadline = time.monotonic() + within
        while True:
            message = self.receive(max(0.01, deadline - time.monotonic()))
            if message['kind'] == kind and all(message.get(k) == v for k, v in wanted.items()):
                return message

    def tell(self, name, port=None, allow=None, **firewall):
        """SERVICE; the default is one TCP port named http."""
        self.generation += 1
        listen = firewall.pop('listen', [{'name': 'http', 'port': port}] if port else [])
        rows = allow if allow is None or allow == [] or isinstance(allow[0], dict) else \
            [{'port': listen[0]['name'], 'from': allow}]
        declaration = {'service': name, 'listen': listen, 'firewall': {**firewall},
                       'run': {'command': ['true']}}
        if rows is not None:
            declaration['firewall']['allow'] = rows
        self.say('service', service=name, generation=self.generation, declaration=declaration)
        return self.generation

    def applied(self, name, generation=None, within=10):
        wanted = {'service': name, **({'generation': generation} if generation else {})}
        return self.expect('applied', within, **wanted)

    def sync(self):
        self.generation += 1
        self.say('sync', generation=self.generation)
        assert self.expect('ack', of='sync', generation=self.generation)['error'] is None

    def gone(self, name):
        self.generation += 1
        self.say('gone', service=name, generation=self.generation)
        assert self.expect('ack', of='gone', generation=self.generation)['error'] is None

    def counters(self):
        self.say('counters')
        return self.expect('counters')['services']

    def rules(self):
        return self.namespace.run('nft', 'list', 'ruleset')

    def said(self):
        self.process.kill()
        return self.process.communicate()[1]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.channel.close()

    def close(self):
        self.channel.close()
        said = self.process.communicate(timeout=10)[1]
        for alarm in ('AddressSanitizer', 'runtime error', 'LeakSanitizer'):
            assert alarm not in said, said
        assert self.process.returncode == 0, said


@pytest.fixture
def host():
    namespace = Namespace()
    yield namespace
    namespace.close()


@pytest.fixture
def inside(host):
    """A peer in 10.64/16 and 2001:db8:10::/48."""
    peer = Namespace()
    cable(host, peer, 1, [('10.64.0.1/24', '10.64.0.2/24'),
                          ('2001:db8:10::1/64', '2001:db8:10::2/64')])
    yield peer
    peer.close()


@pytest.fixture
def outside(host):
    """A peer in 192.0.2/24 and 2001:db8:bad::/48."""
    peer = Namespace()
    cable(host, peer, 2, [('192.0.2.1/24', '192.0.2.2/24'),
                          ('2001:db8:bad::1/64', '2001:db8:bad::2/64')])
    yield peer
    peer.close()


@pytest.fixture
def start(host):
    """start(site=…, mode=…): an engine that is ended with the test."""
    engines = []

    def one(**options):
        engines.append(Engine(host, **options))
        return engines[-1]

    yield one
    for engine in engines:
        if engine.process.returncode is None:
            engine.close()
