# SPDX-License-Identifier: GPL-2.0-or-later
"""svcctl, the real program, against a scripted svcd: what it asks, prints and exits with."""
import json
import os
import pathlib
import pty
import select
import socket
import subprocess
import sys
import time

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).parent), str(pathlib.Path(__file__).resolve().parents[1])]
from busy import busy  # noqa: E402
from fake import Fake  # noqa: E402

SVCCTL = os.environ['SVCCTL']
TOP = pathlib.Path(__file__).resolve().parents[2]
SHARE = TOP / 'templates'
GOLDEN = TOP / 'tests/golden/ctl'


@pytest.fixture(name='fake')
def _fake(tmp_path):
    fake = Fake(tmp_path)
    fake.listen()
    yield fake
    fake.close()


def ctl(root, *words, **options):
    env = {**os.environ, 'SVCD_SHARE': str(SHARE), **options.pop('env', {})}
    return subprocess.run([SVCCTL, '--root', root, *map(str, words)], env=env, text=True, check=False,
                          capture_output=True, timeout=30, stdin=subprocess.DEVNULL, **options)


def document(name, **more):
    status = json.loads((GOLDEN / 'status/up-and-ready.json').read_text(encoding='utf-8'))['status']
    return {**status, 'service': name, **more}


def on_terminal(root, *words, typed=b'', seconds=10):
    """What a person at an 80-column terminal sees (raw bytes), and the exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(SVCD_SHARE=str(SHARE), TERM='xterm', COLUMNS='80')
        os.environ.pop('NO_COLOR', None)
        os.execv(SVCCTL, [SVCCTL, '--root', str(root), *words])
    seen = b''
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            got = os.read(fd, 65536)
        except OSError:
            break
        if not got:
            break
        seen += got
        if typed and b'[y/N]' in seen:
            os.write(fd, typed)
            typed = b''
    os.close(fd)
    _, status = os.waitpid(pid, 0)
    return seen, os.waitstatus_to_exitcode(status)


# ---- status

@pytest.mark.parametrize('state, wanted', [('up', 0), ('starting', 0), ('stopping', 0), ('waiting', 1),
                                           ('failed', 1), ('down', 3), ('done', 3)])
def test_status_exits_as_lsb_says(fake, tmp_path, state, wanted):
    fake.script['Status'] = [{'services': [document('mathoid', state=state)]}]
    result = ctl(tmp_path, 'status', 'mathoid')
    assert result.returncode == wanted and 'mathoid' in result.stdout and not result.stderr
    assert fake.asked[0] == ('Status', {'names': ['mathoid'], 'tag': None}, False)


def test_the_worst_of_several_is_the_exit_status(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('a', state='down'), document('b', state='failed'),
                                           document('c')]}]
    assert ctl(tmp_path, 'status', 'a', 'b', 'c').returncode == 1


def test_an_unknown_name_is_4_with_a_suggestion_and_no_data(fake, tmp_path):
    fake.script['Status'] = ('io.svcd.NotFound', {'name': 'mathiod', 'suggestion': 'mathoid'})
    result = ctl(tmp_path, 'status', 'mathiod')
    assert result.returncode == 4 and 'did you mean "mathoid"' in result.stderr and not result.stdout


def test_a_tag_is_asked_as_a_tag(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('a'), document('b')]}]
    assert ctl(tmp_path, 'status', '@front').returncode == 0
    assert fake.asked[0][1] == {'names': [], 'tag': 'front'}
    assert ctl(tmp_path, 'status', '@front', 'a').returncode == 2


def test_the_log_tail_is_shown_and_not_waited_for(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid')]}]
    fake.script['Logs'] = [{'lines': [{'at': '2026-11-23T05:59:58.004Z', 'text': 'first'}]},
                           {'lines': [{'at': '2026-11-23T05:59:59.004Z', 'text': 'second'}]}]
    text = ctl(tmp_path, 'status', 'mathoid').stdout
    assert '05:59:58 first' in text and '05:59:59 second' in text
    fake.script['Logs'] = 'silence'
    began = time.monotonic()
    assert ctl(tmp_path, 'status', 'mathoid').returncode == 0
    assert time.monotonic() - began < 3 * busy()


def test_json_is_the_document_for_one_and_a_list_for_all(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid')]}]
    assert json.loads(ctl(tmp_path, '--json', 'status', 'mathoid').stdout) == document('mathoid')
    assert json.loads(ctl(tmp_path, 'status', '--json').stdout) == [document('mathoid')]


def test_without_names_there_is_a_table_and_list_has_names(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid'), document('hello', state='failed')]}]
    result = ctl(tmp_path, 'status')
    assert result.returncode == 0 and len(result.stdout.splitlines()) == 3
    assert ctl(tmp_path, 'list', '--names').stdout == 'mathoid\nhello\n'


def test_colour_is_for_terminals_only(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid')]}]
    assert '\033' not in ctl(tmp_path, 'status').stdout
    seen, rc = on_terminal(tmp_path, 'status')
    assert rc == 0 and b'\033[32m' in seen
    assert b'\033' not in on_terminal(tmp_path, '--no-color', 'status')[0]


def test_watch_paints_again(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid')]}]
    process = subprocess.Popen([SVCCTL, '--root', tmp_path, 'status', '--watch'], stdout=subprocess.PIPE, text=True)
    seen = [process.stdout.readline() for _ in range(4)]
    process.terminate()
    process.wait(5)
    assert seen[0] == seen[2] and 'mathoid' in seen[1] and 'mathoid' in seen[3]


# ---- who answers

def test_nobody_there_is_7(tmp_path):
    for verb in (['status'], ['list'], ['start', 'a'], ['stop', '--all'], ['restart', 'a'], ['reload', 'a'],
                 ['kill', 'a'], ['events'], ['logs', 'a'], ['diff'], ['apply', '--yes'], ['reexec'], ['version']):
        result = ctl(tmp_path, *verb)
        assert result.returncode == 7, verb
        assert 'nobody listens' in result.stderr


def test_sockets_that_listen_and_do_not_answer_are_7_soon(tmp_path):
    """The keeper holds them while the supervisor is stuck: connect(2) succeeds, nobody reads."""
    run = tmp_path / 'run/svcd'
    run.mkdir(parents=True)
    deaf = []
    for name in ('control.sock', 'health.sock', 'log.sock'):
        deaf.append(socket.socket(socket.AF_UNIX))
        deaf[-1].bind(str(run / name))
        deaf[-1].listen(64)
    verbs = (['status'], ['list'], ['start', 'a'], ['stop', '--all'], ['restart', 'a'], ['reload', 'a'],
             ['kill', 'a'], ['events'], ['events', '-f'], ['logs', 'a'], ['logs', '-f', 'a'], ['diff'],
             ['apply', '--yes'], ['reexec'], ['version'], ['check'])
    running = {tuple(verb): subprocess.Popen([SVCCTL, '--root', tmp_path, *verb], text=True, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, stderr=subprocess.PIPE) for verb in verbs}
    try:
        for verb, process in running.items():
            said, complained = process.communicate(timeout=20)
            if verb == ('check',):
                assert process.returncode == 3 and 'does not answer' in said
                continue
            assert process.returncode == 7, verb
            assert 'does not answer' in complained and complained.count('\n') == 1, verb
            assert said.startswith('svcctl ') if verb == ('version',) else not said, verb
    finally:
        for process in running.values():
            process.kill()
            process.wait()
        for one in deaf:
            one.close()


def test_an_act_may_take_its_time_while_svcd_lives(fake, tmp_path):
    def slowly(_):
        time.sleep(6)
        return [{'results': [{'service': 'a', 'ok': True, 'reason': ''}]}]
    fake.script['Stop'] = slowly
    assert ctl(tmp_path, 'stop', 'a').returncode == 0
    assert any('GetInfo' in method for method, _, _ in fake.asked), 'it looked whether svcd lives'


def test_one_that_hangs_up_is_7_and_not_allowed_is_5(fake, tmp_path):
    fake.script['Restart'] = 'hang up'
    assert ctl(tmp_path, 'restart', 'a').returncode == 7
    fake.script['Restart'] = ('io.svcd.NotAllowed', {'reason': 'only members of hello-admins may'})
    result = ctl(tmp_path, 'restart', 'a')
    assert result.returncode == 5 and 'hello-admins' in result.stderr


@pytest.mark.parametrize('answer', [b'nonsense\0', b'[]\0', b'{"parameters":[]}\0'])
def test_an_answer_that_is_none_is_an_error_and_no_crash(fake, tmp_path, answer):
    fake.script['Version'] = answer
    assert ctl(tmp_path, 'version').returncode == 7


@pytest.mark.parametrize('services', [None, 7, 'x', {}, [None], [7], [{'service': 5, 'instances': 'x'}]])
def test_a_document_of_another_shape_is_no_crash(fake, tmp_path, services):
    fake.script['Status'] = [{'services': services}]
    for words in (['status'], ['status', 'a'], ['list', '--names'], ['--json', 'status', 'a']):
        result = ctl(tmp_path, *words)
        assert result.returncode in (0, 1, 3) and 'Sanitizer' not in result.stderr


def test_a_root_deeper_than_a_socket_address_is_reached(tmp_path):
    root = tmp_path / ('x' * 60) / ('y' * 60)
    root.mkdir(parents=True)
    before = os.getcwd()
    os.chdir(root)
    fake = Fake(root)
    fake.script['Version'] = [{'version': '0.1.0', 'engines': []}]
    try:
        fake.listen()
    finally:
        os.chdir(before)
    assert ctl(root, 'version').returncode == 0
    fake.close()


# ---- acts

def test_acts_ask_what_was_said(fake, tmp_path):
    for verb in ('start', 'stop', 'restart', 'reload'):
        fake.script[verb.capitalize()] = [{'service': 'a', 'text': 'on its way'},
                                          {'results': [{'service': 'a', 'ok': True, 'reason': ''}]}]
        result = ctl(tmp_path, verb, 'a', '--reason', 'because')
        assert result.returncode == 0 and result.stdout.startswith('a: ') and 'on its way' in result.stderr
    assert fake.asked[-1] == ('Reload', {'names': ['a'], 'tag': None, 'all': False, 'reason': 'because',
                                         'wait': True}, True)
    ctl(tmp_path, 'stop', '--all', '--no-wait')
    assert fake.asked[-1][1] == {'names': [], 'tag': None, 'all': True, 'reason': None, 'wait': False}


def test_one_failure_is_1_and_said_on_stderr(fake, tmp_path):
    fake.script['Start'] = [{'results': [{'service': 'a', 'ok': True, 'reason': ''},
                                         {'service': 'b', 'ok': False, 'reason': 'not ready within 60s'}]}]
    result = ctl(tmp_path, 'start', 'a', 'b')
    assert result.returncode == 1 and result.stdout == 'a: started\n' and 'b: not ready' in result.stderr
    answer = json.loads(ctl(tmp_path, '--json', 'start', 'a', 'b').stdout)
    assert answer['results'][1]['ok'] is False


def test_progress_on_a_terminal_is_one_line_written_over(fake, tmp_path):
    fake.script['Restart'] = [{'service': 'a', 'text': 'stopping'}, {'service': 'a', 'text': 'starting' + 'g' * 200},
                              {'results': [{'service': 'a', 'ok': True, 'reason': ''}]}]
    seen, rc = on_terminal(tmp_path, 'restart', 'a')
    assert rc == 0 and seen.count(b'\n') == 1 and seen.count(b'\r\033[K') == 3
    assert b'g' * 90 not in seen and seen.endswith(b'a: restarted\r\n')


def test_nothing_named_never_means_everything(fake, tmp_path):
    for verb in ('start', 'stop', 'restart', 'reload', 'kill'):
        assert ctl(tmp_path, verb).returncode == 2
    assert ctl(tmp_path, 'stop', '--all', 'a').returncode == 2
    assert not fake.asked


@pytest.mark.parametrize('said, sent', [('HUP', 'HUP'), ('sighup', 'HUP'), ('1', 'HUP'), (None, 'TERM')])
def test_kill_knows_signals_by_any_name(fake, tmp_path, said, sent):
    fake.script['Kill'] = [{'results': [{'service': 'a', 'ok': True, 'reason': ''}]}]
    assert ctl(tmp_path, 'kill', *(['-s', said] if said else []), 'a').returncode == 0
    assert fake.asked[0][1] == {'names': ['a'], 'signal': sent}


def test_kill_refuses_what_is_no_signal(fake, tmp_path):
    for said in ('HUPP', '0', '99', '-1', ''):
        assert ctl(tmp_path, 'kill', f'--signal={said}', 'a').returncode == 2
    assert not fake.asked


# ---- reexec

def version(pid):
    return [{'version': '9.9', 'build': '9.9', 'pid': pid, 'since': '2026-01-01T00:00:00Z', 'engines': []}]


@pytest.mark.parametrize('answer', [[{}], 'hang up'])
def test_reexec_is_done_when_another_answers(fake, tmp_path, answer):
    """Its answer, or a connection that ends: who is replaced cannot always say so."""
    asked = []

    def who(_):
        asked.append(1)
        return version(17 if len(asked) < 4 else 18)
    fake.script['Version'] = who
    fake.script['Reexec'] = answer
    result = ctl(tmp_path, 'reexec')
    assert result.returncode == 0 and not result.stderr
    assert result.stdout == 'svcd 9.9 took over, svcd-supervisor is pid 18\n'
    assert len(asked) == 4
    asked.clear()
    assert json.loads(ctl(tmp_path, 'reexec', '--json').stdout)['pid'] == 18


def test_reexec_says_why_svcd_does_not(fake, tmp_path):
    fake.script['Version'] = version(17)
    fake.script['Reexec'] = ('io.svcd.Failed', {'reason': '/usr/sbin/svcd --version ends with exit 127'})
    result = ctl(tmp_path, 'reexec')
    assert result.returncode == 1 and 'ends with exit 127' in result.stderr


# ---- check

def check_answer(status):
    words = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']
    return [{'status': status, 'text': f'SVC {words[status]} - said', 'long': ['[OK] one'],
             'perfdata': 'up=1;;;0;', 'age_us': 5}]


@pytest.mark.parametrize('status', [0, 1, 2, 3])
def test_check_is_a_nagios_plugin(fake, tmp_path, status):
    fake.script['Check'] = check_answer(status)
    result = ctl(tmp_path, 'check', 'mathoid')
    assert result.returncode == status and not result.stderr
    assert result.stdout.splitlines()[0].endswith('said|up=1;;;0;')
    assert ctl(tmp_path, 'check', '--binary').returncode == (0 if status < 2 else 1)


def test_check_is_unknown_whatever_is_wrong_and_says_it_on_stdout(fake, tmp_path):
    fake.script['Check'] = 'silence'
    result = ctl(tmp_path, 'check', '-t', '1')
    assert result.returncode == 3 and result.stdout.startswith('SVC UNKNOWN - ')
    fake.script['Check'] = ('io.svcd.NotFound', {'name': 'x|y', 'suggestion': 'z'})
    result = ctl(tmp_path, 'check', 'x|y')
    assert result.returncode == 3 and '|' not in result.stdout and 'did you mean z' in result.stdout
    fake.script['Check'] = [{**check_answer(0)[0], 'status': 17}]
    assert ctl(tmp_path, 'check').returncode == 3
    assert ctl(tmp_path, 'check', '--nonsense').returncode == 3
    assert ctl(tmp_path, 'check', '-w', '5').returncode == 3
    assert ctl(tmp_path / 'nowhere', 'check').returncode == 3


def test_check_hands_its_question_over(fake, tmp_path):
    fake.script['Check'] = check_answer(0)
    ctl(tmp_path, 'check', 'a', '-v', '--metric', 'fds', '-w', '10', '-c', '@5:7')
    assert fake.asked[0][1] == {'name': 'a', 'all': False, 'host': False, 'verbose': True, 'metric': 'fds',
                                'warning': '10', 'critical': '@5:7'}


# ---- logs, events

LINES = [{'lines': [{'service': 'a', 'instance': 1, 'stream': 'stdout', 'at': '2026-11-23T05:59:58.004Z',
                     'level': 'info', 'text': 'one \033[2J'}]},
         {'lines': [{'service': 'b', 'instance': 2, 'stream': 'stderr', 'at': '2026-11-23T05:59:59.004Z',
                     'level': 'error', 'text': 'two'}]}]


def test_logs_are_lines_as_they_were(fake, tmp_path):
    fake.script['Logs'] = LINES
    assert ctl(tmp_path, 'logs', 'a').stdout == 'one \033[2J\ntwo\n'
    assert ctl(tmp_path, 'logs', 'a', 'b').stdout == 'a/1: one \033[2J\nb/2: two\n'
    short = ctl(tmp_path, 'logs', '-o', 'short', 'a').stdout.splitlines()
    assert short[1] == '2026-11-23T05:59:59.004Z b/2 two'
    assert [json.loads(line)['text'] for line in ctl(tmp_path, '--json', 'logs', 'a').stdout.splitlines()] == [
        'one \033[2J', 'two']


def test_a_terminal_is_shown_control_characters(fake, tmp_path):
    fake.script['Logs'] = LINES
    seen, rc = on_terminal(tmp_path, 'logs', 'a')
    assert rc == 0 and b'one \\x1b[2J' in seen and b'\033' not in seen


def test_logs_pass_on_what_was_asked(fake, tmp_path):
    fake.script['Logs'] = LINES
    ctl(tmp_path, 'logs', '-n', '7', '--since', '2026-11-23 05:00', '--until=2026-11-23T06:00:00Z', '--grep', 'x+',
        '-l', 'warning', '--stream', 'stderr', 'a')
    assert fake.asked[0] == ('Logs', {
        'names': ['a'], 'lines': 7, 'follow': False, 'since': '2026-11-23T05:00:00.000Z',
        'until': '2026-11-23T06:00:00.000Z', 'grep': 'x+', 'level': 'warning', 'stream': 'stderr'}, True)
    for wrong in (['--since', 'soon'], ['-n', 'x'], ['-n', '-1'], ['-o', 'xml'], ['-n'], []):
        assert ctl(tmp_path, 'logs', *wrong, *(['a'] if wrong not in ([], ['-n']) else [])).returncode == 2


def test_events_say_who(fake, tmp_path):
    fake.script['Events'] = [{'events': [
        {'at': '2026-11-23T05:59:58.004Z', 'service': 'a', 'instance': None, 'event': 'restart', 'level': 'info',
         'text': 'restart asked for', 'uid': 0},
        {'at': '2026-11-23T05:59:59.004Z', 'service': None, 'instance': None, 'event': 'engine', 'level': 'warning',
         'text': 'svcd-log started again', 'uid': None}]}]
    lines = ctl(tmp_path, 'events', '-n', '2', 'a').stdout.splitlines()
    assert lines[0].split() == ['2026-11-23T05:59:58.004Z', 'a', 'restart', 'restart', 'asked', 'for', '(by', 'root)']
    assert lines[1].split()[1] == 'svcd'
    assert fake.asked[0][1] == {'names': ['a'], 'lines': 2, 'follow': False}


# ---- diff, apply

CHANGES = json.loads((GOLDEN / 'diff/all-kinds.json').read_text(encoding='utf-8'))
DONE = [{'service': 'mathoid', 'text': 'restarting'}, {'results': [{'service': 'mathoid', 'ok': True, 'reason': ''}]}]


def test_diff_is_1_when_something_is_refused(fake, tmp_path):
    fake.script['Diff'] = [{'changes': CHANGES}]
    result = ctl(tmp_path, 'diff')
    assert result.returncode == 1 and '60s → 30s' in result.stdout
    fake.script['Diff'] = [{'changes': CHANGES[:2]}]
    assert ctl(tmp_path, 'diff').returncode == 0
    fake.script['Diff'] = [{'changes': []}]
    result = ctl(tmp_path, 'diff')
    assert result.returncode == 0 and not result.stdout and 'nothing to change' in result.stderr


def apply_script(changes):
    return lambda asked: [{'changes': changes, 'shown': '17'}] if asked.get('dry_run') else [
        {'changes': changes}, *DONE]


def test_apply_needs_a_yes_from_somebody(fake, tmp_path):
    fake.script['Apply'] = apply_script(CHANGES[:1])
    result = ctl(tmp_path, 'apply')
    assert result.returncode == 2 and '--yes' in result.stderr and '60s → 30s' in result.stdout
    assert on_terminal(tmp_path, 'apply', typed=b'n\n')[1] == 1
    assert fake.asked == [('Apply', {'names': [], 'remove': [], 'dry_run': True, 'keep': keep}, False)
                          for keep in (False, True)]


def test_apply_applies_what_it_showed(fake, tmp_path):
    fake.script['Apply'] = apply_script(CHANGES[:1])
    said, code = on_terminal(tmp_path, 'apply', typed=b'y\n')
    assert code == 0 and said.count(b'60s') == 1
    assert [asked[1:] for asked in fake.asked] == [
        ({'names': [], 'remove': [], 'dry_run': True, 'keep': True}, False),
        ({'names': [], 'shown': '17'}, True)]


def test_apply_removes_what_is_named_and_shows_it_first(fake, tmp_path):
    fake.script['Apply'] = apply_script([{'service': 'old', 'kind': 'removed', 'changes': [], 'problems': []}])
    result = ctl(tmp_path, 'apply', '--yes', '--remove', 'old', '--remove=older')
    assert result.returncode == 0 and 'old: it will be stopped and removed' in result.stdout
    assert fake.asked == [('Apply', {'names': [], 'remove': ['old', 'older']}, True)]  # it is read once


def test_apply_is_1_when_something_is_refused(fake, tmp_path):
    fake.script['Apply'] = apply_script(CHANGES)
    assert ctl(tmp_path, 'apply', '--yes').returncode == 1
    assert ctl(tmp_path, 'apply', '--dry-run').returncode == 1
    assert fake.asked[-1][1]['dry_run'] is True


def test_apply_tells_who_may_not_before_anything_else(fake, tmp_path):
    fake.script.update(Diff=[{'changes': []}], Apply=('io.svcd.NotAllowed', {'reason': 'only root may'}))
    result = ctl(tmp_path, 'apply', '--yes')
    assert result.returncode == 5 and 'only root' in result.stderr and not result.stdout


def test_apply_without_changes_acts_not(fake, tmp_path):
    fake.script['Apply'] = apply_script([])
    result = ctl(tmp_path, 'apply')
    assert result.returncode == 0 and 'nothing to change' in result.stderr and len(fake.asked) == 1


# ---- off-line

GOOD = '''service: hello
run: {command: [/bin/sleep, "1000"], ready: {by: started}}
'''


def services(root, **files):
    folder = root / 'etc/svcd/services'
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f'{name}.yaml').write_text(text, encoding='utf-8')
    return folder


def test_validate_tells_each_file(tmp_path):
    folder = services(tmp_path, hello=GOOD, bad='service: bad\nrun: {comand: [x]}\n')
    result = ctl(tmp_path, 'validate', folder / 'hello.yaml')
    assert result.returncode == 0 and result.stdout.endswith('hello.yaml: ok\n'), result
    result = ctl(tmp_path, 'validate', folder / 'hello.yaml', folder / 'bad.yaml')
    assert result.returncode == 1 and 'hello.yaml: ok' in result.stdout
    assert 'bad.yaml:2:' in result.stdout and 'command' in result.stdout
    assert ctl(tmp_path, 'validate', folder / 'nothing.yaml').returncode == 1


def test_validate_takes_directories_templates_and_the_host_s_files(tmp_path):
    etc = tmp_path / 'new'
    (etc / 'templates').mkdir(parents=True)
    (etc / 'services').mkdir()
    (etc / 'services/hello.yaml').write_text(GOOD, encoding='utf-8')
    (etc / 'templates/mine.yaml').write_text('limits: {tasks: 5}\n', encoding='utf-8')
    (etc / 'site.yaml').write_text('networks: {A: [192.0.2.0/24]}\n', encoding='utf-8')
    result = ctl(tmp_path, 'validate', etc)
    assert result.returncode == 0, result
    assert [line.split('/')[-1] for line in result.stdout.splitlines()] == [
        'site.yaml: ok', 'mine.yaml: ok', 'hello.yaml: ok']
    (etc / 'svcd.yaml').write_text('firewall: {mode: ad}\n', encoding='utf-8')
    (etc / 'templates/mine.yaml').write_text('limits: {task: 5}\n', encoding='utf-8')
    result = ctl(tmp_path, 'validate', etc)
    assert result.returncode == 1 and not result.stderr, result
    assert 'svcd.yaml:1:18: firewall.mode: ' in result.stdout
    assert 'mine.yaml:1:10: limits.task: ' in result.stdout
    assert 'hello.yaml: ok' in result.stdout
    (tmp_path / 'nothing').mkdir()
    result = ctl(tmp_path, 'validate', tmp_path / 'nothing')
    assert result.returncode == 1 and 'no file here ends in .yaml' in result.stderr


def test_validate_needs_no_host(tmp_path):
    file = tmp_path / 'hello.yaml'
    file.write_text(GOOD, encoding='utf-8')
    result = ctl(tmp_path / 'nowhere', 'validate', file)
    assert result.returncode == 0 and not result.stderr


def test_show_is_the_whole_declaration_with_origins(tmp_path):
    folder = services(tmp_path, hello=GOOD)
    shown = ctl(tmp_path, 'show', 'hello')
    assert shown.returncode == 0 and 'hello.yaml' in shown.stdout and 'default' in shown.stdout
    assert ctl(tmp_path, 'show', folder / 'hello.yaml').stdout == shown.stdout
    assert json.loads(ctl(tmp_path, '--json', 'show', 'hello').stdout)['service'] == 'hello'
    result = ctl(tmp_path, 'show', 'helo')
    assert result.returncode == 1 and 'did you mean "hello"' in result.stderr


def test_schema_is_one(tmp_path):
    assert 'run' in json.loads(ctl(tmp_path, 'schema').stdout)['properties']


def test_firewall_show_is_nft_text(tmp_path):
    services(tmp_path, web='''service: web
run: {command: [/bin/sleep, "1000"]}
listen: [{name: http, port: 8080}]
firewall: {allow: [{port: http, from: [192.0.2.0/24]}]}
''')
    result = ctl(tmp_path, 'firewall', 'show', 'web')
    assert result.returncode == 0 and '8080' in result.stdout and '192.0.2.0/24' in result.stdout, result
    assert ctl(tmp_path, 'firewall', 'show', 'wep').returncode == 1
    assert ctl(tmp_path, 'firewall', 'shoe').returncode == 2


# ---- words

def test_wrong_words_are_2_with_the_nearest_right_one(tmp_path):
    result = ctl(tmp_path, 'restat', 'a')
    assert result.returncode == 2 and 'did you mean "restart"' in result.stderr
    result = ctl(tmp_path, 'logs', '--folow', 'a')
    assert result.returncode == 2 and '--follow' in result.stderr
    for words in ([], ['status', '-Z'], ['show'], ['show', 'a', 'b'], ['schema', 'x'], ['status', '--json=1']):
        assert ctl(tmp_path, *words).returncode == 2, words
    assert ctl('relative', 'status').returncode == 2


def test_help_is_golden(tmp_path):
    verbs = [line.split('\t')[0] for line in ctl(tmp_path, '--words', 'verbs').stdout.splitlines()]
    assert len(verbs) >= 17
    for name, words in [('svcctl', ['--help'])] + [(verb, [verb, '--help']) for verb in verbs]:
        text = ctl(tmp_path, *words).stdout
        path = GOLDEN / f'help/{name}.ok'
        if os.environ.get('GOLDEN') == 'renew':
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding='utf-8')
        assert text == path.read_text(encoding='utf-8')
        assert all(len(line) <= 80 for line in text.splitlines())


def test_options_stand_anywhere_and_end_with_two_dashes(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('-x')]}]
    assert ctl(tmp_path, 'status', '--', '-x').returncode == 0
    assert fake.asked[0][1]['names'] == ['-x']
    assert ctl(tmp_path, 'status', '-x').returncode == 2


# ---- completion

def complete(tmp_path, *words):
    """What bash offers for the last of `words`."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; '
              '_svcctl; printf "%s\\n" "${COMPREPLY[@]}"')
    folder = tmp_path / 'bin'
    folder.mkdir(exist_ok=True)
    if not (folder / 'svcctl').exists():
        (folder / 'svcctl').symlink_to(SVCCTL)
    result = subprocess.run(['bash', '-c', script, 'bash', TOP / 'ctl/completion/svcctl.bash', *map(str, words)],
                            env={**os.environ, 'PATH': f'{folder}:{os.environ["PATH"]}'}, text=True, check=False,
                            capture_output=True, timeout=20)
    assert not result.stderr
    return result.stdout.split()


def test_words_complete(fake, tmp_path):
    fake.script['Status'] = [{'services': [document('mathoid'), document('hello')]}]
    assert complete(tmp_path, 'svcctl', 'sta') == ['status', 'start']
    assert complete(tmp_path, 'svcctl', '--root', tmp_path, 'status', 'ma') == ['mathoid']
    assert complete(tmp_path, 'svcctl', 'logs', '--fo') == ['--follow']
    assert complete(tmp_path, 'svcctl', 'logs', '-o', 'j') == ['json']
    assert complete(tmp_path, 'svcctl', 'kill', '-s', 'SIGHU') == ['SIGHUP']
