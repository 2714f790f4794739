# SPDX-License-Identifier: GPL-2.0-or-later
"""Down in order, and up again with all broken that can be: files, names, the disk."""
import pytest

import svcd as inside

NAMES = ('base', 'broken', 'front')
HOST, SITE = '/etc/svcd/svcd.yaml', '/etc/svcd/site.yaml'
FILLED = '/var/filled'
WENT_DOWN = '/srv/went-down'
DIARY = '/var/log/diary'

# Overwrites its page, which has its place on a full disk: when it was told to stop, and whether the network
# was there. Waits a little, so that who stops after it can be told from who does not.
WRITER = f'''
end() {{
	echo "$(cut -d' ' -f1 /proc/uptime) $([ -e /run/the-network ] && echo online)" 1<>{DIARY}/$1
	sleep 1
	exit 0
}}
trap 'end "$1"' TERM
while :; do sleep 1000 & wait; done
'''

# What network.target stands for, and a name server that swallows what it is asked.
NETWORK = '''[Unit]
Before=network.target svcd.service
Wants=network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link add dead type dummy; ip addr add 192.0.2.2/24 dev dead; ip link set dead up; touch /run/the-network'
ExecStop=/bin/rm /run/the-network

[Install]
WantedBy=multi-user.target
'''


def declare(vm, svcd):
    vm.write('/srv/writer.sh', WRITER)
    vm.must('mkdir', '-m', '777', DIARY)
    vm.shell(f'cp {HOST} /srv/; echo "policy: {{paths: {{writable: [{DIARY}]}}}}" >>{HOST}; svcctl apply --yes')
    for name, needs in (('base', []), ('front', ['base'])):
        vm.shell(f'printf %4096s "" >{DIARY}/{name}; chmod 666 {DIARY}/{name}')
        svcd.declare(name, '/bin/sh', '/srv/writer.sh', name, run={'ready': {'by': 'started'}},
                     depends={'services': needs}, security={'writable': [DIARY]})
    svcd.declare_hog('broken', 'nothing')
    vm.write('/etc/systemd/system/the-network.service', NETWORK)
    vm.must('systemctl', 'enable', '--now', '--quiet', 'the-network')
    for name in NAMES:
        svcd.until_ready(name)


def fill(vm):
    vm.shell(f'[ -e {FILLED} ] || fallocate -l $(($(stat -f -c "%a*%S" /var))) {FILLED} || true; '
             f'dd if=/dev/zero bs=4k of={FILLED} oflag=append conv=notrunc 2>/dev/null || sync {FILLED}')
    assert vm.run('sh', '-c', 'echo enough >/var/one-more').rc != 0


def break_all(vm):
    vm.shell(f'cp {SITE} /srv/; echo "nonsense: [" >>{SITE}')
    vm.shell(f'echo "nonsense: 1" >>{inside.DECLARATIONS}/broken.yaml')
    vm.shell('echo "nameserver 192.0.2.1" >/etc/resolv.conf; '
             'sed -i "s/^\\(passwd\\|group\\|hosts\\):.*/& dns/" /etc/nsswitch.conf')
    vm.shell(f'date +%s >{WENT_DOWN}')
    fill(vm)


@pytest.fixture(scope='module', autouse=True)
def rebooted(booted, svcd):
    """{name: status} of each before, and after a reboot into a broken host."""
    declare(booted, svcd)
    before = {name: svcd.status(name) for name in NAMES}
    break_all(booted)
    booted.reboot()
    for name in (*NAMES, 'resident'):
        svcd.until_ready(name)
    yield before, {name: svcd.status(name) for name in NAMES}
    booted.shell(f'rm -f {FILLED} /var/one-more; cp /srv/site.yaml {SITE}; cp /srv/svcd.yaml {HOST}; : >/etc/resolv.conf; '
                 'sed -i "s/ dns$//" /etc/nsswitch.conf; systemctl disable --now --quiet the-network; '
                 f'rm -r {DIARY} /etc/systemd/system/the-network.service')


def page(vm, name):
    return vm.read(f'{DIARY}/{name}').split()


def test_services_were_stopped_in_order_while_there_was_a_network(vm):
    front, base = page(vm, 'front'), page(vm, 'base')
    assert front[1:] == base[1:] == ['online']
    assert float(base[0]) >= float(front[0]) + 1, 'base stops when front, which depends on it, has ended'


def test_nothing_failed_on_the_way(vm):
    """No unit had to be killed, or gave up."""
    since = f'@{vm.read(WENT_DOWN).strip()}'
    said = vm.must('journalctl', '-b', '-1', '--since', since, '-u', 'svcd*', '-o', 'cat', '--quiet').splitlines()
    assert [line for line in said if 'timed out' in line or "result '" in line] == []
    assert vm.must('systemctl', '--failed', '--quiet', '--no-legend') == ''


def test_what_was_accepted_runs_again_and_says_that_it_is_stale(rebooted):
    for name in NAMES:
        before, after = (one[name] for one in rebooted)
        assert (after['state'], after['ready']) == ('up', True), name
        assert after['config_hash'] == before['config_hash'], name
        assert after['stale'], f'{name}: nothing is as on the disk while the site file is refused'


def test_the_broken_site_file_is_told(vm):
    said = vm.must('journalctl', '-b', '-u', 'svcd', '-o', 'cat', '--quiet')
    assert 'the site file is refused: host and site are as accepted before' in said
    assert 'site.yaml:' in said, 'with its place'
    assert vm.run('svcctl', 'check', 'base').rc == 1, 'monitors warn'


def test_what_the_full_disk_does_not_take_is_told(vm, svcd):
    """An operator's word holds, and whoever gave it hears that a boot would forget it."""
    fill(vm)  # a boot tidies up, too
    result = vm.run('svcctl', 'stop', 'base')
    assert result.rc == 1 and 'No space left on device' in result.out + result.err
    assert svcd.state('base') == 'down'
    vm.run('svcctl', 'start', 'base')
    svcd.until_ready('base')


def test_repaired_it_is_as_if_nothing_had_been(vm, svcd):
    vm.shell(f'rm -f {FILLED}; cp /srv/site.yaml {SITE}')
    svcd.declare_hog('broken', 'nothing')
    vm.must('svcctl', 'apply', '--yes', timeout=120)
    svcd.until('broken', lambda status: status['ready'] and not status['stale'] and not status['refused'])
    for name in NAMES:
        svcd.until(name, lambda status: status['ready'] and not status['stale'])
