# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd-supervisor dies, and no service notices: same pids, none twice, none lost."""
import os
import signal

from machine import until


def kill_supervisor(host):
    """SIGKILL; returns when the next one answers."""
    old = host.engine_pid('svcd-supervisor')
    os.kill(old, signal.SIGKILL)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, old), what='the next supervisor')
    until(lambda: host.ctl('list').returncode == 0, what='the next supervisor answers')
    return host.engine_pid('svcd-supervisor')


def test_a_service_does_not_notice_that_its_supervisor_dies(host):
    host.declare_web('web', 8080)
    host.start()
    before = host.until_ready('web')
    kill_supervisor(host)
    after = host.until_ready('web')
    for key in ('pid', 'generation', 'started', 'restarts', 'since', 'state'):
        assert after['instances'][0][key] == before['instances'][0][key], key
    assert after['exits'] == []
    assert 'took over 1 service' in host.said()
    # it is supervised: its end is noticed, and its exit known
    os.kill(host.pid('web'), signal.SIGTERM)
    until(lambda: host.status('web')['exits'], what='its exit is noticed')
    last = host.status('web')['exits'][0]
    assert (last['pid'], last['cause'], last['signal']) == (
        before['instances'][0]['pid'], 'signal', signal.SIGTERM)
    host.until_ready('web')
    host.must_ctl('stop', 'web')
    assert host.pids('web') == [None] or host.pids('web') == [0]
