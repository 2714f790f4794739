# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service prints is kept, whole and in order."""
import os
import shutil
import signal
import subprocess
import time

from busy import busy
from machine import PYTHON, until

COUNTER = ('import sys\n'
           'for n in range(int(sys.argv[1])):\n'
           '    print(f"{n:08d} " + "x" * 80)\n'
           'sys.stdout.flush()\n'
           'import time; time.sleep(1000)')


def counting(host, lines, **logs):
    host.declare('counter', run={'command': [PYTHON, '-c', COUNTER, str(lines)], 'user': 'web',
                                 'ready': {'by': 'started'}}, logs=logs)


def unpacked(path):
    if path.suffix == '.zst':
        return subprocess.run(['zstd', '-dcq', path], capture_output=True, check=True).stdout
    return path.read_bytes()


def numbers(host):
    """Every number that stands in the log files, in the order of the files."""
    folder = host.root / 'var/log/counter'
    found = []
    try:
        for path in sorted(folder.iterdir()):
            found += [int(line.split()[-2]) for line in unpacked(path).decode().splitlines()
                      if line.endswith(' ' + 'x' * 80)]
    except (FileNotFoundError, subprocess.CalledProcessError):
        return []  # not made yet, or packed or deleted while we looked: look again
    return found


def test_lines_are_kept_and_told(host):
    host.declare_web('hello', 8080, '--print-lines', '20', '--stderr', 'a word on stderr')
    host.start()
    host.until_ready('hello')
    until(lambda: 'line 19' in host.ctl('logs', '-n', '5', 'hello').stdout)
    text = host.must_ctl('logs', '-n', '100', 'hello')
    assert [line for line in text.splitlines() if 'line ' in line][0].endswith('line 0')
    assert 'a word on stderr' in text
    assert len(host.must_ctl('logs', '-n', '3', 'hello').splitlines()) == 3


def test_rotation_by_size_loses_nothing(host):
    counting(host, 60000, rotate={'size': '256K', 'keep': 100, 'compress': 'none'})
    host.start()
    until(lambda: len(numbers(host)) >= 60000, within=30)
    found = numbers(host)
    assert sorted(found) == list(range(60000))
    assert len(list((host.root / 'var/log/counter').iterdir())) > 10


def test_archives_are_compressed_and_capped(host):
    counting(host, 60000, rotate={'size': '256K', 'keep': 5, 'compress': 'zstd'})
    host.start()
    folder = host.root / 'var/log/counter'

    def kept():
        found = sorted(numbers(host))
        return found if found and found == list(range(found[0], 60000)) else None

    until(lambda: folder.exists() and len([p for p in folder.iterdir() if p.suffix == '.zst']) == 5
          and len(list(folder.iterdir())) == 6 and kept(), within=30)


def test_follow_sees_new_lines_and_survives_rotation(host):
    host.declare('ticker', run={'command': ['/bin/sh', '-c', 'n=0; while :; do echo tick $n; n=$((n+1)); sleep 0.01; done'],
                                'user': 'web', 'ready': {'by': 'started'}},
                 logs={'rotate': {'size': '1K', 'compress': 'none', 'keep': 100}})
    host.start()
    host.until_state('ticker', 'up')
    result = host.network.run('timeout', '3', 'svcctl', '--root', host.root, 'logs', '-f', '-n', '0', 'ticker')
    seen = [int(line.split()[-1]) for line in result.stdout.splitlines() if 'tick' in line]
    assert len(seen) > 20
    assert seen == list(range(seen[0], seen[0] + len(seen)))


def test_a_line_of_a_dead_service_is_still_told(host):
    host.declare('dies', run={'command': ['/bin/sh', '-c', 'echo last words; exit 1'], 'user': 'web',
                              'ready': {'by': 'started'}, 'restart': {'delay': '30s', 'delay_max': '30s'}})
    host.start()
    host.until_state('dies', 'waiting')
    until(lambda: 'last words' in host.ctl('logs', '-n', '5', 'dies').stdout)


def test_escape_sequences_are_shown_not_sent(host):
    host.declare('rude', run={'command': ['/bin/sh', '-c', r"printf 'a\033[2Jb\n'; sleep 1000"], 'user': 'web',
                              'ready': {'by': 'started'}})
    host.start()
    until(lambda: host.ctl('logs', '-n', '5', 'rude').stdout)
    shown = host.network.run('script', '-qec', f'svcctl --root {host.root} logs -n 5 rude', '/dev/null').stdout
    assert '\033[2J' not in shown and 'x1b' in shown


def test_the_service_never_sees_a_broken_pipe(host):
    host.declare_web('hello', 8080, '--print-lines', '400', '--print-every', '0.01')
    host.start()
    for _ in range(3):
        engine = until(lambda: host.engine_pid('svcd-log'))
        os.kill(engine, signal.SIGKILL)
        until(lambda: host.engine_pid('svcd-log') not in (None, engine))
    status = host.until_ready('hello', within=30)
    assert status['instances'][0]['restarts'] == 0
    until(lambda: 'line 399' in host.ctl('logs', '-n', '3', 'hello').stdout)


def test_quiet_services_are_heard_while_one_floods(host):
    host.declare('flood', run={'command': ['/bin/sh', '-c', 'timeout 4 yes a line that comes again and again; sleep 1000'],
                               'user': 'web', 'ready': {'by': 'started'}},
                 logs={'rotate': {'size': '16M', 'keep': 1, 'compress': 'none'}})
    host.declare('quiet', run={'command': [PYTHON, '-uc', 'import time\nwhile 1: print(time.time()); time.sleep(0.1)'],
                               'user': 'web', 'ready': {'by': 'started'}}, logs={'timestamp': 'none'})
    host.start()
    log = host.root / 'var/log/quiet/main.log'
    flooded = host.root / 'var/log/flood/main.log'
    until(lambda: flooded.exists() and flooded.stat().st_size > 1 << 20)
    until(lambda: log.exists() and log.read_text().endswith('\n'))
    for _ in range(5):
        began = time.time()
        until(lambda: float(log.read_text().split()[-1]) >= began, within=2 * busy())


def test_a_log_directory_that_is_replaced_leads_nowhere(host):
    host.declare('ticker', run={'command': ['/bin/sh', '-c', 'while :; do echo tick; sleep 0.02; done'],
                                'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    folder = host.root / 'var/log/ticker'
    until(lambda: (folder / 'main.log').exists())
    elsewhere = host.root / 'elsewhere'
    elsewhere.mkdir()
    folder.rename(folder.with_name('moved'))
    folder.symlink_to(elsewhere)
    size = (folder.with_name('moved') / 'main.log').stat().st_size
    until(lambda: (folder.with_name('moved') / 'main.log').stat().st_size > size)
    assert not list(elsewhere.iterdir())
    assert host.state('ticker') == 'up'


def test_a_reader_that_sleeps_ten_seconds_loses_no_line(host):
    counting(host, 5000)
    host.start()
    engine = until(lambda: host.engine_pid('svcd-log'))
    until(lambda: len(numbers(host)) == 5000)
    os.kill(engine, signal.SIGSTOP)
    try:
        host.ctl('restart', 'counter', timeout=3)
    except subprocess.TimeoutExpired:
        pass
    finally:
        os.kill(engine, signal.SIGCONT)
    host.until_state('counter', 'up', within=20)
    until(lambda: len(numbers(host)) == 10000, within=20)
    assert sorted(numbers(host)) == sorted(list(range(5000)) * 2)


def test_lines_are_for_root_and_the_members_of_the_access_group(host):
    host.declare('secret', access={'group': 'games'},
                 run={'command': ['/bin/sh', '-c', 'echo a secret word; sleep 1000'], 'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    until(lambda: 'a secret word' in host.ctl('logs', '-n', '5', 'secret').stdout)

    def asked(*groups):
        return host.network.run('setpriv', '--reuid', 'nobody', '--regid', 'nogroup', *groups,
                                'svcctl', '--root', host.root, 'logs', '-n', '5', 'secret')
    assert 'a secret word' in asked('--groups', 'games').stdout
    refused = asked('--clear-groups')
    assert refused.returncode != 0 and 'a secret word' not in refused.stdout
    assert 'games' in refused.stderr, refused.stderr


def test_a_log_directory_that_is_gone_is_told_and_made_again_at_the_next_start(host):
    host.declare('ticker', run={'command': ['/bin/sh', '-c', 'while :; do echo tick; sleep 0.02; done'],
                                'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    folder = host.root / 'var/log/ticker'
    until(lambda: (folder / 'main.log').exists())
    shutil.rmtree(folder)
    until(lambda: 'ticker: log: log directory' in host.said(), within=8)
    host.must_ctl('restart', 'ticker')
    until(lambda: (folder / 'main.log').exists())
