# SPDX-License-Identifier: GPL-2.0-or-later
"""Out again: what svcd wrote by itself goes, what an operator wrote stays."""


def test_a_removal_stops_the_services(vm):
    vm.must('env', 'NEEDRESTART_SUSPEND=1', 'apt-get', 'remove', '-y', 'svcd', timeout=300)
    assert vm.run('pgrep', '-f', 'fake.py').rc == 1
    assert vm.run('pgrep', 'svcd').rc == 1
    assert vm.run('systemctl', 'is-active', 'svcd').out == 'inactive\n'
    assert vm.must('systemctl', '--failed', '--quiet', '--no-legend') == ''


def test_a_purge_leaves_the_declarations_alone(vm):
    vm.must('env', 'NEEDRESTART_SUSPEND=1', 'apt-get', 'purge', '-y', 'svcd', timeout=300)
    left = vm.must('find', '/etc', '/usr', '/lib', '/var', '/run', '-xdev', '-name', '*svcd*',
                   '-not', '-path', '*svcd-test*', '-not', '-name', '*svcd.test')
    assert left.split() == ['/etc/svcd', '/etc/svcd/svcd.yaml']
    assert set(vm.must('find', '/etc/svcd', '-type', 'f').split()) == {
        '/etc/svcd/services/resident.yaml', '/etc/svcd/site.yaml', '/etc/svcd/svcd.yaml'}


def test_the_kernel_forgot_it_too(vm):
    assert 'svcd' not in vm.must('nft', 'list', 'tables')
    assert vm.run('test', '-e', '/sys/fs/cgroup/svcd.slice').rc == 1
    assert vm.run('test', '-e', '/run/svcd').rc == 1
    assert 'svcd' not in vm.must('journalctl', '--list-catalog', '--no-pager')
