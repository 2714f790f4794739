# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engines may do: the table in the documents is what the kernel says, and it holds.

Of the release build, since a sanitizer needs calls that what is shipped may not make.
"""
import contextlib
import pathlib
import re
import shutil
import sys

import pytest

from machine import must, run, until

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / 'tests/exposure'))

import exposure  # noqa: E402

INSTALLED = pathlib.Path('/opt/svcd')
RELEASE = TOP / 'build/stage-plain/opt/svcd'
PROBES = TOP / 'build/plain/tests/exposure'
# All that an engine in somebody else's hands could still do of what probe.c tries.
STILL = {
    'svcd-health': {'speaks IP', 'connects to sockets of the host'},
    'svcd-log': {'reads /etc/passwd', 'connects to sockets of the host'},
    'svcd-firewall': {'speaks netlink'},
}


@pytest.fixture
def release(monkeypatch):
    """The release build where the programs are, for one story."""
    for place in (RELEASE / 'libexec/svcd/svcd-log', PROBES / 'svcd-log'):
        assert place.exists(), f'{place} is not there: `./dev stories` builds it'
    for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS'):
        monkeypatch.delenv(name, raising=False)
    must('mount', '--bind', RELEASE, INSTALLED)
    yield INSTALLED
    must('umount', '--recursive', '--lazy', INSTALLED)


def with_engines(host):
    exposure.declare(host)
    host.start()
    host.until_ready('hello')
    until(lambda: all(host.engine_pid(name) for name in exposure.ENGINES), what='all engines run')
    return host


def test_the_documented_exposure_is_what_the_kernel_says(release, host):
    written = (TOP / 'docs/exposure.md').read_text(encoding='utf-8')
    with_engines(host)
    engines = []

    def is_as_written():    # a probe under way has a socket more
        engines[:] = exposure.of_story(host)
        return exposure.document(engines) == written
    with contextlib.suppress(AssertionError):
        until(is_as_written)
    assert exposure.document(engines) == written, (
        'docs/exposure.md is not what runs: look at the difference, then renew it as tests/exposure/exposure.py says')
    for engine in engines:
        assert engine.exposure <= exposure.SCORED_AT_MOST
        assert set(engine.process.environment()) <= exposure.INHERITED | {'SVCD_FDNAMES'}


def tries(said, name):
    """{what: whether it came through} of the first life of that probe; None while it is not done."""
    lines = re.findall(rf'^probe {name}: (.*)$', said, re.MULTILINE)
    if 'done' not in lines:
        return None
    return {line.rsplit(': ', 1)[0]: line.endswith(': yes') for line in lines[:lines.index('done')]}


@pytest.fixture
def probed(release, host):
    """The engines of this host are probes; {engine: {try: came through}}."""
    libexec = release / 'libexec/svcd'
    logs = host.root / 'var/log/hello'
    wishes = {'svcd-log': [logs / 'probe', host.root / 'var/log/probe', host.root / 'run/svcd/probe', '/srv/probe'],
              'svcd-health': [logs / 'probe'], 'svcd-firewall': [logs / 'probe']}
    folder = host.root / 'probes'
    shutil.copytree(libexec, folder)
    for name, paths in wishes.items():
        shutil.copy(PROBES / name, folder / name)
        (folder / f'{name}.paths').write_text(''.join(f'{path}\n' for path in paths), encoding='utf-8')
    must('mount', '--bind', folder, libexec)
    exposure.declare(host)
    logs.mkdir(parents=True)
    shutil.chown(logs, 'svcd-log')
    host.start()
    return until(lambda: all(tries(host.said(), name) for name in exposure.ENGINES)
                 and {name: tries(host.said(), name) for name in exposure.ENGINES}, within=30)


def test_an_engine_in_other_hands_can_do_little(probed, host):
    for name, found in probed.items():
        could = {what for what, came_through in found.items() if came_through and not what.startswith('makes /')}
        assert could == STILL[name], name


def test_an_engine_in_other_hands_writes_logs_or_nothing(probed, host):
    made = {name: {what.removeprefix(f'makes {host.root}') for what, came_through in found.items()
                   if came_through and what.startswith('makes /')} for name, found in probed.items()}
    assert made == {'svcd-health': set(), 'svcd-log': {'/var/log/hello/probe'}, 'svcd-firewall': set()}


def test_what_the_probes_try_does_come_through_where_nobody_is_confined(release, host):
    """Else a refusal would prove nothing."""
    said = run(PROBES / 'svcd-log', '--free', timeout=30).stderr
    assert {what: came for what, came in tries(said, 'svcd-log').items() if not came} == {}


def test_logs_go_to_a_place_that_the_policy_names_and_that_comes_later(release, host):
    exposure.declare(host)
    text = (host.root / 'etc/svcd/svcd.yaml').read_text(encoding='utf-8')
    later = host.root / 'data/logs/hello'
    host.write('etc/svcd/svcd.yaml', text.replace('/var/log/${service}', f'{host.root}/data/logs/${{service}}'))
    host.start()
    host.until_ready('hello')
    host.declare_web('hello', 8080, logs={'directory': str(later)})
    until(lambda: 'changed: logs.directory' in host.said(), within=20)
    host.must_ctl('restart', 'hello')
    until(lambda: (later / 'main.log').exists(), what='the log is there')
