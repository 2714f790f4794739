#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of docs/exposure.md, made from /proc of the engines that run.

  exposure.py           of this host: what svcd's engines there may do
  exposure.py --print   docs/exposure.md, of engines on a machine of tests/private:
      tests/private build/stage-plain /usr/bin/python3 tests/exposure/exposure.py --print >docs/exposure.md
"""
import os
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'stories')]

import callfilter  # noqa: E402
import process  # noqa: E402
import unit  # noqa: E402

ENGINES = ('svcd-health', 'svcd-log', 'svcd-firewall')
# What svcd's own surroundings may add: a sanitizer's options, a journal.
INHERITED = {'JOURNAL_STREAM', 'SVCD_SHARE', 'TZ', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'SVCD_LIBEXEC'}
SCORED_AT_MOST = 2.0


class Engine:
    """Everything that is told of one engine; `root` is what --root moved svcd to."""

    def __init__(self, pid, outside, root=''):
        self.process = process.Process(pid)
        self.filter = callfilter.CallFilter.of(pid)
        self.outside = outside
        self.root = root
        self.confinement = unit.Confinement(self.process, self.filter, outside)
        self.settings = unit.settings(self.confinement)
        self.exposure = unit.exposure(self.process.name, self.settings)

    def place(self, path):
        """As it would be without --root."""
        return path[len(self.root):] if self.root and path.startswith(self.root + '/') else path

    def own_folder(self, path):
        return path == os.path.dirname(self.process.program)

    def paths(self, found):
        return sorted({self.place(path) for path in found if not self.own_folder(path)})

    def descriptors(self):
        found = set()
        for number, what in self.process.descriptors(self.outside.sockets()).items():
            if number == 2:
                what = 'standard error'
            elif number == 3:
                what = 'its channel to the supervisor'
            what = re.sub(r'^anon_inode:\[?(\w+)\]?$|^(pipe|/memfd):.*$', r'\1\2', what)
            what = re.sub(r'^/proc/\d+/', '/proc/self/', what)
            found.add(' '.join(self.place(word) for word in what.split(' ')))
        return sorted(found)


def words(found):
    return ' '.join(f'`{word}`' for word in found) or 'none'


ROWS = (
    ('user', lambda engine: f'`{engine.settings["User"]}`'),
    ('other groups', lambda engine: words(map(str, sorted(engine.process.groups() - {
        int(engine.process.field('Gid').split()[0])})))),
    ('capabilities in effect', lambda engine: words(engine.process.capabilities('Eff'))),
    ('… permitted', lambda engine: words(engine.process.capabilities('Prm'))),
    ('… that it could ever have (bounding)', lambda engine: words(engine.process.capabilities('Bnd'))),
    ('… that a program of its would get (inheritable, ambient)', lambda engine: words(
        sorted(set(engine.process.capabilities('Inh')) | set(engine.process.capabilities('Amb'))))),
    ('no_new_privs', lambda engine: {'1': 'yes', '0': 'no'}[engine.process.field('NoNewPrivs')]),
    ('seccomp', lambda engine: {'0': 'no', '2': 'filter'}[engine.process.field('Seccomp')]),
    ('namespaces of its own', lambda engine: words(engine.confinement.own)),
    ('may write (mounts)', lambda engine: words(engine.paths(engine.process.writable()))),
    ('does not see', lambda engine: words(engine.paths(engine.process.hidden()))),
    ('/proc', lambda engine: words(sorted(option for option in engine.process.mount_of('/proc')[1]
                                          if option.startswith(('hidepid', 'subset'))))),
    ('sockets that it can make', lambda engine: words(engine.confinement.families())),
    ('open descriptors', lambda engine: ', '.join(engine.descriptors())),
    ('others of its user may look into it', lambda engine: 'yes' if engine.process.is_dumpable() else 'no'),
    ('core file', lambda engine: f'{engine.process.core_bytes()} bytes'),
    ('umask', lambda engine: f'`{engine.process.field("Umask")}`'),
    ('environment', lambda engine: words(set(engine.process.environment()) - INHERITED)),
    ('settings of systemd.exec(5) that it lacks', lambda engine: words(
        setting for setting, _, _ in unit.SETTINGS if setting not in engine.settings)),
    ('**exposure** (0 is best, 10 worst)', lambda engine: f'**{engine.exposure}**'),
)


def table(engines):
    lines = ['| | ' + ' | '.join(engine.process.name for engine in engines) + ' |',
             '|---|' + '---|' * len(engines)]
    lines += [f'| {row} | ' + ' | '.join(tell(engine) for engine in engines) + ' |' for row, tell in ROWS]
    for engine in engines:
        always, sometimes = engine.filter.allowed()
        lines += ['', f'System calls of {engine.process.name}: {words(always)}; with some arguments only: '
                  f'{words(sometimes)}.']
    return '\n'.join(lines) + '\n'


def find(name):
    return next(int(entry.name) for entry in pathlib.Path('/proc').glob('[0-9]*')
                if (entry / 'comm').read_text(encoding='utf-8').strip() == name)


def of_host():
    outside = process.Process(find('svcd'))
    return [Engine(find(name), outside) for name in ENGINES]


def of_story(host):
    """The engines of a Host of tests/stories."""
    outside = process.Process(host.process.pid)
    return [Engine(host.engine_pid(name), outside, str(host.root)) for name in ENGINES]


def declare(host):
    """What the table is of: the policy that a host has unless it says otherwise, and one service."""
    import yaml
    host.write('etc/svcd/svcd.yaml', yaml.safe_dump({
        'host': {'fqdn': 'scb1001.eqiad.example.org', 'site': 'eqiad', 'clusters': ['scb']},
        'policy': {'users': ['web'], 'paths': {'logs': ['/var/log/${service}']}}}))
    host.declare_web('hello', 8080)


def document(engines):
    """docs/exposure.md: what people wrote there, around the table."""
    path = HERE.parent.parent / 'docs/exposure.md'
    text = path.read_text(encoding='utf-8') if path.exists() else f'{BEGIN}{END}'
    before, rest = text.split(BEGIN, 1)
    return before + BEGIN + table(engines) + END + rest.split(END, 1)[1]


BEGIN, END = '<!-- made by tests/exposure/exposure.py --print -->\n', '<!-- end -->\n'


def main():
    if sys.argv[1:] == ['--print']:
        import machine
        os.environ.pop('ASAN_OPTIONS', None)
        with tempfile.TemporaryDirectory(prefix='svcd-story-', dir='/run') as folder:
            os.chmod(folder, 0o755)
            host = machine.Host(folder)
            try:
                declare(host)
                host.start()
                host.until_ready('hello')
                sys.stdout.write(document(of_story(host)))
            finally:
                host.close()
    else:
        sys.stdout.write(table(of_host()))


if __name__ == '__main__':
    main()
