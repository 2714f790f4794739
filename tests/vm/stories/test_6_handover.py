# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd restarted, reloaded, upgraded, stopped and killed by systemd's hand: no service notices.

What must hold each time: the same processes, each once, with the same history; no request failed, on the
service's own port or on the one that balancers ask; nothing was warned of.
"""
import pytest

import svcd as inside

LOAD = '/srv/load'
RATE, TIMES = 500, 10  # requests a second and on a connection: opening one is what an emulated processor is slow at
PROGRAMS = ('svcd', 'svcd-supervisor', 'svcd-health', 'svcd-log', 'svcd-firewall')


@pytest.fixture(scope='module', autouse=True)
def services(booted, svcd):
    booted.must('cp', '/run/svcd-test/load', LOAD)
    svcd.declare('web', LOAD, 'serve', '8090', listen=[{'name': 'http', 'port': 8090}],
                 health={'checks': [{'name': 'page', 'http': '/', 'interval': '5s', 'timeout': '5s'}]})
    svcd.declare('talker', '/bin/sh', '-c', 'i=0; while :; do echo line $((i += 1)); sleep 0.2; done',
                 run={'ready': {'by': 'started'}})
    svcd.declare('mortal', '/bin/sleep', '100000', run={'ready': {'by': 'started'}, 'restart': {'delay': '1s'}})
    for name in ('web', 'talker', 'mortal'):
        svcd.until_ready(name)


class Client:
    """Asks on, in a unit of its own."""

    def __init__(self, vm, name, *words):
        self.vm, self.name = vm, name
        # behind svcd, or there is no processor left for what is to be seen
        vm.must('systemd-run', '--quiet', '--unit', name, '-p', 'Nice=19', LOAD, 'ask', *words)

    def stop(self):
        """How often it asked; none may have failed."""
        self.vm.must('systemctl', 'stop', self.name)
        *_, line = self.vm.must('journalctl', '-u', self.name, '-o', 'cat', '-n', '1', '-t', 'load').splitlines()
        print(f'{self.name}: {line}')
        words = line.split()
        assert words[2:4] == ['failed', '0'], line
        return int(words[1])


class Watch:
    """Between its making and `ends_well` nothing may be seen of what happens to svcd."""

    counter = 0

    def __init__(self, vm, svcd):
        Watch.counter += 1
        self.vm, self.svcd = vm, svcd
        self.before = self.history()
        vm.must('journalctl', '--sync')
        self.cursor = vm.must('journalctl', '-n', '0', '--show-cursor').split('cursor: ')[1].strip()
        self.clients = [Client(vm, f'clients-{self.counter}', RATE, TIMES, 8090, '/'),
                        Client(vm, f'balancer-{self.counter}', 10, 1, 9479, '/readyz/web')]

    def history(self):
        """What of each service must stay as it is."""
        document = {status['service']: status for status in self.svcd.all()}
        return {name: (status['state'], status['ready'], status['since'], [exit['number'] for exit in status['exits']], [
            (instance['pid'], instance['generation'], instance['started'], instance['restarts'])
            for instance in status['instances']]) for name, status in document.items()}

    def warned(self):
        """Of svcd's units and by them, since then."""
        lines = self.vm.must('journalctl', '--after-cursor', self.cursor, '-u', 'svcd*', '-p', 'warning', '--quiet',
                             '-o', 'cat').splitlines()
        return [line for line in lines if 'did not answer for' not in line]

    def ends_well(self, but=(), expected=()):
        """All of it; `but` names services that something happened to, `expected` words of warnings."""
        inside.until(lambda: self.vm.run('svcctl', 'status').rc == 0)
        for name in self.before:
            self.svcd.until_ready(name)
        asked = [client.stop() for client in self.clients]
        assert asked[0] > 100 and asked[1] > 5
        after = self.history()
        assert {name: after[name] for name in after if name not in but} == {
            name: self.before[name] for name in self.before if name not in but}
        assert [line for line in self.warned() if not any(word in line for word in expected)] == []
        self.each_once()

    def each_once(self):
        commands = self.vm.must('ps', '-eo', 'args=').splitlines()
        for program in (f'{LOAD} serve', 'fake.py', 'line $((i', '/usr/sbin/svcd', 'svcd-supervisor', 'svcd-health',
                        'svcd-log', 'svcd-firewall', 'svcd-placeholder'):
            assert sum(program in command for command in commands) == 1, (program, commands)


@pytest.fixture
def watch(vm, svcd):
    one = Watch(vm, svcd)
    yield one
    for client in one.clients:
        vm.run('systemctl', 'stop', client.name)


def pids(vm):
    """{program: pid} of svcd's own."""
    found = {}
    for line in vm.must('ps', '-eo', 'pid=,args=').splitlines():
        pid, program = line.split()[:2]
        if program.rsplit('/', 1)[-1] in PROGRAMS:
            found[program.rsplit('/', 1)[-1]] = int(pid)
    return found


def version(vm):
    return vm.must('dpkg-query', '-W', '-f', '${Version}', 'svcd')


def test_services_live_in_a_scope_of_their_own(vm, svcd):
    assert svcd.cgroup_of('web') == f'/svcd.slice/svcd-services.scope/web/1.{svcd.generation("web")}'
    assert vm.must('systemctl', 'is-active', 'svcd-services.scope') == 'active\n'
    assert vm.must('systemctl', 'show', '-P', 'TasksMax', 'svcd-services.scope') == 'infinity\n'
    assert vm.run('systemctl', 'stop', 'svcd-services.scope').rc != 0, 'it is not stopped by mistake'


def test_a_restart(vm, watch):
    before = pids(vm)
    vm.must('systemctl', 'restart', 'svcd', timeout=120)
    assert not set(before.values()) & set(pids(vm).values())
    watch.ends_well()


def test_a_reload_replaces_all_but_the_pid_of_svcd(vm, watch):
    before = pids(vm)
    vm.must('systemctl', 'reload', 'svcd', timeout=120)
    after = pids(vm)
    assert after['svcd'] == before['svcd'] and after['svcd-supervisor'] != before['svcd-supervisor']
    watch.ends_well()


def test_a_newer_package(vm, watch):
    old = version(vm)
    inside.install(vm, 'svcd-newer.deb', needrestart='NEEDRESTART_MODE=a')
    assert version(vm) == f'{old}+newer'
    watch.ends_well()
    for program, pid in pids(vm).items():
        assert 'deleted' not in vm.must('readlink', f'/proc/{pid}/exe'), f'{program} is the old one'


def test_an_older_package(vm, watch):
    inside.install(vm, 'svcd.deb', '--allow-downgrades')
    assert not version(vm).endswith('+newer')
    watch.ends_well()


def test_svcd_is_killed_and_comes_back(vm, watch):
    before = pids(vm)
    vm.must('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'svcd')
    inside.until(lambda: vm.run('systemctl', 'is-active', 'svcd').out == 'active\n'
                 and pids(vm).get('svcd', before['svcd']) != before['svcd'])
    watch.ends_well(expected=('status=9/KILL', "result 'signal'", 'the keeper is gone'))


def test_svcd_and_its_supervisor_are_killed_while_a_service_dies(vm, svcd, watch):
    before, mortal = pids(vm), svcd.pid('mortal')
    vm.must('kill', '-9', before['svcd-supervisor'], before['svcd'], mortal)
    inside.until(lambda: vm.run('systemctl', 'is-active', 'svcd').out == 'active\n'
                 and pids(vm).get('svcd', before['svcd']) != before['svcd'])
    status = svcd.until('mortal', lambda status: status['ready'] and status['instances'][0]['pid'] != mortal)
    death = status['exits'][0]
    assert (death['pid'], death['cause'], death['signal']) in ((mortal, 'signal', 9), (mortal, 'unknown', None))
    watch.ends_well(but=['mortal'], expected=('status=9/KILL', "result 'signal'", 'mortal:', 'the keeper is gone'))


def test_a_stop_stops_no_service_and_a_start_takes_them_over(vm, svcd, watch):
    mortal = svcd.pid('mortal')
    vm.must('systemctl', 'stop', 'svcd', timeout=120)
    assert pids(vm) == {}
    assert vm.must('systemctl', 'is-active', 'svcd-services', 'svcd-services.scope').split() == ['active'] * 2
    vm.must('kill', '-9', mortal)
    assert vm.must('curl', '-s', 'http://127.0.0.1:8090/').strip() == str(watch.before['web'][4][0][0])
    # the balancers' port is closed meanwhile, as nobody is there to answer
    vm.must('systemctl', 'stop', watch.clients.pop().name)
    vm.must('systemctl', 'start', 'svcd', timeout=120)
    watch.clients.append(Client(vm, 'balancer-again', 10, 1, 9479, '/readyz/web'))
    status = svcd.until('mortal', lambda status: status['ready'] and status['instances'][0]['pid'] != mortal)
    assert (status['exits'][0]['pid'], status['exits'][0]['cause']) == (mortal, 'unknown')
    watch.ends_well(but=['mortal'], expected=('mortal:',))


def test_a_systemd_that_executes_itself_anew_changes_nothing(vm, watch):
    before = pids(vm)
    vm.must('systemctl', 'daemon-reexec')
    vm.must('systemctl', 'daemon-reload')
    assert pids(vm) == before
    watch.ends_well()


def test_needrestart_restarts_nothing(vm, watch):
    """After an upgrade of a library that all of them use."""
    before = pids(vm)
    vm.shell('for lib in /usr/lib/*/libc.so.6 /usr/lib/*/libev.so.4.*; do cp -p "$lib" "$lib.new"; mv "$lib.new" "$lib"; done')
    told = vm.must('needrestart', '-r', 'a', '-v', merge=True, timeout=300)
    assert 'svcd.service' in told, 'it sees what runs with the old one'
    assert pids(vm) == before
    watch.ends_well()


def test_no_line_was_lost(vm):
    said = vm.must('svcctl', 'logs', '-n', '100000', 'talker').split('\n')
    numbers = [int(line.split()[-1]) for line in said if line.startswith('line ')]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_services_are_stopped_as_one_and_started_again(vm, svcd):
    vm.must('svcctl', 'stop', 'mortal', '--reason', 'not this one')
    vm.must('systemctl', 'stop', 'svcd-services', timeout=180)
    assert {status['state'] for status in svcd.all()} == {'down'}
    assert vm.must('systemctl', 'is-active', 'svcd') == 'active\n'
    assert svcd.status('web')['exits'][0]['cause'] == 'shutdown'
    vm.must('systemctl', 'start', 'svcd-services', timeout=120)
    svcd.until_ready('web')
    svcd.until_ready('resident')
    assert svcd.status('mortal')['wanted']['why'] == 'not this one'


def test_what_an_operator_stopped_is_not_started_by_a_package(vm, svcd):
    vm.must('systemctl', 'stop', 'svcd', timeout=120)
    inside.install(vm, 'svcd.deb', '--reinstall')
    assert vm.run('systemctl', 'is-active', 'svcd').out == 'inactive\n'
    assert pids(vm) == {}
    vm.must('systemctl', 'start', 'svcd', timeout=120)
    svcd.until_ready('resident')
