# SPDX-License-Identifier: GPL-2.0-or-later
"""Ordinary days of a host: a newer package, a systemd that executes itself anew, a killed svcd."""
import json

import svcd as inside


def running(vm):
    """{pid: command} of svcd, its programs and the service `resident`."""
    lines = vm.must('ps', '-eo', 'pid=,args=').splitlines()
    return {int(pid): args for pid, args in (line.split(None, 1) for line in lines)
            if 'svcd-' in args.split()[0] or args.startswith('/usr/sbin/svcd') or 'fake.py' in args}


def version(vm):
    return vm.must('dpkg-query', '-W', '-f', '${Version}', 'svcd')


def test_a_newer_package_restarts_nothing_and_no_request_fails(vm):
    before, old = running(vm), version(vm)
    vm.must('systemd-run', '--quiet', '--unit', 'client', 'sh', '-c',
            'while :; do curl -sf -m 30 http://127.0.0.1:8080/ >/dev/null || echo lost; echo asked; done')
    vm.must('apt-get', 'install', '-y', '/run/svcd-test/svcd-newer.deb', timeout=300)
    vm.must('systemctl', 'stop', 'client')
    assert version(vm) == f'{old}+newer'
    assert running(vm) == before
    said = vm.must('journalctl', '-u', 'client', '-o', 'cat', '--quiet').split()
    assert said.count('asked') > 10 and 'lost' not in said
    assert json.loads(vm.must('svcctl', '--json', 'status', 'resident'))


def test_what_an_operator_stopped_is_not_started_by_a_package(vm):
    vm.must('systemctl', 'stop', 'svcd')
    vm.must('apt-get', 'install', '-y', '--allow-downgrades', '/run/svcd-test/svcd.deb', timeout=300)
    assert vm.run('systemctl', 'is-active', 'svcd').out == 'inactive\n'
    assert running(vm) == {}
    vm.must('systemctl', 'start', 'svcd', 'svcd-services', timeout=120)
    inside.Svcd(vm).until_ready('resident')


def test_a_systemd_that_executes_itself_anew_changes_nothing(vm):
    before = running(vm)
    vm.must('systemctl', 'daemon-reexec')
    vm.must('systemctl', 'daemon-reload')
    assert running(vm) == before
    assert vm.must('systemctl', 'is-active', 'svcd') == 'active\n'


def test_a_killed_svcd_is_back_and_nothing_runs_twice(vm):
    before = set(running(vm))
    vm.must('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'svcd')
    inside.until(lambda: vm.run('systemctl', 'is-active', 'svcd').out == 'active\n' and not before & set(running(vm)))
    inside.Svcd(vm).until_ready('resident')
    commands = list(running(vm).values())
    assert sum('fake.py' in command for command in commands) == 1
    assert all(sum(program in command for command in commands) == 1
               for program in ('svcd-health', 'svcd-log', 'svcd-firewall', '/usr/sbin/svcd'))
