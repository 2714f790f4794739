# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh Debian gets the package. The service `resident` stays for all later stories."""
import svcd as inside


def test_the_machine_is_what_hosts_are(vm):
    assert vm.read('/proc/1/comm') == 'systemd\n'
    controllers = vm.read('/sys/fs/cgroup/cgroup.controllers').split()
    assert {'cpu', 'io', 'memory', 'pids'} <= set(controllers)
    vm.must('modprobe', 'ip_vs')
    vm.must('nft', 'list', 'ruleset')
    assert vm.must('systemctl', '--failed', '--quiet', '--no-legend') == ''


def test_the_package_is_installed_and_runs(vm):
    inside.install(vm, 'svcd.deb')
    assert vm.must('systemctl', 'is-active', 'svcd', 'svcd-services').split() == ['active'] * 2
    assert vm.must('systemctl', 'is-enabled', 'svcd', 'svcd-services').split() == ['enabled'] * 2
    assert 'no services' in vm.must('svcctl', 'status', merge=True)


def test_nothing_is_warned_of(vm):
    """Neither by systemd about the units, nor by svcd about a host that has all that it wants."""
    units = ('svcd.service', 'svcd-services.service')
    assert vm.must('systemd-analyze', 'verify', '--man=no', *units, merge=True) == ''
    assert vm.must('systemctl', 'show', '-P', 'StartLimitIntervalUSec', 'svcd') == '0\n'
    assert inside.warnings(vm) == []


def test_each_program_runs_as_its_own_user(vm):
    found = dict(line.split()[:2] for line in vm.must('ps', '-eo', 'comm,user:20').splitlines())
    for program in ('svcd-health', 'svcd-log', 'svcd-firewall'):
        assert found[program] == program
    assert found['svcd-supervisor'] == 'root'


def test_directories_are_nobodys_to_write(vm):
    modes = vm.must('stat', '-c', '%n %a %U', '/etc/svcd', '/etc/svcd/services', '/etc/svcd/templates',
                    '/etc/svcd/secrets', '/var/lib/svcd', '/run/svcd')
    assert modes.splitlines() == [
        '/etc/svcd 755 root', '/etc/svcd/services 755 root', '/etc/svcd/templates 755 root',
        '/etc/svcd/secrets 700 root', '/var/lib/svcd 755 root', '/run/svcd 755 root']


def test_the_manual_and_the_completion_are_there(vm):
    for page in ('man1/svcctl.1', 'man5/svcd-service.5', 'man5/svcd.yaml.5', 'man5/svcd-site.5', 'man8/svcd.8'):
        vm.must('test', '-s', f'/usr/share/man/{page}.gz')
    words = vm.must('bash', '-c', '. /usr/share/bash-completion/completions/svcctl; '
                    'COMP_WORDS=(svcctl sta); COMP_CWORD=1; _svcctl; echo "${COMPREPLY[*]}"')
    assert {'start', 'status'} <= set(words.split())


def test_the_examples_are_a_host_file_and_a_site_file(vm):
    vm.must('cp', '/usr/share/doc/svcd/examples/svcd.yaml', '/usr/share/doc/svcd/examples/site.yaml', '/etc/svcd/')
    vm.must('svcctl', 'apply', '--yes')
    vm.must('svcctl', 'validate', '/etc/svcd')


def test_a_declaration_is_all_that_a_service_needs(vm):
    vm.must('cp', '/run/svcd-test/hog.py', '/run/svcd-test/fake.py', '/srv')
    svcd = inside.Svcd(vm)
    svcd.declare('resident', inside.PYTHON, '-u', inside.FAKE, '--port', '8080',
                 listen=[{'name': 'http', 'port': 8080}],
                 firewall={'allow': [{'port': 'http', 'from': ['10.64.0.0/12']}]},
                 health={'checks': [{'name': 'page', 'http': '/', 'interval': '5s', 'timeout': '5s'}]})
    svcd.until_ready('resident')
    assert vm.must('curl', '-s', 'http://127.0.0.1:8080/').strip() == str(svcd.pid('resident'))
    assert vm.run('curl', '-sf', 'http://127.0.0.1:9479/readyz/resident').rc == 0
    assert vm.must('svcctl', 'check', 'resident').startswith('SVC OK')
