# SPDX-License-Identifier: GPL-2.0-or-later
"""A scripted supervisor for svcd-log: the channel, pipes as services have them, and log.sock.

Bodies are made from docs/engines.md. Every wait is for an event and has a limit.
"""
import array
import contextlib
import fcntl
import json
import os
import re
import socket
import subprocess
import time

WAIT_S = 30


class Pipe:
    """As the supervisor makes them: our read end is kept, the service writes through its own fd."""

    def __init__(self):
        self.read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
        fcntl.fcntl(self.read_fd, 1031, 1 << 20)  # F_SETPIPE_SZ
        self.write_fd = os.open(f'/proc/self/fd/{self.read_fd}', os.O_RDWR | os.O_CLOEXEC)
        os.close(write_fd)

    def print(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.write_fd, view):]

    def hang_up(self):
        os.close(self.write_fd)


class Engine:
    def __init__(self, program, directory, **spawn):
        self.directory = directory
        self.program = program
        self.generation = 0
        self.acks = []
        self.others = []
        self.socket_path = os.path.join(directory, 'log.sock')
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket_path)
        self.listener.listen(16)
        self.spawn = spawn
        self.start()

    def start(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener = self.listener.fileno()

        def place():
            high = os.dup(theirs.fileno()), os.dup(listener)
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.process = subprocess.Popen(
            [self.program], preexec_fn=place, close_fds=False,
            env={**os.environ, 'SVCD_FDNAMES': 'log.sock',
                 'ASAN_OPTIONS': 'quarantine_size_mb=1'}, **self.spawn)
        theirs.close()
        self.channel = ours
        self.channel.settimeout(WAIT_S)
        self.send('hello', version=1, build='test', host={'fqdn': 'host.example.org'}, root='')
        assert self.wait_for('hello')['version'] == 1

    def send(self, kind, *fds, **body):
        data = json.dumps({'kind': kind, **body}).encode()
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.channel.sendmsg([data], beside)

    def wait_for(self, kind, **fields):
        while True:
            message = json.loads(self.channel.recv(1 << 20) or b'{"kind": "EOF"}')
            if message['kind'] == 'EOF':
                raise AssertionError(f'the engine ended while {kind} was awaited')
            if message['kind'] == kind and all(message.get(k) == v for k, v in fields.items()):
                return message
            self.others.append(message)

    def declare(self, name, **logs):
        self.generation += 1
        declaration = {'service': name, 'run': {'command': ['/bin/true']},
                       'logs': {'directory': os.path.join(self.directory, name), **logs}}
        self.send('service', service=name, generation=self.generation, declaration=declaration)
        return self.wait_for('ack', of='service', generation=self.generation)

    def pipe(self, name, pipe, stream='stdout', instance=1):
        self.send('pipe', pipe.read_fd, service=name, name=f'{name}/{instance}.{stream}',
                  instance=instance, stream=stream)

    def sync(self):
        self.generation += 1
        self.send('sync', generation=self.generation)
        self.wait_for('ack', of='sync', generation=self.generation)

    def stop(self):
        self.send('stop')
        self.wait_for('bye')
        assert self.process.wait(WAIT_S) == 0, f'svcd-log ended with {self.process.returncode}'
        self.channel.close()

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)
        self.channel.close()

    def ask(self, method, more=False, **parameters):
        """Yields the parameters of each reply; raises on an error reply."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(WAIT_S)
        client.connect(self.socket_path)
        call = {'method': 'io.svcd.' + method, 'parameters': parameters}
        if more:
            call['more'] = True
        client.sendall(json.dumps(call).encode() + b'\0')
        waiting = b''
        with client:
            while True:
                while b'\0' not in waiting:
                    got = client.recv(1 << 16)
                    if not got:
                        raise AssertionError('log.sock hung up')
                    waiting += got
                reply, _, waiting = waiting.partition(b'\0')
                reply = json.loads(reply)
                if 'error' in reply:
                    raise Refused(reply['error'], reply.get('parameters', {}))
                yield reply.get('parameters', {})
                if not reply.get('continues'):
                    return

    def lines(self, names, **parameters):
        return [line for reply in self.ask('Logs', more=True, names=names, **parameters)
                for line in reply['lines']]


class Refused(Exception):
    pass


def until(what, seconds=WAIT_S):
    """Waits for `what()` to be true; returns it. A file may be missing between two steps of a rotation."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            if result := what():
                return result
        time.sleep(0.01)
    raise AssertionError('it did not happen in time')


def stamp_of(name):
    """Archives from the oldest to the newest, then the live log."""
    found = re.search(r'-(\d{8}-\d{6})\.(\d+)(\.\w+)?$', name)
    return (found[1], int(found[2])) if found else ('9', 0)


def read_log(directory, live='main.log'):
    """All bytes of a log in order, archives unpacked."""
    names = sorted((n for n in os.listdir(directory) if n.startswith(live)), key=stamp_of)
    whole = b''
    for name in names:
        path = os.path.join(directory, name)
        if name.endswith('.zst'):
            whole += subprocess.run(['zstd', '-dcq', path], check=True, capture_output=True).stdout
        elif name.endswith('.gz'):
            whole += subprocess.run(['gzip', '-dc', path], check=True, capture_output=True).stdout
        else:
            with open(path, 'rb') as file:
                whole += file.read()
    return whole
