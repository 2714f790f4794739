# SPDX-License-Identifier: GPL-2.0-or-later
"""What monitors, balancers and people see."""
import json
import os
import re
import signal

from busy import busy
from machine import until

CHECK_HTTP = '/usr/lib/nagios/plugins/check_http'


def web(host, *options, **keys):
    answer = host.write('answer', '200')
    keys.setdefault('health', {'checks': [
        {'name': 'root', 'http': '/', 'interval': '500ms', 'timeout': '450ms', 'rise': 1, 'fall': 2}]})
    host.declare_web('hello', 8080, '--status-file', str(answer), *options, **keys)
    return answer


def check_http(host, path):
    return host.network.run(CHECK_HTTP, '-H', '127.0.0.1', '-p', '9479', '-u', path, '-B')


def test_every_face_tells_the_same(host):
    answer = web(host)
    host.start()
    host.until_ready('hello')
    assert host.get('/readyz/hello') == (200, 'ok')
    assert host.get('/livez/hello')[0] == 200
    assert host.get('/livez') == (200, 'ok')
    assert host.get('/readyz') == (200, 'ok')
    code, headers, body = host.request('GET', '/health/hello')
    assert code == 200 and headers['Content-Type'].startswith('application/health+json')
    assert json.loads(body)['status'] == 'pass'
    assert host.get('/check/hello')[0] == 200
    assert check_http(host, '/check/hello').returncode == 0
    assert host.ctl('check', 'hello').returncode == 0

    answer.write_text('500')
    until(lambda: host.get('/readyz/hello')[0] == 503)
    assert not host.ready('hello')
    code, headers, body = host.request('GET', '/health/hello')
    assert code == 503 and json.loads(body)['status'] == 'fail'
    result = check_http(host, '/check/hello')
    assert result.returncode == 2 and 'CRITICAL' in result.stdout, result.stdout
    plugin = host.ctl('check', 'hello')
    assert plugin.returncode == 2
    assert plugin.stdout.startswith('SVC CRITICAL - ')
    code, text = host.get('/readyz/hello')
    assert code == 503 and '[-]' in text, text

    answer.write_text('200')
    until(lambda: host.get('/readyz/hello')[0] == 200)


def test_a_warning_is_429_for_monitors_and_200_for_balancers(host):
    answer = web(host, health={'checks': [
        {'name': 'queue', 'http': '/', 'interval': '500ms', 'timeout': '450ms', 'rise': 1, 'fall': 1,
         'effect': 'warn'}]})
    host.start()
    host.until_ready('hello')
    answer.write_text('500')
    until(lambda: host.get('/check/hello')[0] == 429)
    assert host.get('/readyz/hello')[0] == 200
    assert host.ready('hello')
    assert check_http(host, '/check/hello').returncode == 1
    assert host.ctl('check', 'hello').returncode == 1


def test_check_answers_the_same_bytes_on_both_ways(host):
    web(host)
    host.start()
    host.until_ready('hello')

    def both():
        return host.get('/check/hello')[1].strip(), host.ctl('check', 'hello').stdout.strip()

    def without_numbers(text):
        return re.sub(r'[\d.]+', '0', text.split('|')[0])     # a second later it is up for a second more

    until(lambda: without_numbers(both()[0]) == without_numbers(both()[1]), what='same text')
    assert '|' in both()[0]


def test_a_service_that_an_operator_stopped_is_not_an_alarm_and_gets_no_traffic(host):
    web(host)
    host.start()
    host.until_ready('hello')
    host.must_ctl('stop', 'hello')
    assert host.get('/readyz/hello')[0] == 503
    result = host.ctl('check', 'hello')
    assert result.returncode == 0 and 'stopped by' in result.stdout, result.stdout
    assert host.ctl('check', 'nobody').returncode == 3
    assert host.get('/readyz/nobody')[0] == 404


def test_an_exit_is_seen_at_once(host):
    web(host, run={'restart': {'delay': '5s', 'delay_max': '5s'}})
    host.start()
    host.until_ready('hello')
    os.kill(host.pid('hello'), signal.SIGKILL)
    until(lambda: host.get('/readyz/hello')[0] == 503, within=busy())
    assert 'KILL' in host.status('hello')['why']


def test_old_clients_are_served(host):
    web(host)
    host.start()
    host.until_ready('hello')
    send = ('import socket,sys;s=socket.create_connection(("127.0.0.1",9479),5);'
            's.sendall(sys.argv[1].encode().decode("unicode_escape").encode());'
            'print(s.makefile("rb").read().decode())')
    for request, first in (('GET /readyz/hello HTTP/1.0\\r\\n\\r\\n', ' 200 OK'),
                           ('OPTIONS / HTTP/1.0\\r\\n\\r\\n', ' 200 OK'),
                           ('HEAD /check/hello HTTP/1.0\\r\\n\\r\\n', ' 200 OK'),
                           ('DELETE /readyz HTTP/1.0\\r\\n\\r\\n', ' 405 ')):
        reply = host.network.run('/usr/bin/python3', '-c', send, request).stdout
        assert first in reply.split('\n')[0], (request, reply)


def test_metrics_can_be_read_by_the_reference_parser(host):
    web(host)
    host.start()
    host.until_ready('hello')
    code, headers, text = host.request('GET', '/metrics')
    assert code == 200 and headers['Content-Type'].startswith('text/plain; version=0.0.4')
    assert 'svcd_service_ready{service="hello"} 1' in text
    code, headers, text = host.request('GET', '/metrics', headers={'Accept': 'application/openmetrics-text'})
    assert headers['Content-Type'].startswith('application/openmetrics-text')
    assert text.endswith('# EOF\n')


def test_status_has_the_numbers_of_the_process(host):
    web(host)
    host.start()
    host.until_ready('hello')
    one = until(lambda: (lambda one: one if one['memory_bytes'] is not None else None)(
        host.status('hello')['instances'][0]))
    assert one['memory_bytes'] > 1000000 and one['fds'] >= 3 and one['tasks'] >= 1
    text = host.must_ctl('status', 'hello')
    assert str(one['pid']) in text and 'hello' in text
    assert all(len(line) <= 80 for line in text.splitlines()), text
