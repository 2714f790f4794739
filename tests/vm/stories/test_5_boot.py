# SPDX-License-Identifier: GPL-2.0-or-later
"""Over a reboot: what was wanted comes back, what was not stays away, what gave up is tried again."""
import pytest

import svcd as inside

MENDED = '/srv/mended'


@pytest.fixture(scope='module', autouse=True)
def rebooted(booted, svcd):
    """Four services on their way into a boot, one each; (status before, status after) of each."""
    names = ('resident', 'unwanted', 'hopeless', 'refused', 'polite')
    svcd.declare_hog('unwanted', 'nothing')
    svcd.declare_hog('refused', 'nothing')
    svcd.declare_hog('polite', 'polite')
    svcd.declare('hopeless', '/bin/sh', '-c', f'[ -e {MENDED} ] || exit 1; exec sleep 10000', run={
        'ready': {'by': 'started'},
        'restart': {'delay': '100ms', 'delay_max': '100ms', 'give_up': {'after': 2, 'within': '10m'}}})
    for name in ('unwanted', 'refused', 'polite', 'resident'):
        svcd.until_ready(name)
    svcd.until('hopeless', lambda status: status['state'] == 'failed')
    booted.must('svcctl', 'stop', 'unwanted', '--reason', 'not this one')
    booted.write(f'{inside.DECLARATIONS}/refused.yaml', 'service: refused\nnonsense: 1\n')
    svcd.until('refused', lambda status: status['refused'])
    booted.must('touch', MENDED)
    before = {name: svcd.status(name) for name in names}
    booted.reboot()
    svcd.until_ready('resident')
    return before, {name: svcd.status(name) for name in names}


def test_the_machine_came_up_whole(vm):
    assert vm.run('systemctl', 'is-system-running').out == 'running\n'
    assert vm.must('systemctl', 'is-active', 'svcd', 'svcd-services').split() == ['active'] * 2


def test_what_was_wanted_runs_again(vm, svcd, rebooted):
    before, after = (one['resident'] for one in rebooted)
    assert after['ready'] and after['wanted']['value'] == 'up'
    assert after['config_hash'] == before['config_hash']
    assert vm.must('curl', '-s', 'http://127.0.0.1:8080/').strip() == str(svcd.pid('resident'))


def test_what_an_operator_stopped_stays_down_and_says_who_and_why(rebooted):
    after = rebooted[1]['unwanted']
    assert (after['state'], after['wanted']['value']) == ('down', 'down')
    assert (after['wanted']['who'], after['wanted']['why']) == ('root', 'not this one')


def test_what_gave_up_is_tried_again(svcd, rebooted):
    assert rebooted[0]['hopeless']['state'] == 'failed'
    svcd.until_ready('hopeless')


def test_what_is_refused_runs_as_accepted_and_says_so(vm, svcd):
    status = svcd.until_ready('refused')
    assert status['stale'] and any('nonsense' in line for line in status['refused'])
    assert vm.run('svcctl', 'check', 'refused').rc == 1


def test_services_were_told_to_stop_before_the_lights_went_out(vm):
    assert 'ends politely' in vm.must('svcctl', 'logs', 'polite')


def test_the_rules_are_there(vm):
    assert '8080' in vm.must('nft', 'list', 'table', 'inet', 'svcd')


def test_the_journal_warns_of_nothing_else(vm):
    assert inside.warnings(vm, 'refused: ', 'hopeless: ') == []
