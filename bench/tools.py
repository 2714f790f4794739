# SPDX-License-Identifier: GPL-2.0-or-later
"""The supervisors that are measured, ours among them: how each is set up, launched and commanded.

Each runs in a cgroup of its own, which ends it with all that it started. `up` and `down` are the
one command that its manual offers for "start all" and "stop all" while it runs.
"""
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests/stories'))

from machine import Host, cgroup_of, must, run, until  # noqa: E402 the stories' host serves here too

BUILD = HERE.parent / 'build/plain/bench'
CGROUPS = pathlib.Path('/sys/fs/cgroup')


class Tool:
    """One supervisor with one setting, for one session."""
    name = None
    note = ''           # how it is set and whether it takes the services' output
    program = None      # what must be installed

    def __init__(self, folder, names, starts):
        self.folder, self.names, self.starts = folder, names, starts
        self.service = folder / 'service'  # beside its run scripts, which are hard links to it
        must('cp', BUILD / 'bench-service', self.service)
        self.environment = {'PATH': os.environ['PATH'], 'BENCH_STARTS': str(starts)}
        self.cgroup = CGROUPS / f'bench-{folder.name}'
        self.process = None
        self.prepare()

    def prepare(self):
        """Writes what the supervisor reads; not timed."""

    def command(self):
        raise NotImplementedError

    def launch(self):
        """Starts the supervisor; the moment at which its exec began."""
        self.cgroup.mkdir()
        ours, theirs = os.pipe()

        def enter():
            (self.cgroup / 'cgroup.procs').write_text('0', encoding='ascii')
            os.write(theirs, repr(time.monotonic()).encode())

        self.process = subprocess.Popen(
            [str(word) for word in self.command()], env=self.environment, cwd=self.folder,
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, preexec_fn=enter,
            stderr=open(self.folder / 'said', 'w', encoding='utf-8'), start_new_session=True)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            return float(pipe.read())

    def up(self):
        raise NotImplementedError

    def down(self):
        raise NotImplementedError

    def tell(self, *argv):
        must(*argv, env=self.environment, cwd=self.folder)

    def end(self):
        self.stop_group(self.cgroup)
        self.process.wait()

    @staticmethod
    def stop_group(group):
        (group / 'cgroup.kill').write_text('1', encoding='ascii')
        until(lambda: 'populated 0' in (group / 'cgroup.events').read_text(encoding='ascii'))
        for leaf in sorted(group.glob('**/'), reverse=True):
            leaf.rmdir()


class Bare(Tool):
    name, note, program = 'bare loop', 'spawn, pidfd, epoll; logs to a pipe', 'true'

    def command(self):
        return BUILD / 'bench-bare', len(self.names), self.service

    def order(self, byte):
        self.process.stdin.write(byte)
        self.process.stdin.flush()

    def up(self):
        self.order(b'u')

    def down(self):
        self.order(b'd')


OFF = {'no_new_privileges': False, 'system': 'off', 'home': 'visible', 'tmp': 'host',
       'devices': 'host', 'system_calls': 'any'}


class Ours(Tool):
    name, note, program = 'svcd', 'security off, delay 0; logs to files', 'svcd'
    security, restart = OFF, {'delay': '0ms', 'delay_max': '1ms'}

    def prepare(self):
        self.host = Host(self.folder)
        for name in self.names:
            self.host.declare(
                name, security=self.security | {'writable': [str(self.folder)]},
                run={'command': [str(self.service), name], 'user': 'web', 'restart': self.restart,
                     'environment': {'BENCH_STARTS': str(self.starts)}, 'ready': {'by': 'started'}})

    def command(self):
        return self.host.network.in_it('svcd', '--root', self.host.root)

    def up(self):
        self.host.must_ctl('start', '--all')

    def down(self):
        self.host.must_ctl('stop', '--all')

    def end(self):
        self.host.process = self.process
        services = cgroup_of(self.a_pid()).parent.parent
        try:
            self.host.close()
        finally:
            super().end()
            if services.exists():
                self.stop_group(services)

    def a_pid(self):
        return self.host.pid(self.names[0])


class OursConfined(Ours):
    name, note = 'svcd, as shipped', 'security and delay (100 ms) as by default; logs to files'
    security, restart = {}, {}


class Scanned(Tool):
    """Those that scan a directory of directories with a program `run` in each."""
    extra = {}

    def prepare(self):
        for name in self.names:
            home = self.folder / 'scan' / name
            home.mkdir(parents=True)
            os.link(self.service, home / 'run')
            for file, text in self.extra.items():
                (home / file).write_text(text, encoding='utf-8')

    def homes(self):
        return [f'scan/{name}' for name in self.names]


class S6(Scanned):
    name, note, program = 's6', 'as by default; no logs', 's6-svscan'

    def command(self):
        return 's6-svscan', '-c', '1100', 'scan'

    # s6-svc takes one service at a time.
    def each(self, option):
        self.tell('/bin/sh', '-c', f'for one in scan/*; do s6-svc {option} "$one"; done')

    def up(self):
        self.each('-u')

    def down(self):
        self.each('-d')


class S6Ready(S6):
    name, note = 's6, with readiness', 'notification-fd, which lifts its pause of 1 s; no logs'
    extra = {'notification-fd': '3\n'}

    def prepare(self):
        super().prepare()
        self.environment['BENCH_READY_FD'] = '3'


class Runit(Scanned):
    name, note, program = 'runit', 'as by default; no logs', 'runsvdir'

    def command(self):
        return 'runsvdir', '-P', 'scan'

    def up(self):
        self.tell('sv', 'up', *(self.folder / home for home in self.homes()))

    def down(self):
        self.tell('sv', 'down', *(self.folder / home for home in self.homes()))


class Daemontools(Scanned):
    name, note, program = 'daemontools', 'as by default; no logs', 'svscan'

    def command(self):
        return 'svscan', 'scan'

    def up(self):
        self.tell('svc', '-u', *self.homes())

    def down(self):
        self.tell('svc', '-d', *self.homes())


class Supervisord(Tool):
    name, note, program = 'supervisord', 'as by default; logs to files', 'supervisord'
    settings = ''

    def prepare(self):
        programs = '\n'.join(f'[program:{name}]\ncommand={self.service} {name}\n{self.settings}'
                             for name in self.names)
        (self.folder / 'conf').write_text(
            f'[supervisord]\nnodaemon=true\nminfds=8192\nlogfile=log\npidfile=pid\nchildlogdir={self.folder}\n'
            '[unix_http_server]\nfile=socket\n[supervisorctl]\nserverurl=unix://socket\n'
            '[rpcinterface:supervisor]\n'
            'supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n'
            f'{programs}', encoding='utf-8')

    def command(self):
        return 'supervisord', '-c', 'conf'

    def up(self):
        self.tell('supervisorctl', '-c', 'conf', 'start', 'all')

    def down(self):
        self.tell('supervisorctl', '-c', 'conf', 'stop', 'all')


class SupervisordQuick(Supervisord):
    name, note = 'supervisord, quickest', 'startsecs=0; no logs'
    settings = 'startsecs=0\nautorestart=true\nredirect_stderr=true\nstdout_logfile=NONE\n'


OURS, FLOOR = Ours, Bare
TOOLS = (Bare, Ours, OursConfined, S6, S6Ready, Runit, Daemontools, Supervisord, SupervisordQuick)
