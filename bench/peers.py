# SPDX-License-Identifier: GPL-2.0-or-later
"""The supervisors of others, each at its defaults and, where it has one, at its fastest setting.

The *Logged ones also take what the services print into rotated files, each with the logger of its house.
"""
import os

from tool import Tool

LOGGED_BYTES = 1000000


class Scanned(Tool):
    """Those that scan a directory of directories with a program `run` in each."""
    extra = {}
    logger = None       # the shell command that takes the output of a service, to its directory `main`

    def prepare(self):
        for name in self.names:
            home = self.folder / 'scan' / name
            home.mkdir(parents=True)
            os.link(self.service, home / 'run')
            for file, text in self.extra.items():
                (home / file).write_text(text, encoding='utf-8')
            if self.logger:
                home.chmod(0o1755)  # daemontools: the sticky bit says that there is a log
                (home / 'log/main').mkdir(parents=True)
                script = home / 'log/run'
                script.write_text(f'#!/bin/sh\nexec {self.logger}\n', encoding='utf-8')
                script.chmod(0o755)

    def homes(self):
        return [f'scan/{name}' for name in self.names]


class S6(Scanned):
    name, note, program = 's6', 'as by default; no logs', 's6-svscan'

    def command(self):
        return 's6-svscan', '-c', '2200', 'scan'

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


class S6Logged(S6):
    name, note = 's6 + s6-log', 'a logger for each'
    logger = f's6-log -b n5 s{LOGGED_BYTES} ./main'


class Runit(Scanned):
    name, note, program = 'runit', 'as by default; no logs', 'runsvdir'

    def command(self):
        return 'runsvdir', '-P', 'scan'

    def up(self):
        self.tell('sv', 'up', *(self.folder / home for home in self.homes()))

    def down(self):
        self.tell('sv', 'down', *(self.folder / home for home in self.homes()))


class RunitLogged(Runit):
    name, note = 'runit + svlogd', 'a logger for each'
    logger = 'svlogd -t ./main'


class Daemontools(Scanned):
    name, note, program = 'daemontools', 'as by default; no logs', 'svscan'

    def command(self):
        return 'svscan', 'scan'

    def up(self):
        self.tell('svc', '-u', *self.homes())

    def down(self):
        self.tell('svc', '-d', *self.homes())


class DaemontoolsLogged(Daemontools):
    name, note = 'daemontools + multilog', 'a logger for each'
    logger = f'multilog t s{LOGGED_BYTES} ./main'


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
