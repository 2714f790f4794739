# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service may use, see and do: each key below `limits` and `security`, on a real process.

The service is its own witness: it is asked Python expressions at its start, and prints the answers.
What /proc tells about it from outside is asked as well.
"""
import contextlib
import json
import os
import pathlib
import pwd
import shutil

import pytest

from machine import PYTHON, cgroup_of, must, until

WITNESS = r'''
import ctypes, errno, glob, json, os, pathlib, pty, resource, signal, socket, subprocess, sys
from multiprocessing import shared_memory
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    """A system call by number: its result, or the name of its error."""
    r = libc.syscall(*[ctypes.c_long(word) for word in words])
    return r if r >= 0 else errno.errorcode[ctypes.get_errno()]
def write(path, text="x"):
    pathlib.Path(path).write_text(text)
    return "written"
def says(*argv):
    return subprocess.run(argv, capture_output=True, text=True).stdout.strip()
def answer(question):
    try:
        return eval(question)
    except OSError as error:
        return errno.errorcode[error.errno]
    except Exception as error:
        return type(error).__name__
print("ANSWERS " + json.dumps([answer(question) for question in json.loads(sys.argv[1])]), flush=True)
while True:
    signal.pause()
'''
PTRACE_ATTACH = 16
SYSCALL = {'ptrace': 101, 'mount': 165, 'reboot': 169, 'init_module': 175, 'bpf': 321, 'nobody_has_it': 9999}


def declare(host, name, questions, **keys):
    settings = {'command': [PYTHON, '-c', WITNESS, json.dumps(questions)], 'user': 'web',
                'ready': {'by': 'started'}, **keys.pop('run', {})}
    host.declare(name, run=settings, **keys)


def answers(host, name, start=0):
    """What the witness said, once it did; `start` answers of former processes are skipped."""
    log = host.root / f'var/log/{name}/main.log'

    def lines():
        text = log.read_text(encoding='utf-8') if log.exists() else ''
        found = [line.split('ANSWERS ', 1)[1] for line in text.splitlines() if 'ANSWERS ' in line]
        return found[start:] if len(found) > start else None
    try:
        return json.loads(until(lines, within=20)[0])
    except AssertionError:
        raise AssertionError(f'{name} says nothing: {json.dumps(host.status(name))}') from None


def tells(host, questions, **keys):
    """Declares a witness, starts svcd, and gives its answers."""
    declare(host, 'witness', questions, **keys)
    host.start()
    return answers(host, 'witness')


def of_process(host, name, file):
    return pathlib.Path(f'/proc/{host.pid(name)}/{file}').read_text(encoding='utf-8')


def status_field(host, name, field):
    lines = of_process(host, name, 'status').splitlines()
    return next(line.split(':', 1)[1].strip() for line in lines if line.startswith(f'{field}:'))


def mounts(pid='self'):
    """(mount point, its options, file system, that one's options) of each mount."""
    for line in pathlib.Path(f'/proc/{pid}/mountinfo').read_text(encoding='utf-8').splitlines():
        first, second = line.split(' - ')
        words = first.split()
        yield words[4].replace('\\040', ' '), words[5].split(','), second.split()[0], second.split()[2]


def failure(host, name, within=20):
    """Why it does not start."""
    return until(lambda: (lambda s: s['exits'][0]['reason'] if s['exits'] else None)(host.status(name)), within)


@contextlib.contextmanager
def mounted(folder, *options):
    folder.mkdir(parents=True, exist_ok=True)
    must('mount', '-t', 'tmpfs', *options, 'tmpfs', folder)
    try:
        yield folder
    finally:
        must('umount', '-R', '-l', folder)


@pytest.fixture
def home():
    """A /home that is not the real one."""
    with mounted(pathlib.Path('/home'), '-o', 'mode=755') as folder:
        (folder / 'alice').mkdir()
        (folder / 'alice/diary').write_text('secret')
        yield folder


# ---- run

def test_it_is_the_user_and_group_that_were_declared(host):
    said = tells(host, ['os.getresuid()', 'os.getresgid()', 'os.getgroups()', 'os.environ["HOME"]'],
                 run={'user': 'web', 'group': 'hello'})
    web, hello = pwd.getpwnam('web'), pwd.getpwnam('hello')
    assert said == [[web.pw_uid] * 3, [hello.pw_gid] * 3, [hello.pw_gid], web.pw_dir]
    assert status_field(host, 'witness', 'Uid').split() == [str(web.pw_uid)] * 4


def test_environment_umask_nice_and_directory_are_what_was_declared(host):
    secrets = host.write('etc/witness.env', '# of the service\nTOKEN="from the file"\nBOTH=file\n')
    secrets.chmod(0o600)
    said = tells(host, ['sorted(os.environ)', 'os.environ["PORT"]', 'os.environ["TOKEN"]', 'os.environ["BOTH"]',
                        'oct(os.umask(0))', 'os.getpriority(os.PRIO_PROCESS, 0)', 'os.getcwd()',
                        'open(%r).read()' % str(secrets)],
                 run={'environment': {'PORT': '${10000 + instance}', 'BOTH': 'declared'},
                      'environment_file': str(secrets), 'umask': '0027', 'nice': 7, 'directory': '/usr/share'})
    assert said[0] == sorted(['BOTH', 'HOME', 'LANG', 'LC_CTYPE', 'LOGNAME', 'NOTIFY_SOCKET', 'PATH', 'PORT', 'SHELL',
                              'SVCD_INSTANCE', 'SVCD_INSTANCES', 'SVCD_SERVICE', 'TOKEN', 'USER']) or \
        said[0] == sorted(['BOTH', 'HOME', 'LANG', 'LOGNAME', 'NOTIFY_SOCKET', 'PATH', 'PORT', 'SHELL',
                           'SVCD_INSTANCE', 'SVCD_INSTANCES', 'SVCD_SERVICE', 'TOKEN', 'USER'])
    assert said[1:] == ['10001', 'from the file', 'file', '0o27', 7, '/usr/share', 'EACCES']
    assert 'from the file' not in json.dumps(host.status('witness')) + host.said()


def test_a_directory_that_is_not_there_is_a_failure_with_its_name(host):
    declare(host, 'witness', [], run={'directory': '/srv/nowhere'})
    host.start()
    assert '/srv/nowhere: No such file or directory' in failure(host, 'witness')


# ---- limits

def test_minus_one_is_a_value_where_it_may_stand(host):
    """As nice value and OOM score, where other limits have it for "none"."""
    assert tells(host, ['os.nice(0)'], run={'nice': -1}) == [-1]
    host.declare('worn', run={'command': ['/bin/sleep', '1000'], 'user': 'root', 'ready': {'by': 'started'}},
                 limits={'oom_score': -1})
    host.ctl('apply', '--yes')
    status = until(lambda: (one := host.status('worn'))['state'] in ('up', 'waiting', 'failed') and one)
    if status['state'] == 'up':
        assert of_process(host, 'worn', 'oom_score_adj') == '-1\n'
    else:   # a host may not allow it; then it is said, and not passed over
        assert 'limits.oom_score -1: ' in status['why']


def test_limits_of_the_process_are_set(host):
    tells(host, [], limits={'open_files': 321, 'core': '3M', 'oom_score': 123})
    limits = of_process(host, 'witness', 'limits')
    assert 'Max open files            321                  321' in limits
    assert 'Max core file size        3145728              3145728' in limits
    assert of_process(host, 'witness', 'oom_score_adj') == '123\n'


CGROUP = {'memory': ('300M', 'memory.max', '314572800'), 'memory_high': ('200M', 'memory.high', '209715200'),
          'swap': ('10M', 'memory.swap.max', '10485760'), 'tasks': (99, 'pids.max', '99'),
          'cpu': ('150%', 'cpu.max', '150000 100000'), 'cpu_weight': (50, 'cpu.weight', '50'),
          'io_weight': (200, 'io.weight', 'default 200')}


def test_limits_of_the_cgroup_are_set_or_missing_controllers_are_noted(host):
    tells(host, [], limits={key: value for key, (value, _, _) in CGROUP.items()})
    group = cgroup_of(host.pid('witness'))
    note = host.status('witness')['instances'][0]['note']
    for key, (_, file, expected) in CGROUP.items():
        if (group / file).exists():
            assert (group / file).read_text(encoding='utf-8').strip() == expected
        else:
            assert f'limits.{key}' in note


@pytest.fixture
def poor(host):
    """A host whose svcd may not raise limits."""
    rich = host.network.in_it

    def in_it(*argv):
        without = ('setpriv', '--bounding-set=-sys_resource,-sys_nice', 'prlimit', '--nofile=5000:5000')
        return rich(*without, *argv) if argv[0] == 'svcd' else rich(*argv)
    host.network.in_it = in_it
    return host


def test_a_default_that_the_host_does_not_give_becomes_a_note(poor):
    assert tells(poor, ['resource.getrlimit(resource.RLIMIT_NOFILE)']) == [[5000, 5000]]
    note = poor.status('witness')['instances'][0]['note']
    assert 'limits.open_files is 5000: this host gives no 10000' in note


@pytest.mark.parametrize('keys, reason', [
    ({'limits': {'open_files': 6000}}, 'limits.open_files 6000: Operation not permitted; lower it, or raise'),
    ({'limits': {'oom_score': -500}}, 'limits.oom_score -500: Permission denied'),
    ({'run': {'nice': -5}}, 'run.nice -5: Permission denied'),
])
def test_a_limit_that_was_asked_for_and_cannot_be_set_is_a_failure(poor, keys, reason):
    declare(poor, 'witness', [], **keys)
    poor.start()
    assert reason in failure(poor, 'witness')


# ---- security

def test_no_capability_is_left_but_those_that_are_kept(host):
    bind = 'socket.socket().bind(("127.0.0.1", 81))'
    declare(host, 'plain', [bind])
    assert tells(host, [bind], security={'capabilities': ['CAP_NET_BIND_SERVICE']}) == [None]
    assert status_field(host, 'witness', 'CapAmb') == status_field(host, 'witness', 'CapBnd') == '0000000000000400'
    assert answers(host, 'plain') == ['EACCES']
    for kind in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
        assert status_field(host, 'plain', kind) == '0' * 16


def test_setuid_programs_gain_nothing_unless_they_may(host):
    program = pathlib.Path('/run/setuid-id')
    shutil.copy('/usr/bin/id', program)
    program.chmod(0o4755)
    question = 'says("/run/setuid-id", "-u")'
    for name, value in (('held', True), ('free', False), ('free-any', False)):
        calls = 'any' if name == 'free-any' else 'service'
        declare(host, name, [question], security={'no_new_privileges': value, 'system_calls': calls})
    host.start()
    assert answers(host, 'held') == [str(pwd.getpwnam('web').pw_uid)]
    assert answers(host, 'free') == answers(host, 'free-any') == ['0']
    assert status_field(host, 'held', 'NoNewPrivs') == '1'
    assert status_field(host, 'free', 'NoNewPrivs') == '0'
    assert status_field(host, 'free', 'Seccomp') == '2'


ROOT = {'user': 'root'}


def test_the_system_is_read_only_even_for_root(host):
    cache = pathlib.Path('/var/cache/the cache')
    cache.mkdir(exist_ok=True)
    said = tells(host, ['write("/etc/x")', 'write("/usr/x")', 'write("/x")', f'write("{host.root}/x")',
                        'write("/var/x")', 'write("/dev/shm/x")', 'write("/tmp/x")', f'write("{cache}/x")',
                        'write("/proc/self/comm", "renamed")'],
                 run=ROOT, security={'writable': [str(cache)]})
    assert said == ['EROFS'] * 5 + ['written'] * 4
    assert (cache / 'x').read_text(encoding='utf-8') == 'x'
    readable = {point for point, options, _, _ in mounts(host.pid('witness')) if 'rw' in options}
    assert readable <= {'/proc', '/sys', '/dev', '/dev/pts', '/tmp', '/var/tmp', str(cache)} | {
        point for point in readable if point.startswith(('/sys/', '/proc/'))}


def test_system_off_leaves_the_tree_as_it_is(host):
    assert tells(host, ['write("/etc/x")', 'write("/tmp/x")'], run=ROOT, security={'system': 'off'}) == ['written'] * 2
    assert os.path.exists('/etc/x') and not os.path.exists('/tmp/x')
    os.unlink('/etc/x')


def test_nothing_at_all_is_changed_when_all_is_off(host):
    everything = {'system': 'off', 'home': 'visible', 'tmp': 'host', 'devices': 'host', 'system_calls': 'any',
                  'no_new_privileges': False}
    tells(host, [], security=everything)
    assert status_field(host, 'witness', 'Seccomp') == '0'
    pid = host.pid('witness')
    for kind in ('mnt', 'net', 'pid', 'ipc', 'uts', 'user'):
        assert os.readlink(f'/proc/{pid}/ns/{kind}') == os.readlink(f'/proc/{host.process.pid}/ns/{kind}')


@pytest.mark.parametrize('system', ['strict', 'off'])
@pytest.mark.parametrize('value, seen, written', [
    ('hidden', [], 'ENOENT'),
    ('read-only', ['diary'], 'EROFS'),
    ('visible', ['diary'], 'written'),
])
def test_homes_are_hidden_read_only_or_visible(host, home, value, seen, written, system):
    said = tells(host, ['sorted(os.listdir("/home"))', 'os.listdir("/home/alice")', 'write("/home/alice/x")',
                        'write("/home/x")'],
                 run=ROOT, security={'home': value, 'system': system})
    assert said[:3] == [['alice'] if seen else [], seen or 'ENOENT', written]
    assert said[3] == (written if seen else 'EROFS')


def test_tmp_is_its_own_empty_at_each_start_and_bounded(host):
    mark = pathlib.Path('/tmp/of-the-host')
    mark.write_text('x', encoding='utf-8')
    question = ['os.listdir("/tmp") + os.listdir("/var/tmp")', 'write("/tmp/x") + write("/var/tmp/y")']
    declare(host, 'shared', question[:1], security={'tmp': 'host'})
    assert tells(host, question, limits={'memory': '64M'}) == [[], 'writtenwritten']
    for point, options, kind, extra in mounts(host.pid('witness')):
        if point in ('/tmp', '/var/tmp'):
            assert {'rw', 'nosuid', 'nodev'} <= set(options) and kind == 'tmpfs' and 'size=32768k' in extra
    host.must_ctl('restart', 'witness')
    assert answers(host, 'witness', start=1) == [[], 'writtenwritten']
    assert mark.name in answers(host, 'shared')[0]
    assert not os.path.exists('/tmp/x')
    mark.unlink()


def test_devices_are_those_that_any_program_may_use(host):
    questions = ['sorted(os.listdir("/dev"))', 'open("/dev/urandom", "rb").read(4) != open("/dev/random", "rb").read(4)',
                 'open("/dev/zero", "rb").read(2) == bytes(2)', 'write("/dev/null")', 'write("/dev/full")',
                 'write("/dev/stdout", "through /dev/stdout\\n")', 'write("/dev/stderr", "and stderr\\n")',
                 'shared_memory.SharedMemory("x", True, 100).size', 'os.isatty(pty.openpty()[1])',
                 'os.listdir("/dev/pts")', 'write("/dev/sda")', 'os.ttyname(pty.openpty()[1])']
    declare(host, 'shared', questions[:1], security={'devices': 'host'})
    said = tells(host, questions)
    log = [name for name in ('log',) if os.path.lexists('/dev/log')]
    assert said[0] == sorted(['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty',
                              'urandom', 'zero'] + log)
    assert said[1:] == [True, True, 'written', 'ENOSPC', 'written', 'written', 100, True, said[9], 'EACCES', '/dev/pts/1']
    assert 'through /dev/stdout' in (host.root / 'var/log/witness/main.log').read_text(encoding='utf-8')
    assert answers(host, 'shared') == [sorted(os.listdir('/dev'))]


def test_system_calls_are_those_of_a_service(host):
    questions = [f'call({SYSCALL["ptrace"]}, {PTRACE_ATTACH}, 9999999, 0, 0)', f'call({SYSCALL["mount"]}, 0, 0, 0, 0, 0)',
                 f'call({SYSCALL["nobody_has_it"]})', f'call({SYSCALL["bpf"]}, 0, 0, 0)', 'os.getpid() > 1']
    declare(host, 'free', questions[:1], security={'system_calls': 'any'})
    declare(host, 'root', questions, run=ROOT)
    assert tells(host, questions) == ['EPERM', 'EPERM', 'ENOSYS', 'EPERM', True]
    assert answers(host, 'root') == ['EPERM', 'EPERM', 'ENOSYS', 'EPERM', True]
    assert answers(host, 'free') == ['ESRCH']
    assert status_field(host, 'witness', 'Seccomp') == '2'
    assert status_field(host, 'free', 'Seccomp') == '0'


def test_network_none_is_loopback_and_nothing_else(host):
    host.peer(['10.64.0.1/24'], ['10.64.0.2/24'])
    questions = ['sorted(name for _, name in socket.if_nameindex())',
                 'socket.create_connection(("10.64.0.2", 80), 1)',
                 '(lambda s: socket.create_connection(s.getsockname(), 1) is not None)'
                 '(socket.create_server(("127.0.0.1", 0)))']
    assert tells(host, questions, security={'network': 'none'}) == [['lo'], 'ENETUNREACH', True]
    assert os.readlink(f'/proc/{host.pid("witness")}/ns/net') != os.readlink(f'/proc/{host.process.pid}/ns/net')


# ---- places

def test_a_writable_directory_that_is_not_there_is_a_failure_with_its_name(host):
    declare(host, 'witness', [], security={'writable': ['/var/cache/nowhere']})
    host.start()
    assert failure(host, 'witness') == ('security.writable /var/cache/nowhere: No such file or directory; '
                                        'make it, or correct the key')


def test_a_link_to_a_writable_directory_must_be_of_root(host):
    folder = host.root / 'data'
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    for name in ('of-root', 'of-web'):
        (host.root / name).symlink_to(folder)
    os.lchown(host.root / 'of-web', pwd.getpwnam('web').pw_uid, -1)
    declare(host, 'refused', [], security={'writable': [str(host.root / 'of-web')]})
    assert tells(host, [f'write("{folder}/x")', f'write("{host.root}/of-root/y")'],
                 security={'writable': [str(host.root / 'of-root')]}) == ['written'] * 2
    assert 'a link on the way is not root\'s' in failure(host, 'refused')


def test_mounts_below_a_writable_directory_stay_what_they_are(host):
    folder = host.root / 'data'
    folder.mkdir()
    with mounted(folder / 'free', '-o', 'mode=777'), mounted(folder / 'locked', '-o', 'ro,mode=777'):
        assert tells(host, [f'write("{folder}/x")', f'write("{folder}/free/x")', f'write("{folder}/locked/x")'],
                     run=ROOT, security={'writable': [str(folder)]}) == ['written', 'written', 'EROFS']
        host.stop()


def test_the_whole_tree_may_be_writable_and_secrets_stay_hidden(host):
    secret = host.write('etc/svcd/secrets/witness.yaml', 'token: of-root-alone\n')
    secret.parent.chmod(0o700)
    folder = str(host.root / 'etc/svcd')
    for name, writable in (('all', ['/']), ('etc', [folder]), ('none', [])):
        declare(host, name, [f'write("{folder}/{name}")', f'os.listdir("{secret.parent}")', f'write("{secret}")'],
                run=ROOT, security={'writable': writable})
    host.start()
    assert answers(host, 'all') == ['written', [], 'EROFS']
    assert "is svcd's own (policy.paths.writable)" in host.status('etc')['reason']
    assert answers(host, 'none') == ['EROFS', [], 'EROFS']
    assert secret.read_text(encoding='utf-8') == 'token: of-root-alone\n'


def test_its_own_directories_are_there_below_a_hidden_home(host, home):
    for name in ('app', 'app/data', 'other'):
        (home / 'alice' / name).mkdir()
        shutil.chown(home / 'alice' / name, 'web')
    (home / 'alice/app/code').write_text('x')
    said = tells(host, ['sorted(os.listdir("."))', 'write("new")', 'write("data/new")', 'os.listdir("/home/alice")'],
                 run={'directory': '/home/alice/app'}, security={'writable': ['/home/alice/app/data']})
    assert said == [['code', 'data'], 'EROFS', 'written', ['app']]


def test_what_is_hidden_is_named_when_the_command_lies_there(host, home):
    program = home / 'alice/run'
    program.write_text('#!/bin/sh\n')
    program.chmod(0o755)
    host.declare('lost', run={'command': [str(program)], 'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    assert failure(host, 'lost') == 'exec /home/alice/run: No such file or directory; security.home hides it'


def test_it_writes_its_logs_where_it_says_so(host):
    folder, files, other = (host.root / 'var/log' / name for name in ('own', 'files', 'other'))
    for one in (folder, files, other):
        one.mkdir(mode=0o777)
        one.chmod(0o777)
    declare(host, 'own', [f'write("{other}/x")', f'write("{folder}/app.log")', f'write("{files}/app-1.log")'],
            logs={'directory': str(folder), 'directory_owner': 'service', 'stdout': 'none', 'stderr': 'none',
                  'files': [{'path': f'{files}/app-*.log'}]})
    host.start()
    until((files / 'app-1.log').exists)
    assert (folder / 'app.log').exists() and not (other / 'x').exists()


# ---- side jobs

def test_commands_before_live_in_the_same_sandbox(host):
    folder = host.root / 'data'
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    script = (f'{{ ls /tmp; ls /home; ls /dev/kmsg; touch /etc/x; grep -E "Seccomp:|NoNewPrivs" /proc/self/status; '
              f'ulimit -n; }} >{folder}/before 2>&1; touch /tmp/x')
    tells(host, ['os.listdir("/tmp")'], run={'before': [['/bin/sh', '-c', script]]},
          security={'writable': [str(folder)]}, limits={'open_files': 321})
    said = (folder / 'before').read_text(encoding='utf-8')
    assert 'No such file or directory' in said and 'Read-only file system' in said
    assert 'NoNewPrivs:\t1\nSeccomp:\t2\n321\n' in said
    assert answers(host, 'witness') == [[]]


def test_reload_commands_and_exec_checks_see_what_the_service_sees(host):
    folder = host.root / 'data'
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    same = 'test "$(cat /tmp/mark)" = "of the service" && test "$(ls /sys/class/net)" != none'
    declare(host, 'witness', ['write("/tmp/mark", "of the service")', 'write("/tmp/socket", "x")'],
            run={'reload': {'command': ['/bin/sh', '-c', f'readlink /proc/self/ns/mnt /proc/self/ns/net >{folder}/reload; {same}']}},
            security={'writable': [str(folder)], 'network': 'none'},
            health={'checks': [{'name': 'mark', 'exec': ['/bin/sh', '-c', f'readlink /proc/self/ns/mnt >{folder}/check; {same}'],
                                'interval': '1s', 'timeout': '950ms', 'effect': 'ready', 'rise': 1}]})
    host.start()
    assert answers(host, 'witness') == ['written'] * 2
    host.until_ready('witness')
    until((folder / 'check').exists)
    host.must_ctl('reload', 'witness')
    pid = host.pid('witness')
    own = [os.readlink(f'/proc/{pid}/ns/{kind}') for kind in ('mnt', 'net')]
    assert (folder / 'reload').read_text(encoding='utf-8').split() == own
    assert (folder / 'check').read_text(encoding='utf-8').split() == own[:1]


# ---- the host

def test_mounts_of_the_host_arrive_and_none_of_a_service_leaves(host):
    before = sorted(mounts())
    with mounted(host.root / 'shared') as shared:
        must('mount', '--make-shared', shared)
        after_own = sorted(mounts())
        (shared / 'later').mkdir()
        (shared / 'data').mkdir(mode=0o777)
        (shared / 'data').chmod(0o777)
        tells(host, [f'write("{shared}/data/x")'], security={'writable': [str(shared / 'data')]})
        assert sorted(mounts()) == after_own
        with mounted(shared / 'later') as later:
            (later / 'mark').write_text('x', encoding='utf-8')
            assert os.path.exists(f'/proc/{host.pid("witness")}/root{later}/mark')
        assert not os.path.exists(f'/proc/{host.pid("witness")}/root{shared}/later/mark')
        for _ in range(3):
            killed = host.pid('witness')
            os.kill(killed, 9)
            until(lambda: host.pid('witness') not in (None, 0, killed))
        host.stop()
    assert sorted(mounts()) == before


def test_two_hundred_mounts_and_a_kill_in_the_middle_leave_nothing(host):
    with mounted(host.root / 'many') as many:
        for number in range(200):
            (many / str(number)).mkdir()
            must('mount', '-t', 'tmpfs', 'tmpfs', many / str(number))
        before = sorted(mounts())
        host.declare('quick', run={'command': ['/bin/sh', '-c', 'kill -9 $$$$'], 'user': 'web', 'ready': {'by': 'started'},
                                   'restart': {'delay': '1ms', 'delay_max': '5ms'}},
                     security={'writable': [str(many)]})
        assert tells(host, [f'write("{many}/7/x")'], run=ROOT, security={'writable': [str(many / '7')]}) == ['written']
        until(lambda: host.status('quick')['instances'][0]['restarts'] > 20, within=60)
        assert sorted(mounts()) == before
        host.stop()


# ---- programs that are used in earnest

CLUSTER = '''
const cluster = require("cluster"), http = require("http");
if (cluster.isPrimary) { for (let i = 0; i < 3; i++) cluster.fork(); }
else http.createServer((q, r) => require("crypto").pbkdf2("a", "b", 1, 8, "sha1", (e, k) =>
  require("fs").writeFile("/tmp/" + process.pid, k, () => require("dns").lookup("localhost", (e, a) =>
    require("child_process").execFile("id", ["-un"], (e, o) => r.end(process.pid + " " + a + " " + o)))))).listen(8080);
'''


def test_a_cluster_of_node_runs_with_all_defaults(host):
    script = host.write('srv/cluster.js', CLUSTER)
    host.declare('cluster', run={'command': ['node', script.name], 'directory': str(script.parent), 'user': 'web'},
                 listen=[{'name': 'http', 'port': 8080}])
    host.start()
    host.until_ready('cluster', within=60)
    code, body = host.get('/', port=8080)
    assert code == 200 and body.endswith(' web\n'), body
    assert status_field(host, 'cluster', 'Seccomp') == '2' and status_field(host, 'cluster', 'NoNewPrivs') == '1'
