# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd-supervisor dies, and no service notices: same pids, none twice, none lost."""
import json
import os
import signal
import subprocess

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


class Watcher:
    """Asks one URL of the host again and again, a new connection each time, in a process of its own there."""

    CODE = '''
import http.client, json, sys, time
port, path, count = int(sys.argv[1]), sys.argv[2], 0
wrong = []
while len(wrong) < 20:
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        c.request("GET", path)
        r = c.getresponse()
        body = r.read().decode()
        if r.status != 200:
            wrong.append([count, r.status, body[:300]])
    except OSError as e:
        wrong.append([count, 0, repr(e)])
    except http.client.HTTPException as e:
        wrong.append([count, 0, repr(e)])
    count += 1
    print(json.dumps([count, wrong]), flush=True)
    time.sleep(0.002)
'''

    def __init__(self, host, path, port=9479):
        self.file = host.write(f'watch{port}{path.replace("/", "_")}', '')
        self.process = subprocess.Popen(
            host.network.in_it('/usr/bin/python3', '-c', self.CODE, str(port), path),
            stdout=self.file.open('w', encoding='utf-8'))
        until(lambda: self.said()[0] > 3, what='the watcher asks')

    def said(self):
        lines = self.file.read_text(encoding='utf-8').rsplit('\n', 2)
        return json.loads(lines[-2]) if len(lines) > 1 else [0, []]

    def stop(self):
        """How often it asked, and what went wrong."""
        self.process.kill()
        self.process.wait()
        return self.said()


def test_no_request_fails_and_no_verdict_flips_while_supervisors_die(host):
    host.declare_web('web', 8080, health={'checks': [{'name': 'page', 'http': '/',
        'interval': '200ms', 'timeout': '150ms', 'rise': 1, 'fall': 3}]})
    host.start()
    host.until_ready('web')
    until(lambda: host.get('/check/web')[0] == 200, what='its check passes')
    watchers = [Watcher(host, path) for path in ('/readyz/web', '/readyz', '/check/web')]
    watchers.append(Watcher(host, '/', 8080))
    for _ in range(4):
        kill_supervisor(host)
        host.until_ready('web')
    for watcher in watchers:
        count, wrong = watcher.stop()
        assert not wrong, (watcher.process.args[-1], count, wrong)
        assert count > 50


def test_no_line_is_lost_or_doubled_while_supervisors_die(host):
    host.declare('chatty', run={'ready': {'by': 'started'}, 'command': [
        '/usr/bin/python3', '-uc', 'import time\nfor n in range(10**9):\n print("line", n)\n time.sleep(0.0005)']})
    host.start()
    host.until_ready('chatty')
    for _ in range(4):
        kill_supervisor(host)
    said = until(lambda: host.ctl('logs', 'chatty', '-n', '1').stdout, what='the log is written again')
    host.must_ctl('stop', 'chatty')
    lines = [line.split()[-1] for line in host.must_ctl('logs', 'chatty', '-n', '100000').splitlines()
             if ' line ' in f' {line}']
    assert len(lines) > 500 and said
    numbers = [int(line) for line in lines]
    assert numbers == list(range(len(numbers))), [
        (a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1][:5]
