# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner of a service is not its friend: a declaration that wants too much, and a service that does."""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import textwrap
import time

import pytest
import yaml

from machine import PYTHON, must, until
from wishes import GOOD, merged, write

def close_policy(host, **keys):
    """What a host has whose root wrote nothing; the file system of the story is the only thing more."""
    host.host_file({'policy': {}, **keys})


# What the owner of `web` wishes; which rule says no. One at a time, over a service that runs.
WISHES = {
    'root': ({'run': {'user': 'root'}}, 'policy.users'),
    'root by names': ({'run': {'user': None}, 'names': {'user': 'root'}}, 'policy.users'),
    "another service's user": ({'run': {'user': 'mathoid'}}, 'policy.users'),
    "svcd's user": ({'run': {'user': 'svcd-log'}}, 'policy.users'),
    "another's group": ({'run': {'group': 'shadow'}}, 'policy.users'),
    'a capability': ({'security': {'capabilities': ['CAP_SYS_ADMIN']}}, 'policy.capabilities'),
    'a file in /etc': ({'files': [{'path': '/etc/passwd', 'content': 'x'}]}, 'policy.paths.files'),
    'a file of cron': ({'files': [{'path': '/etc/cron.d/web', 'content': 'x'}]}, 'policy.paths.files'),
    'a file by dots': ({'files': [{'path': '/etc/web/../shadow', 'content': 'x'}]}, "'..'"),
    'a file by a name': ({'files': [{'path': '/etc/${host}', 'content': 'x'}]}, 'policy.paths.files'),
    'a file by a value': ({'files': [{'path': '/${values.where}/x', 'content': 'x', 'values': {'where': 'etc'}}]},
                          'files[0].path'),
    'a file by the instance': ({'files': [{'path': '/etc/web${instance}/../shadow', 'content': 'x'}]}, "'..'"),
    "svcd's own files": ({'files': [{'path': '/etc/svcd/services/more.yaml', 'content': 'x'}]}, 'policy.paths.files'),
    'writable /etc': ({'security': {'writable': ['/etc']}}, 'policy.paths.writable'),
    'writable /': ({'security': {'writable': ['/']}}, 'policy.paths.writable'),
    'logs elsewhere': ({'logs': {'directory': '/etc/cron.d'}}, 'policy.paths.logs'),
    "another's logs": ({'logs': {'files': [{'path': '/var/log/mathoid/*.log', 'method': 'cut'}]}}, 'policy.paths.logs'),
    'the shadow file': ({'run': {'environment_file': '/etc/shadow'}}, 'policy.paths.environment_file'),
    "root's home": ({'run': {'directory': '/root'}}, 'policy.paths.directory'),
    'port 22': ({'listen': [{'name': 'http', 'port': 22}]}, 'policy.ports'),
    'port 22 by arithmetic': ({'listen': [{'name': 'http', 'port': '${21 + instance}'}]}, 'policy.ports'),
    "svcd's port": ({'listen': [{'name': 'http', 'port': 9479}]}, 'policy.ports'),
    'the world': ({'listen': [{'name': 'http', 'port': 8080}],
                   'firewall': {'allow': [{'port': 'http', 'from': ['world']}]}}, 'policy.world'),
    'the world in halves': ({'listen': [{'name': 'http', 'port': 8080}],
                             'firewall': {'allow': [{'port': 'http', 'from': ['0.0.0.0/1', '128.0.0.0/1']}]}},
                            'policy.world'),
    'rules of its own': ({'firewall': {'rules': 'proto tcp ACCEPT;'}}, 'policy.rules'),
    'a terabyte of logs': ({'logs': {'total': '1T'}}, 'policy.ceilings.logs_total'),
    'a terabyte in many files': ({'logs': {'min_keep': 1000, 'rotate': {'size': '10G'}}}, 'policy.ceilings.logs_total'),
    'a shell before': ({'run': {'before': [['/bin/sh', '-c', 'id > /tmp/owned']]}}, 'policy.before'),
    'a shell by env': ({'run': {'before': [['/usr/bin/env', 'sh', '-c', 'id']]}}, 'policy.before'),
    'a program of anybody': ({'run': {'before': [['/tmp/x']]}}, 'policy.before'),
    'to go first': ({'run': {'nice': -20}}, 'policy.ceilings.nice'),
    'not to be killed': ({'limits': {'oom_score': -1000}}, 'policy.ceilings.oom_score'),
    'cores': ({'limits': {'core': '1T'}}, 'policy.ceilings.core'),
    'all descriptors': ({'limits': {'open_files': 1048576}}, 'policy.ceilings.open_files'),
    'all tasks': ({'limits': {'tasks': 4194304}}, 'policy.ceilings.tasks'),
    'a thousand copies': ({'run': {'instances': 200}}, 'policy.ceilings.instances'),
    'no confinement': ({'security': {'system': 'off'}}, 'policy.security'),
    'new privileges': ({'security': {'no_new_privileges': False}}, 'policy.security'),
    'all system calls': ({'security': {'system_calls': 'any'}}, 'policy.security'),
    "another's secret": ({'run': {'environment': {'X': '${secret.OTHERS}'}}}, 'secret'),
    'a secret as a word': ({'run': {'command': ['/bin/echo', '${secret.MINE}']}}, 'secret'),
    'a secret in the open': ({'files': [{'path': '/etc/web/x', 'content': '${secret.MINE}', 'mode': '0644'}]},
                             'files[0].mode'),
    'a setuid file': ({'files': [{'path': '/etc/web/x', 'content': 'x', 'mode': '4755'}]}, 'files[0].mode'),
}


def declare_secrets(host):
    for name, key in (('web', 'MINE'), ('mathoid', 'OTHERS')):
        path = host.write(f'etc/svcd/secrets/{name}.yaml', f'{key}: hunter2\n')
        path.chmod(0o600)
    path.parent.chmod(0o700)


def test_each_wish_is_refused_by_its_rule_and_what_runs_runs_on(host):
    close_policy(host)
    declare_secrets(host)
    write(host, 'web', {})
    host.start()
    before = host.until_state('web', 'up')['instances'][0]
    wrong = {}
    for wish, (content, rule) in WISHES.items():
        write(host, 'web', content)
        result = host.ctl('apply', '--yes')
        said = result.stdout + result.stderr
        if result.returncode == 0 or rule not in said or 'web.yaml' not in said:
            wrong[wish] = (result.returncode, said)
        if any(rule in line for line in host.status('web')['refused']):
            continue
        wrong.setdefault(wish, host.status('web')['refused'])
    assert not wrong, json.dumps(wrong, indent=1)
    after = host.status('web')
    assert (after['state'], after['instances'][0]['pid']) == ('up', before['pid'])
    assert after['instances'][0]['restarts'] == 0
    for made in ('/tmp/owned', '/etc/cron.d/web', '/etc/web', '/etc/svcd/services'):
        assert not pathlib.Path(made).exists(), made


@pytest.mark.parametrize('wish', ['root', 'a capability', 'port 22', 'a shell before', 'a terabyte of logs',
                                  'not to be killed', 'writable /etc', 'the world', 'no confinement'])
@pytest.mark.parametrize('layer', ['template', 'override', 'defaults'])
def test_no_layer_passes_the_rule(host, layer, wish):
    content, rule = WISHES[wish]
    close_policy(host, **({'defaults': content} if layer == 'defaults' else {}))
    good = {'run': {'command': GOOD['run']['command'], 'ready': GOOD['run']['ready']}, 'logs': GOOD['logs']}
    if layer == 'template':
        host.write('etc/svcd/templates/evil.yaml', yaml.safe_dump(content))
        write(host, 'web', {'template': 'evil'}, good)
    elif layer == 'override':
        flat = {}
        for section, keys in content.items():
            if isinstance(keys, dict):
                flat.update({f'{section}.{key}': value for key, value in keys.items()})
            else:
                flat[section] = keys
        write(host, 'web', {'overrides': [{'match': {'site': 'eqiad'}, 'set': flat}]}, good)
    else:
        write(host, 'web', {}, good)
    host.start()
    assert rule in ' '.join(host.status('web')['refused']), host.status('web')
    assert host.state('web') == 'down'


def someone(path):
    shutil.chown(path, 'web')


def for_all(path):
    path.chmod(0o666)


def linked(path):
    path.rename(path.parent / 'elsewhere')
    path.symlink_to('elsewhere')


def folder_for_all(path):
    path.parent.chmod(0o777)


def folder_of_someone(path):
    shutil.chown(path.parent, 'web')


def far_above_for_all(path):
    path.parents[2].chmod(0o777)


@pytest.mark.parametrize('damage, says', [(far_above_for_all, 'writable by everybody; fix: chmod o-w'), (someone, 'owned by uid'), (for_all, 'writable by'), (linked, 'symbolic link'),
                                          (folder_for_all, 'writable by'), (folder_of_someone, 'owned by uid')])
def test_a_declaration_that_is_not_roots_changes_nothing(host, damage, says):
    close_policy(host)
    path = write(host, 'web', {})
    host.start()
    pid = host.until_state('web', 'up')['instances'][0]['pid']
    write(host, 'web', {'run': {'command': ['/bin/sleep', '2000']}})
    damage(path)
    result = host.ctl('apply', '--yes')
    assert result.returncode == 1 and says in result.stdout + result.stderr, result.stdout + result.stderr
    assert host.pid('web') == pid


# ---- paths, when they are acted on ---------------------------------------------------------

SWAP = textwrap.dedent('''
    import ctypes, os, sys
    swap = ctypes.CDLL(None, use_errno=True).renameat2
    directory, link = (os.fsencode(word) for word in sys.argv[1:])
    while True:
        swap(-100, directory, -100, link, 2)  # RENAME_EXCHANGE
''')


def as_web(*argv, **options):
    return subprocess.Popen(['setpriv', '--reuid=web', '--regid=web', '--clear-groups', *map(str, argv)], **options)


@contextlib.contextmanager
def swapping(directory, target):
    """While it lasts, the service's user swaps a directory for a link and back, as fast as it can."""
    link = directory.parent / 'link'
    link.symlink_to(target)
    someone(directory.parent)
    with as_web(PYTHON, '-c', SWAP, directory, link) as process:
        try:
            yield
        finally:
            process.kill()
            process.wait()
            if directory.is_symlink():
                directory.unlink()
                link.rename(directory)


@pytest.fixture
def victim(host):
    folder = host.root / 'victim'
    (folder / 'web').mkdir(parents=True)
    (folder / 'precious').write_text('old', encoding='utf-8')

    def picture():
        return {str(one): (one.lstat().st_uid, one.lstat().st_gid, one.lstat().st_mode, one.is_file() and one.read_text())
                for one in (folder, *folder.rglob('*'))}
    before = picture()
    yield folder
    assert picture() == before


def owned(host, name):
    folder = host.root / 'srv' / name
    folder.mkdir(parents=True)
    someone(folder)
    return folder


@pytest.mark.parametrize('what', ['files', 'logs'])
def test_a_directory_swapped_for_a_link_leads_root_nowhere(host, victim, what):
    inside = owned(host, 'web') / 'conf'
    inside.mkdir()
    someone(inside)
    wishes = {'files': {'files': [{'path': str(inside / 'precious'), 'content': 'evil ${instance}', 'mode': '0644'}]},
              'logs': {'logs': {'directory': str(inside / 'web'), 'directory_owner': 'service', 'stdout': 'precious'}}}
    says = {'files': 'is a symbolic link', 'logs': 'svcd-log cannot be let into'}[what]
    write(host, 'web', merged({'run': {'restart': {'delay': '10ms', 'delay_max': '20ms'}}}, wishes[what]))
    with swapping(inside, victim):
        host.start()
        said, least = '', time.monotonic() + 4
        for _ in range(400):
            said += host.ctl('restart', 'web').stderr
            if says in said and time.monotonic() > least:
                break
    assert says in said, said[-2000:]
    if what == 'files':
        until(lambda: host.ctl('restart', 'web').returncode == 0, within=20)


def parent_link(host, folder):
    folder.mkdir(parents=True)
    link = folder.parent / 'link'
    link.symlink_to(folder)
    return link, 'is a symbolic link'


def parent_for_all(host, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return folder, f'{folder} is writable by everybody; fix: chmod o-w {folder}'


def parent_of_another(host, folder):
    folder.mkdir(parents=True)
    shutil.chown(folder, 'mathoid')
    return folder, f'{folder} belongs to uid'


def above_of_another(host, folder):
    (folder / 'below').mkdir(parents=True)
    shutil.chown(folder, 'mathoid')
    return folder / 'below', f'{folder} belongs to uid'


@pytest.mark.parametrize('parent', [parent_link, parent_for_all, parent_of_another, above_of_another])
@pytest.mark.parametrize('key', ['files', 'logs.directory', 'run.environment_file'])
def test_a_parent_that_others_control_is_refused_by_name_with_the_fix(host, key, parent):
    folder, says = parent(host, host.root / 'srv/conf')
    wish = {'files': {'files': [{'path': f'{folder}/x', 'content': 'x'}]},
            'logs.directory': {'logs': {'directory': f'{folder}/web', 'stdout': 'main.log'}},
            'run.environment_file': {'run': {'environment_file': f'{folder}/x'}}}[key]
    (folder / 'x').write_text('A=1\n', encoding='utf-8')
    write(host, 'web', wish)
    host.start()
    why = host.until_state('web', 'waiting')['exits'][0]['reason']
    assert key in why and says in why and 'fix: ' in why, why
    assert (folder / 'x').read_text(encoding='utf-8') == 'A=1\n' and not (folder / 'web').exists()


@pytest.mark.parametrize('trick', ['link', 'hard link', 'fifo'])
def test_an_environment_file_is_not_what_root_alone_may_read(host, trick):
    folder = owned(host, 'web')
    precious = host.root / 'precious'
    precious.write_text('SHADOW=of-root-alone\n', encoding='utf-8')
    precious.chmod(0o600)
    path = folder / 'secrets.env'
    {'link': lambda: path.symlink_to(precious), 'hard link': lambda: path.hardlink_to(precious),
     'fifo': lambda: os.mkfifo(path)}[trick]()
    write(host, 'web', {'run': {'environment_file': str(path)}})
    host.start()
    why = host.until_state('web', 'waiting')['exits'][0]['reason']
    assert why.startswith(f'run.environment_file {path}: '), why
    assert 'of-root-alone' not in host.said()


def test_the_services_own_directory_is_written_by_the_service(host):
    folder = owned(host, 'web')
    write(host, 'web', {'files': [{'path': f'{folder}/deep/web.conf', 'content': 'x'}],
                        'logs': {'directory': f'{host.root}/srv/log/web', 'directory_owner': 'service',
                                 'stdout': 'main.log'},
                        'run': {'command': ['/bin/sh', '-c', 'echo hello; sleep 1000']}})
    host.start()
    host.until_state('web', 'up')
    assert (folder / 'deep/web.conf').owner() == 'web' and (folder / 'deep').owner() == 'web'
    log = host.root / 'srv/log/web/main.log'
    until(lambda: log.exists() and 'hello' in log.read_text(encoding='utf-8'), what='svcd-log may write there')
    assert log.parent.owner() == 'web' and log.owner() == 'svcd-log'


# ---- users, by their numbers ----------------------------------------------------------------

@contextlib.contextmanager
def users(*lines):
    before = {name: pathlib.Path(f'/etc/{name}').read_text(encoding='utf-8') for name in ('passwd', 'group')}
    try:
        for line in lines:
            name, uid, gid = line
            with open('/etc/passwd', 'a', encoding='utf-8') as out:
                out.write(f'{name}:x:{uid}:{gid}::/:/bin/sh\n')
            with open('/etc/group', 'a', encoding='utf-8') as out:
                out.write(f'{name}:x:{gid}:\n')
        yield
    finally:
        for name, text in before.items():
            pathlib.Path(f'/etc/{name}').write_text(text, encoding='utf-8')


def number(program, name):
    return int(must(program, *(['-u'] if program == 'id' else []), name).split(':')[0])


@pytest.mark.parametrize('owner, says', [('root', "user evil: uid 0 is root's"), ('web', "is web's (policy.users)"),
                                         ('svcd-log', "is svcd-log's (policy.users)")])
def test_a_number_of_somebody_else_is_refused_at_the_start(host, owner, says):
    close_policy(host)
    with users(('evil', number('id', owner), 61000)):
        write(host, 'evil', {'run': {'user': 'evil'}})
        host.start()
        why = host.until_state('evil', 'waiting')['exits'][0]['reason']
        assert why.startswith('user evil: uid ') and says in why, why


@contextlib.contextmanager
def without(program):
    must('mount', '--bind', '/dev/null', program)
    try:
        yield
    finally:
        must('umount', program)


@pytest.mark.parametrize('sysusers', [True, False])
def test_users_are_created_on_roots_word_and_only_those_of_the_services(host, sysusers):
    close_policy(host)
    with users(), contextlib.nullcontext() if sysusers else without('/usr/bin/systemd-sysusers'):
        write(host, 'fresh', {'run': {'user': 'fresh', 'restart': {'delay_max': '500ms'}}})
        write(host, 'thief', {'run': {'user': 'else'}})
        host.start()
        why = host.until_state('fresh', 'waiting')['exits'][0]['reason']
        assert why == ('user fresh: no such user (create it: svcctl apply --create-users, or useradd --system fresh)'), why
        dry = host.ctl('apply', '--create-users', '--dry-run')
        assert 'fresh: user fresh is missing and will be created' in dry.stderr, dry
        assert host.state('fresh') == 'waiting'
        done = host.ctl('apply', '--create-users', '--yes')
        assert 'fresh: group fresh was created' in done.stderr and 'fresh: user fresh was created' in done.stderr, done
        host.until_state('fresh', 'up')
        made = pwd.getpwnam('fresh')
        assert 0 < made.pw_uid < 1000 and made.pw_shell == '/usr/sbin/nologin' and made.pw_dir == '/nonexistent', made
        assert 'else' not in pathlib.Path('/etc/passwd').read_text(encoding='utf-8')
        again = host.ctl('apply', '--create-users', '--yes')
        assert 'created' not in again.stderr, again


def test_a_service_that_may_be_root_is_no_more_than_its_capabilities(host):
    for name, kept in (('none', []), ('one', ['CAP_CHOWN'])):
        write(host, name, {'run': {'user': 'root'}, 'security': {'capabilities': kept}})
    host.start()
    for name, bits in (('none', '0' * 16), ('one', '0' * 15 + '1')):
        pid = host.until_state(name, 'up')['instances'][0]['pid']
        status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
        for kind in ('CapPrm', 'CapEff', 'CapBnd'):
            assert f'{kind}:\t{bits}\n' in status, status
        assert 'Uid:\t0\t0\t0\t0\n' in status
