# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh Debian gets the package."""


def test_the_machine_is_what_hosts_are(vm):
    assert vm.read('/proc/1/comm') == 'systemd\n'
    controllers = vm.read('/sys/fs/cgroup/cgroup.controllers').split()
    assert {'cpu', 'io', 'memory', 'pids'} <= set(controllers)
    vm.must('modprobe', 'ip_vs')
    vm.must('nft', 'list', 'ruleset')
    assert vm.run('systemctl', '--failed', '--quiet', '--no-legend').out == ''


def test_the_package_is_installed_and_runs(vm):
    vm.must('apt-get', 'install', '-y', '/run/svcd-test/svcd.deb', timeout=300)
    assert vm.must('systemctl', 'is-active', 'svcd', 'svcd-services').split() == ['active'] * 2
    assert vm.must('systemctl', 'is-enabled', 'svcd', 'svcd-services').split() == ['enabled'] * 2
    print(vm.must('systemctl', 'status', 'svcd'))
    print(vm.must('svcctl', 'status'))
