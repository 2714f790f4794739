# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd, and the bare loop that is the floor under every supervisor.

Peers confine nothing and have no pause before a restart that could be set; so ours is measured without
both, and once more with the confinement of its defaults.
"""
import pwd
import shutil

from tool import BUILD, CGROUPS, Host, Tool, processes, until

# What svcd does for a service by default and no peer does.
CONFINEMENT_OFF = {'no_new_privileges': False, 'system': 'off', 'home': 'visible', 'tmp': 'host',
                   'devices': 'host', 'system_calls': 'any'}
NO_PAUSE = {'delay': '0ms', 'delay_max': '1ms'}     # by default 100 ms before the first restart
PATIENCE = 60           # s, for the launch that is not timed


class Bare(Tool):
    name, note, program = 'bare loop', 'posix_spawn, pidfd, epoll; output through pipes', 'true'

    def command(self):
        return BUILD / 'bench-bare', len(self.names), self.service

    def order(self, byte):
        self.process.stdin.write(byte)
        self.process.stdin.flush()

    def up(self):
        self.order(b'u')

    def down(self):
        self.order(b'd')


class BareApart(Bare):
    name, note = 'bare loop, apart', 'fork, a cgroup and another user for each, a pipe for each stream'

    def prepare(self):
        self.services = CGROUPS / f'services-{self.folder.name}'
        self.services.mkdir()

    def command(self):
        return *super().command(), self.services, pwd.getpwnam('web').pw_uid

    def groups(self):
        return [self.cgroup, self.services]


class Ours(Tool):
    """As on any boot but the first: every declaration was accepted in an earlier life."""
    name, note, program = 'svcd', 'confinement off, no pause before a restart; logs to files', 'svcd'
    security = CONFINEMENT_OFF
    HTTP_PORT = 9479

    def prepare(self):
        self.host = Host(self.folder)
        self.control = self.host.root / 'run/svcd/control.sock'
        self.accepted = self.host.root / 'var/lib/svcd/accepted'
        for name in self.names:
            self.host.declare(
                name, security=self.security | {'writable': [str(self.folder)]},
                run={'command': [str(self.service), name], 'user': 'web', 'restart': NO_PAUSE,
                     'environment': {'BENCH_STARTS': str(self.starts.path)}, 'ready': {'by': 'started'}})
        began = self.launch()
        self.starts.last_of(self.names, began, PATIENCE)
        until(lambda: len(list(self.accepted.glob('*'))) > len(self.names), what='all are accepted')
        super().end()
        self.reboot()

    def reboot(self):
        """What lives in /run does not outlive a power cut."""
        run = self.host.root / 'run'
        shutil.rmtree(run)
        run.mkdir()

    def command(self):
        return self.host.network.in_it('svcd', '--root', self.host.root)

    def groups(self):
        """Its services live in a cgroup of their own, named after its root."""
        services = CGROUPS / f'svcd-services{self.host.root}'.replace('/', '-')
        return [group for group in (self.cgroup, services) if group.exists()]

    def supervisor(self):
        """The pid of the one that there is now; None: none. (Its reader has its name, too.)"""
        return next((pid for pid, parent, name in processes()
                     if parent == self.process.pid and name == 'svcd-supervisor'), None)

    def up(self):
        self.host.must_ctl('start', '--all')

    def down(self):
        self.host.must_ctl('stop', '--all')

    def end(self):
        super().end()
        self.host.close()


class OursConfined(Ours):
    name, note = 'svcd, confined', 'as by default, but for the pause before a restart; logs to files'
    security = {}
