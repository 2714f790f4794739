# SPDX-License-Identifier: GPL-2.0-or-later
"""From the files to what runs: accepted, pending, orphaned, pinned, applied by itself."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest
import yaml

from changes import accepted, again, applied_now, count_reads, hup, off, sleeper
from machine import must, processes, until

# ---- accepted

def test_what_was_accepted_is_kept_and_nobody_else_reads_it(host):
    sleeper(host)
    host.start()
    until(accepted(host, 'hello').exists)
    until(accepted(host, '_host').exists)
    for name in ('hello', '_host'):
        info = accepted(host, name).stat()
        assert stat.S_IMODE(info.st_mode) == 0o600 and info.st_uid == 0
    assert stat.S_IMODE(accepted(host, '').stat().st_mode) == 0o700
    first, head, body, _ = accepted(host, 'hello').read_text(encoding='utf-8').split('\n')
    assert first.startswith('svcd-accepted 1 ') and json.loads(body)['service'] == 'hello'
    assert 'file' in json.loads(head)['pins']


def test_a_refused_file_at_boot_runs_as_accepted_and_says_so(host):
    path = sleeper(host)
    host.start()
    until(accepted(host, 'hello').exists)
    good = path.read_text(encoding='utf-8')
    path.write_text(good + 'nonsense: 1\n', encoding='utf-8')
    again(host)
    status = host.until_ready('hello')
    assert status['stale'] and 'nonsense' in status['refused'][0]
    assert 'what was accepted last stays' in host.ctl('status', 'hello').stdout
    until(lambda: 'svcd_service_stale{service="hello"} 1' in host.get('/metrics')[1])
    pid = host.pid('hello')
    path.write_text(good, encoding='utf-8')
    until(lambda: not host.status('hello')['stale'])
    status = host.status('hello')
    assert not status['refused'] and host.pid('hello') == pid


def test_a_refused_host_file_at_boot_leaves_host_and_services_as_accepted(host):
    off(host)
    sleeper(host)
    host.start()
    until(accepted(host, '_host').exists)
    until(accepted(host, 'hello').exists)
    sleeper(host, 'newcomer')
    host.write('etc/svcd/svcd.yaml', 'nonsense: 1\n')
    again(host)
    assert host.until_ready('hello')['stale']
    assert host.status('hello')['host'] == 'scb1001.eqiad.example.org'
    assert host.ctl('status', 'newcomer').returncode == 4  # nothing new under a refused host file
    host.host_file({})
    host.must_ctl('apply', '--yes')
    host.until_ready('newcomer')
    assert not host.status('hello')['stale']


def test_an_emptied_directory_at_boot_is_refused(host):
    path = sleeper(host)
    host.start()
    until(accepted(host, 'hello').exists)
    host.stop()
    path.unlink()
    host.start()
    assert host.until_ready('hello')['stale']
    assert 'emptied directory is refused' in host.said()


@pytest.mark.parametrize('damage', ['cut', 'flipped', 'empty', 'directory', 'fifo', 'link', 'binary', 'other'])
def test_a_damaged_accepted_file_is_ignored_with_a_line(host, damage):
    path = sleeper(host)
    sleeper(host, 'other')
    host.start()
    until(accepted(host, 'hello').exists)
    until(accepted(host, 'other').exists)
    host.stop()
    one = accepted(host, 'hello')
    text = one.read_bytes()
    one.unlink()
    match damage:
        case 'cut':
            one.write_bytes(text[:-20])
        case 'flipped':
            one.write_bytes(text[:-20] + bytes([text[-20] ^ 1]) + text[-19:])
        case 'empty':
            one.write_bytes(b'')
        case 'directory':
            one.mkdir()
        case 'fifo':
            os.mkfifo(one)
        case 'link':
            one.symlink_to('other')
        case 'binary':
            one.write_bytes(os.urandom(5000))
        case 'other':
            one.write_bytes(accepted(host, 'other').read_bytes())
    path.write_text('nonsense: 1\n', encoding='utf-8')
    host.start()
    host.until_ready('other')
    assert host.state('hello') == 'down'
    assert 'accepted declaration hello is ignored' in host.said()


def test_what_was_accepted_is_written_anew_when_it_changed_and_only_then(host):
    sleeper(host)
    host.start()
    until(accepted(host, 'hello').exists)
    before = accepted(host, 'hello').stat()
    again(host)
    host.must_ctl('apply', '--yes')
    time.sleep(2.5)  # longer than the pause after a start
    assert accepted(host, 'hello').stat().st_ino == before.st_ino
    sleeper(host, description='another')
    until(lambda: b'another' in accepted(host, 'hello').read_bytes())


# ---- pending, pinned

def test_a_restart_waits_for_an_operator_and_what_needs_none_comes_by_itself(host):
    sleeper(host)
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    sleeper(host, description='says what it does')
    until(lambda: host.status('hello')['description'] == 'says what it does')
    sleeper(host, description='says what it does', run={'nice': 5})
    status = until(lambda: host.status('hello')['pending'] and host.status('hello'))
    assert status['pending'] == [{'key': 'run.nice', 'effect': 'restart'}] and status['pending_since']
    assert host.pid('hello') == pid
    assert 'svcctl apply hello' in host.ctl('status', 'hello').stdout
    until(lambda: 'svcd_service_pending{service="hello"} 1' in host.get('/metrics')[1])
    host.must_ctl('apply', '--yes', 'hello')
    assert host.pid('hello') != pid
    status = host.status('hello')
    assert not status['pending'] and status['pending_since'] is None


def test_auto_apply_restart_restarts_by_itself(host):
    sleeper(host, run={'auto_apply': 'restart'})
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    sleeper(host, run={'auto_apply': 'restart', 'nice': 5})
    until(lambda: host.state('hello') == 'up' and host.pid('hello') not in (pid, None))
    assert not host.status('hello')['pending']


def test_auto_apply_off_leaves_the_files_alone_until_told(host):
    off(host)
    sleeper(host)
    host.start()
    host.until_ready('hello')
    sleeper(host, description='another')
    time.sleep(2)
    assert host.status('hello')['description'] == ''
    hup(host)
    until(lambda: host.status('hello')['description'] == 'another')


TEMPLATE = {'run': {'command': ['/bin/sleep', '1000'], 'ready': {'by': 'started'}}}


def template(host, **keys):
    host.write('etc/svcd/templates/ours.yaml', yaml.safe_dump({**TEMPLATE, **keys}))


@pytest.mark.parametrize('policy', ['safe', 'restart'])
def test_a_changed_template_is_pending_and_named_and_restarts_nothing(host, policy):
    template(host)
    host.declare('hello', template='ours', run={'auto_apply': policy})
    host.start()
    host.until_ready('hello')
    until(accepted(host, 'hello').exists)
    pid = host.pid('hello')
    template(host, limits={'open_files': 77}, description='in place, and waits all the same')
    status = until(lambda: host.status('hello')['pending'] and host.status('hello'))
    assert status['upstream'] == 'template ours' and host.pid('hello') == pid
    assert status['description'] == ''
    assert 'template ours changed' in host.ctl('status', 'hello').stdout
    assert 'template ours changed' in host.ctl('diff').stdout
    again(host)  # the next boot runs what was accepted, too
    status = host.until_ready('hello')
    assert status['upstream'] == 'template ours' and not status['stale']
    host.must_ctl('apply', '--yes')
    assert host.status('hello')['description'].startswith('in place')
    assert not host.status('hello')['pending']


def pending_since(host):
    return host.status('hello')['pending_since']


def test_since_when_something_waits_outlives_svcd(host):
    template(host)
    path = host.declare('hello', template='ours')
    sleeper(host, 'other')
    host.start()
    host.until_ready('hello')
    until(accepted(host, 'hello').exists)
    template(host, limits={'open_files': 77})
    since = until(lambda: pending_since(host))
    until(lambda: b'pending_us' in accepted(host, 'hello').read_bytes())
    again(host)
    assert until(lambda: pending_since(host)) == since
    declared = path.read_text(encoding='utf-8')
    path.unlink()  # an orphan waits for the same person, and has waited as long
    until(lambda: host.status('hello')['pending'][0]['effect'] == 'remove')
    assert pending_since(host) == since
    template(host)
    path.write_text(declared, encoding='utf-8')
    until(lambda: pending_since(host) is None)
    until(lambda: b'pending_us' not in accepted(host, 'hello').read_bytes())
    template(host, limits={'open_files': 78})
    assert until(lambda: pending_since(host)) > since


def test_a_template_that_says_the_same_in_other_words_changes_nothing(host):
    template(host)
    host.declare('hello', template='ours')
    host.start()
    until(accepted(host, 'hello').exists)
    before = accepted(host, 'hello').read_bytes()
    path = host.root / 'etc/svcd/templates/ours.yaml'
    path.write_text('# a word to the reader\n' + path.read_text(encoding='utf-8'), encoding='utf-8')
    until(lambda: accepted(host, 'hello').read_bytes() != before)  # pinned to the new words
    assert not host.status('hello')['pending']


def test_defaults_of_the_host_are_pinned_as_templates_are(host):
    sleeper(host)
    host.start()
    host.until_ready('hello')
    until(accepted(host, 'hello').exists)
    pid = host.pid('hello')
    host.host_file({'defaults': {'run': {'nice': 3}}})
    status = until(lambda: host.status('hello')['pending'] and host.status('hello'))
    assert status['upstream'] == 'defaults' and host.pid('hello') == pid


# ---- the watch

def test_forty_files_one_after_the_other_are_one_apply(host):
    host.start()
    before = count_reads(host)
    for number in range(40):
        sleeper(host, f's{number:02}')
        time.sleep(0.05)
    until(lambda: host.ctl('status', 's39').returncode == 0, within=20)
    assert all(host.ctl('status', f's{number:02}').returncode == 0 for number in (0, 17, 38))
    assert count_reads(host) - before == 1


def test_editors_and_half_written_files_do_not_get_in_between(host):
    path = sleeper(host)
    host.start()
    host.until_ready('hello')
    text = path.read_text(encoding='utf-8')
    with open(path, 'w', encoding='utf-8') as half:
        half.write('service: hel')
        half.flush()
        time.sleep(1.5)
        half.write(text.removeprefix('service: hel') + 'description: whole\n')
    until(lambda: host.status('hello')['description'] == 'whole')
    swap = host.services / '.hello.yaml.swp'
    swap.write_text('nonsense: 1\n', encoding='utf-8')
    beside = host.services / '.hello.yaml.new'
    beside.write_text(text + 'description: renamed\n', encoding='utf-8')
    beside.rename(path)
    until(lambda: host.status('hello')['description'] == 'renamed')
    assert 'refused' not in host.said()


def test_a_declaration_that_flips_every_moment_is_still_applied(host):
    sleeper(host)
    host.start()
    host.until_ready('hello')
    ended = threading.Event()

    def flip():
        turn = 0
        while not ended.wait(0.2):
            turn += 1
            sleeper(host, description=f'turn {turn}')
    writer = threading.Thread(target=flip)
    writer.start()
    try:
        until(lambda: host.status('hello')['description'].startswith('turn'), within=20)
    finally:
        ended.set()
        writer.join()
    last = yaml.safe_load((host.services / 'hello.yaml').read_text(encoding='utf-8'))['description']
    until(lambda: host.status('hello')['description'] == last)


def test_a_new_directory_of_templates_and_a_switched_link_are_noticed(host):
    host.declare('hello', template='ours')
    host.start()
    assert host.state('hello') == 'down'
    template(host)
    host.until_ready('hello')
    there = host.root / 'etc/svcd/release-2'
    there.mkdir()
    host.services.rename(host.root / 'etc/svcd/release-1')
    (there / 'other.yaml').write_text(
        (host.root / 'etc/svcd/release-1/hello.yaml').read_text(encoding='utf-8').replace('hello', 'other'),
        encoding='utf-8')
    host.services.symlink_to('release-2')
    until(lambda: host.ctl('status', 'other').returncode == 0)
    host.until_ready('other')


@pytest.mark.parametrize('what', ['fifo', 'directory', 'link', 'socket-name', 'huge', 'binary', 'writable'])
def test_what_is_no_good_file_refuses_itself_only(host, what):
    sleeper(host, 'other')
    host.start()
    host.until_ready('other')
    pid, path = host.pid('other'), host.services / 'hello.yaml'
    match what:
        case 'fifo':
            os.mkfifo(path)
        case 'directory':
            path.mkdir()
        case 'link':
            path.symlink_to('other.yaml')
        case 'socket-name':
            path = host.services / 'Hello World.yaml'
            path.write_text('service: x\n', encoding='utf-8')
        case 'huge':
            path.write_bytes(b'# ' + b'x' * (2 << 20))
        case 'binary':
            path.write_bytes(os.urandom(4096))
        case 'writable':
            sleeper(host).chmod(0o666)
    until(lambda: 'refused' in host.said(), within=20)
    assert host.pid('other') == pid and host.ready('other')
    hup(host)
    time.sleep(1)
    assert host.said().count('link' if what == 'link' else 'refused') < 4  # said once, not at each look


# ---- svcctl apply

def processor_ticks(pid):
    """Hundredths of a second that a process has worked."""
    words = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')', 1)[1].split()
    return int(words[11]) + int(words[12])


def test_svcd_sleeps_while_a_file_is_refused_of_which_nothing_runs(host):
    host.declare('idle', run={'command': ['/bin/sleep', '1000']})
    host.start()
    host.write('etc/svcd/services/broken.yaml', 'service: broken\n')
    until(lambda: 'broken: refused' in host.said())
    pid = host.engine_pid('svcd-supervisor')
    before = processor_ticks(pid)
    time.sleep(2)  # what is looked for is that nothing happens
    assert processor_ticks(pid) - before < 50


def reader_pid():
    for pid, _, _ in processes():
        with contextlib.suppress(OSError):
            if b'--read=' in pathlib.Path(f'/proc/{pid}/cmdline').read_bytes():
                return pid
    return None


def test_a_look_at_the_files_that_fails_is_repeated_by_itself(host):
    sleeper(host, 'first')
    host.start()
    host.until_ready('first')
    sleeper(host, 'second')

    end = time.monotonic() + 10
    while not (reader := reader_pid()):  # it is soon done: no pause
        assert time.monotonic() < end
    os.kill(reader, signal.SIGKILL)
    until(lambda: 'apply: ' in host.said())
    until(lambda: 'second: ready' in host.said())


def test_apply_reads_the_disk_once(host):
    sleeper(host)
    host.start()
    host.until_ready('hello')
    off(host)
    sleeper(host, run={'nice': 5})
    result = host.ctl('apply', '--yes')
    assert result.returncode == 0 and 'run.nice' in result.stdout and 'hello: applied' in result.stdout


def test_what_a_person_agreed_to_is_what_is_applied(host):
    off(host)
    sleeper(host)
    host.start()
    host.until_ready('hello')
    sleeper(host, description='shown')
    ask = host.network.in_it('script', '-qec', f'svcctl --root {host.root} apply', '/dev/null')
    with subprocess.Popen(ask, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as person:
        out = b''
        while b'[y/N]' not in out:
            out += os.read(person.stdout.fileno(), 4096)
        sleeper(host, description='written meanwhile')
        person.stdin.write(b'y\n')
        person.stdin.close()
        person.stdout.read()
        assert person.wait(20) == 0
    assert host.status('hello')['description'] == 'shown'


def test_what_was_shown_is_not_applied_when_somebody_else_was_faster(host):
    off(host)
    sleeper(host)
    host.start()
    host.until_ready('hello')
    sleeper(host, description='shown')
    shown = call(host, 'Apply', dry_run=True, keep=True)['shown']
    host.must_ctl('apply', '--yes')
    assert 'run `svcctl apply` again' in json.dumps(call(host, 'Apply', shown=shown))
    assert 'not kept' in json.dumps(call(host, 'Apply', shown=shown))


def call(host, method, **parameters):
    """One varlink call on the control socket; the parameters of the answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(host.root / 'run/svcd/control.sock'))
        client.sendall(json.dumps({'method': f'io.svcd.{method}', 'parameters': parameters}).encode() + b'\0')
        got = b''
        while not got.endswith(b'\0'):
            got += client.recv(65536)
    return json.loads(got[:-1])['parameters']


def test_many_applies_at_once_all_end(host):
    for number in range(5):
        sleeper(host, f's{number}')
    host.start()
    results = []

    def work(turn):
        sleeper(host, f's{turn % 5}', description=f'turn {turn}', run={'nice': turn % 3})
        results.append(host.ctl('apply', '--yes', timeout=60).returncode)
    workers = [threading.Thread(target=work, args=(turn,)) for turn in range(12)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(results) == 12 and set(results) <= {0, 1}  # 1: another command came in between
    host.must_ctl('apply', '--yes')
    assert applied_now(host)


def test_a_full_disk_is_said_and_made_good(host):
    must('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', host.root / 'var/lib')
    try:
        (host.root / 'var/lib/ballast').write_bytes(b'x' * 40000)
        sleeper(host)
        host.start()
        host.until_ready('hello')
        (host.root / 'var/lib/more').write_bytes(b'')
        try:
            (host.root / 'var/lib/more').write_bytes(b'x' * 65536)
        except OSError:
            pass
        sleeper(host, description='d' * 3000)
        until(lambda: 'what was accepted is not on disk' in host.said(), within=20)
        assert host.ready('hello')
        host.stop()
        (host.root / 'var/lib/more').unlink()
        (host.root / 'var/lib/ballast').unlink()
        host.start()
        until(accepted(host, 'hello').exists)
        assert b'ddd' in accepted(host, 'hello').read_bytes()
    finally:
        host.stop()
        must('umount', host.root / 'var/lib')


def test_what_a_full_disk_does_not_keep_is_not_done(host):
    must('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', host.root / 'var/lib')
    ballast = host.root / 'var/lib/ballast'
    try:
        sleeper(host)
        host.start()
        host.until_ready('hello')
        until(accepted(host, 'hello').exists)
        with contextlib.suppress(OSError):
            ballast.write_bytes(b'x' * 65536)
        stopped = host.ctl('stop', 'hello')
        assert stopped.returncode == 1 and 'hello: done, but it is not on disk' in stopped.stderr
        assert 'No space left' in host.status('hello')['wanted']['not_kept']
        assert 'No space left' in host.ctl('status', 'hello').stdout
        sleeper(host, description='d' * 3000)
        applied = host.ctl('apply', '--yes')
        assert applied.returncode == 1 and 'hello: done, but it is not on disk' in applied.stderr
        ballast.unlink()
        until(lambda: 'not_kept' not in host.status('hello')['wanted'], within=90)
        again(host)
        assert host.status('hello')['wanted']['value'] == 'down'
    finally:
        host.stop()
        must('umount', host.root / 'var/lib')


def test_a_supervisor_killed_at_any_moment_leaves_whole_files(host):
    for number in range(20):
        sleeper(host, f's{number:02}')
    host.start()
    for turn in range(8):
        for number in range(20):
            sleeper(host, f's{number:02}', description=f'turn {turn} ' + 'x' * 500)
        until(lambda: host.ctl('version').returncode == 0, within=30)
        pid = host.engine_pid('svcd-supervisor')
        with subprocess.Popen(host.network.in_it('svcctl', '--root', str(host.root), 'apply', '--yes'),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            time.sleep(0.1 * turn)
            os.kill(pid, signal.SIGKILL)
    until(lambda: host.ctl('status', 's19').returncode == 0, within=30)
    host.must_ctl('apply', '--yes')
    assert 'is ignored' not in host.said()
    files = sorted(one.name for one in pathlib.Path(accepted(host, '')).iterdir() if one.suffix != '.new')
    assert files == ['_host', *(f's{number:02}' for number in range(20))]
