# SPDX-License-Identifier: GPL-2.0-or-later
"""What all that is measured have in common: a folder, a cgroup that ends it, a launch, two commands."""
import contextlib
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests/stories'))

from machine import Host, must, processes, until  # noqa: E402, F401 the stories' host serves here too

BUILD = HERE.parent / 'build/plain/bench'
CGROUPS = pathlib.Path('/sys/fs/cgroup')


class Tool:
    """One supervisor with one setting, for one session.

    Each runs in a cgroup of its own, which ends it with all that it started. `up` and `down` are the
    one command that its manual offers for "start all" and "stop all" while it runs.
    """
    name = None
    note = ''           # how it is set and whether it takes the services' output
    program = None      # what must be installed

    def __init__(self, folder, names, starts):
        self.folder, self.names, self.starts = folder, names, starts
        self.service = folder / 'service'  # beside its run scripts, which are hard links to it
        must('cp', BUILD / 'bench-service', self.service)
        self.environment = {'PATH': os.environ['PATH'], 'BENCH_STARTS': str(starts.path)}
        self.cgroup = CGROUPS / f'bench-{folder.name}'
        self.process = None
        self.prepare()

    def prepare(self):
        """Writes what the supervisor reads; not timed."""

    def command(self):
        raise NotImplementedError

    def launch(self):
        """Starts the supervisor; the moment at which its exec began."""
        self.cgroup.mkdir(exist_ok=True)
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

    def groups(self):
        """The cgroups that hold all that it started."""
        return [self.cgroup]

    def end(self):
        for group in self.groups():
            stop_group(group)
        self.process.wait()
        reap_orphans()


def stop_group(group):
    """Kills all that is below the cgroup, and removes it."""
    (group / 'cgroup.kill').write_text('1', encoding='ascii')
    until(lambda: 'populated 0' in (group / 'cgroup.events').read_text(encoding='ascii'), within=30)
    for leaf in sorted(group.glob('**/'), reverse=True):
        leaf.rmdir()


def reap_orphans():
    """Whatever lost its parent is ours, who are the first process of this machine."""
    with contextlib.suppress(ChildProcessError):
        while any(os.waitpid(-1, os.WNOHANG)):
            pass


def pids_of(groups):
    """Every process of these cgroups and of those below them."""
    return {int(word) for group in groups for file in group.glob('**/cgroup.procs')
            for word in file.read_text(encoding='ascii').split()}
