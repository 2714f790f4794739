# SPDX-License-Identifier: GPL-2.0-or-later
"""What systemd is to svcd, small: an outer store of file descriptors, and whoever starts it again.

outer.py PROGRAM [ARG...] runs it with $NOTIFY_SOCKET; keeps what it stores (FDSTORE=1, by name, with
FDPOLL=0 honoured: without it a descriptor is dropped when its other end hangs up); starts it again at once,
with the descriptors, when it dies. It is the init of what is orphaned, and reaps.

SIGTERM  `systemctl stop`: SIGTERM to the program, then the store is emptied, then our end
SIGINT   the same, by SIGINT
SIGHUP   `systemctl restart`: SIGTERM to the program, then the next one with the same store
SIGUSR1  the store's names, one line "store: NAME NAME…"

Everything else is told in lines of standard output, for the tests: "main PID", "ended STATUS", "READY=1", ….
"""
import array
import ctypes
import fcntl
import os
import select
import signal
import socket
import sys

PR_SET_CHILD_SUBREAPER = 36
FIRST_FD = 3
LIMIT = 16384          # FileDescriptorStoreMax=


class Outer:
    def __init__(self, argv):
        self.argv = argv
        self.store = []        # (name, fd, polled) in order of arrival
        self.main = None
        self.asked = None      # the signal by which we were asked to end
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f'\0svcd-outer-{os.getpid()}')
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.wake, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(write_end)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, lambda *_: None)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    @staticmethod
    def tell(text):
        try:
            os.write(1, f'outer: {text}\n'.encode())
        except OSError:
            pass

    # ---- the program

    def start(self):
        self.main = os.fork()
        if self.main == 0:
            try:
                self.become()
            except OSError as error:
                self.tell(f'{self.argv[0]}: {error}')
            finally:
                os._exit(127)
        self.tell(f'main {self.main}')

    def become(self):
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        # before our own descriptors give way to what is handed over
        environment = dict(os.environ, NOTIFY_SOCKET='@' + self.socket.getsockname()[1:].decode())
        high = max([FIRST_FD, *(fd for _, fd, _ in self.store)]) + len(self.store) + 1
        copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, high) for _, fd, _ in self.store]
        for number, copy in enumerate(copies):
            os.dup2(copy, FIRST_FD + number, inheritable=True)
        if self.store:
            environment.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(self.store)),
                               LISTEN_FDNAMES=':'.join(name for name, _, _ in self.store))
        os.execvpe(self.argv[0], self.argv, environment)

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.main:
                self.main = None
                self.hear()
                self.tell(f'ended {os.waitstatus_to_exitcode(status)}')
                if self.asked in (signal.SIGTERM, signal.SIGINT):
                    self.empty()
                    sys.exit(max(os.waitstatus_to_exitcode(status), 0))
                self.asked = None
                self.start()

    # ---- the store

    def drop(self, keep):
        for name, fd, polled in [one for one in self.store if not keep(*one)]:
            os.close(fd)
            self.store.remove((name, fd, polled))

    def empty(self):
        self.drop(lambda *_: False)

    def hear(self):
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(
                    65536, socket.CMSG_SPACE(4 * 64) + socket.CMSG_SPACE(12), socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            fds, sender = array.array('i'), None
            for level, kind, value in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(value)
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    sender = int.from_bytes(value[:4], 'little')
            if self.main is not None and sender != self.main:    # NotifyAccess=main
                for fd in fds:
                    os.close(fd)
                continue
            self.obey(data.decode(errors='replace').splitlines(), list(fds))

    def obey(self, lines, fds):
        words = dict(line.split('=', 1) for line in lines if '=' in line)
        name = words.get('FDNAME', 'stored')
        if words.get('FDSTORE') == '1':
            for fd in fds:
                if len(self.store) < LIMIT:
                    self.store.append((name, fd, words.get('FDPOLL') != '0'))
                else:
                    os.close(fd)
                    self.tell(f'full, {name} is refused')
        elif words.get('FDSTOREREMOVE') == '1':
            self.drop(lambda one, *_: one != name)
        for line in lines:
            if not line.startswith(('FD', 'WATCHDOG=')):
                self.tell(line)

    def drop_hung_up(self):
        """As systemd does with what was stored without FDPOLL=0: EPOLLHUP or EPOLLERR ends it."""
        poller = select.poll()
        for _, fd, polled in self.store:
            if polled:
                poller.register(fd, 0)
        dead = {fd for fd, _ in poller.poll(0)}
        if dead:
            self.drop(lambda _, fd, __: fd not in dead)

    # ---- the loop

    def signalled(self):
        for number in os.read(self.wake, 4096):
            if number == signal.SIGCHLD:
                continue
            if number == signal.SIGUSR1:
                self.tell('store: ' + ' '.join(sorted(name for name, _, _ in self.store)))
                continue
            self.asked = number
            if self.main is not None:
                os.kill(self.main, signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    def run(self):
        self.start()
        while True:
            ready, _, _ = select.select([self.socket, self.wake], [], [])
            if self.socket in ready:
                self.hear()
            if self.wake in ready:
                self.signalled()
            self.drop_hung_up()
            self.reap()


if __name__ == '__main__':
    Outer(sys.argv[1:]).run()
