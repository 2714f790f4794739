# SPDX-License-Identifier: GPL-2.0-or-later
"""What balancers, monitors and people are told, by the real clients where Debian has them."""
import json
import pathlib
import re
import socket
import subprocess
import time

import pytest
import yaml
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

from conftest import status, until, wall

ROWS = yaml.safe_load(pathlib.Path(__file__).with_name('truth_table.yaml').read_text())
PLUGIN_WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']
HTTP_OF_PLUGIN = [200, 429, 503, 503]
PERFDATA = re.compile(r'[A-Za-z0-9_.-]{1,19}=-?\d+(\.\d+)?(s|%|B|c)?;(-?\d+(\.\d+)?)?;(-?\d+(\.\d+)?)?;'
                      r'(-?\d+(\.\d+)?)?;(-?\d+(\.\d+)?)?')


def document(row):
    members = dict(row['status'])
    if 'wanted' in members:
        wanted = {key: wall(-value) if isinstance(value, int) else value for key, value in members['wanted'].items()}
        members['wanted'] = wanted
    it = status('web', failing=row.get('failing'), instances=row.get('instances', 1), **members)
    if 'lame' in row:
        it['instances'][1].update(ready=False, why=row['lame'])
    it['exits'] = [{'at': wall(n), 'instance': 1, 'generation': 1, 'pid': 9, 'cause': 'exit', 'code': 1,
                    'signal': None, 'core': False, 'ran_us': 100000, 'reason': 'exit 1'}
                   for n in range(row.get('exits', 0))]
    return it


@pytest.mark.parametrize('row', ROWS, ids=[row['situation'] for row in ROWS])
def test_every_output_tells_the_truth(supervisor, row):
    run = {'command': ['true']}
    if 'ready_by' in row:
        run.update(ready={'by': row['ready_by']}, restart={'stable': row.get('stable', '10s')})
    supervisor.declare('web', 8080, run=run)
    if not row.get('untold'):
        supervisor.send('state', service='web', status=document(row))
    supervisor.sync()
    assert supervisor.get('/livez/web')[0] == row['livez']
    assert supervisor.get('/health/web/live', Accept='application/json')[0] == row['livez']
    code, headers, body = supervisor.request('/readyz/web')
    assert code == row['readyz']
    assert (body == 'ok') == (code == 200)
    assert headers['X-Svcd-Status'] == row['json']
    assert (headers['X-Envoy-Immediate-Health-Check-Fail'] == 'true') == row.get('unroute', False)
    assert (headers['X-Envoy-Degraded'] == 'true') == row.get('degraded', False)
    assert headers['X-Envoy-Upstream-Healthchecked-Cluster'] == 'web'
    assert supervisor.get('/health/web/ready')[0] == row['readyz']

    code, headers, body = supervisor.request('/health/web')
    assert code == row['health'] and json.loads(body)['status'] == row['json']
    assert f'"status":"{row["json"]}"' in body, 'compact, for check_http -s'

    error, plugin = supervisor.ask(name='web')
    assert error is None and plugin['status'] == row['check']
    assert plugin['text'] == f'SVC {PLUGIN_WORDS[row["check"]]} - {row["headline"]}'
    code, body = supervisor.get('/check/web')
    assert code == HTTP_OF_PLUGIN[row['check']]
    first, *rest = body.splitlines()
    without_age = re.compile(r' age=\d+s;;;0;')
    assert without_age.sub('', first) == without_age.sub('', plugin['text'] + '|' + plugin['perfdata'])
    assert rest == plugin['long']

    lines = samples(supervisor)
    ready, = [s.value for s in lines if s.name == 'svcd_service_ready']
    assert ready == (row['readyz'] == 200)
    health = {s.labels['status']: s.value for s in lines if s.name == 'svcd_service_health_status'}
    assert [word for word, on in health.items() if on] == [row['json']]
    assert supervisor.get('/readyz')[0] == (503 if row['counts'] else 200)
    assert f'<b class={"aside" if not row["counts"] and row["readyz"] == 503 else row["json"]}>' in \
        supervisor.get('/')[1]


def test_an_unknown_name_is_404_with_the_nearest(supervisor):
    supervisor.declare('mathoid', 10042)
    supervisor.tell('mathoid')
    supervisor.sync()
    for path in ('/livez/', '/readyz/', '/health/', '/check/', '/v1/services/'):
        code, body = supervisor.get(path + 'mathiod')
        assert code == 404 and 'did you mean "mathoid"?' in body, path
    assert supervisor.get('/reedyz') == (404, 'no such page: reedyz\ndid you mean "/readyz"?\n')
    assert supervisor.get('/readyz/mathoid/nope')[0] == 404
    assert supervisor.get('/readyz/@nope')[0] == 404
    error, parameters = supervisor.ask(name='mathiod')
    assert error == 'io.svcd.NotFound' and parameters['suggestion'] == 'mathoid'


# ---- texts of Kubernetes

def declare_with_check(supervisor, port=9, effect='ready'):
    check = {'name': 'info', 'http': '/_info', 'interval': '100ms', 'timeout': '90ms', 'rise': 1, 'fall': 1,
             'effect': effect}
    supervisor.declare('web', port, [check], tags=['critical'])
    supervisor.tell('web', ready=False, failing={'verdict': 'info: refused'})
    supervisor.sync()
    supervisor.verdict('web', 'warn' if effect == 'warn' else 'fail')


def test_verbose_names_every_term_and_check(supervisor):
    declare_with_check(supervisor)
    code, body = supervisor.get('/readyz/web')
    assert code == 503 and body == (
        '[+]wanted ok\n[+]state ok\n[-]verdict failed: info: refused\n[+]port ok\n[+]firewall ok\n[+]vip ok\n'
        '[+]draining ok\n[+]warm ok\n[-]check/info failed: connect to 127.0.0.1:9: Connection refused\n'
        'readyz check failed\n')
    assert supervisor.get('/readyz/web?verbose')[1] == body
    assert supervisor.get('/readyz/web/info')[0] == 503
    assert supervisor.get('/readyz/web/port') == (200, 'ok')
    assert supervisor.get('/readyz/web/port?verbose') == (200, '[+]port ok\nreadyz check passed\n')


def test_what_is_excluded_does_not_count(supervisor):
    declare_with_check(supervisor)
    for name in ('info', 'check/info'):
        code, body = supervisor.get(f'/readyz/web?verbose&exclude={name.replace("/", "%2F")}')
        assert code == 200 and '[+]check/info excluded: ok\n' in body
        assert body.endswith('readyz check passed\n')
    code, body = supervisor.get('/readyz/web?exclude=foo')
    assert code == 503
    assert 'warn: some health checks cannot be excluded: no matches for "foo"\n' in body
    assert supervisor.get('/readyz')[0] == 503
    assert supervisor.get('/readyz?exclude=web')[0] == 200


def test_a_tag_is_a_group(supervisor):
    declare_with_check(supervisor)
    supervisor.declare('other', 10)
    supervisor.tell('other')
    assert supervisor.get('/readyz/@critical')[0] == 503
    supervisor.tell('web')
    assert until(lambda: supervisor.get('/readyz/@critical')[0] == 200)
    assert supervisor.get('/readyz/@critical?verbose')[1] == '[+]web ok\nreadyz check passed\n'


def test_a_check_that_may_only_warn_does_not_fail_a_line(supervisor):
    declare_with_check(supervisor, effect='warn')
    assert supervisor.get('/readyz/web/info')[0] == 200
    assert supervisor.ask(name='web')[1]['long'][1].startswith('[WARNING] check/info connect to 127.0.0.1:9')


def test_drain_may_be_404_for_haproxy(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web', ready=False, failing={'draining': 'by alice'})
    assert supervisor.get('/readyz/web')[0] == 503
    assert supervisor.get('/readyz/web?drain=404')[0] == 404


def test_before_everything_was_told_the_host_is_not_ready(supervisor):
    assert supervisor.get('/livez')[0] == 503
    assert supervisor.get('/readyz')[0] == 503
    assert supervisor.get('/health')[0] == 503
    supervisor.sync()
    assert supervisor.get('/livez') == (200, 'ok')
    assert supervisor.get('/readyz') == (200, 'ok')
    assert supervisor.get('/health')[0] == 200


# ---- plugin output

def test_figures_are_what_every_reader_takes(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    supervisor.sync()
    for path in ('/check/web', '/check', '/check/_host'):
        first = supervisor.get(path)[1].splitlines()[0]
        text, perfdata = first.split('|')
        assert len(first) < 900 and len(text) < 80
        for item in perfdata.split(' '):
            assert PERFDATA.fullmatch(item), item
    assert re.search(r'state=0;1;2;0;3 uptime=36\d\ds;;;0;', supervisor.get('/check/web')[1])
    assert 'cpu=1234.5c;;;0;' in supervisor.get('/check/web')[1]


def test_what_is_not_known_is_left_out(supervisor):
    supervisor.declare('web', 8080)
    document = status('web')
    document['instances'][0].update(connections=None, memory_bytes=None, cpu_us=None)
    supervisor.send('state', service='web', status=document)
    text = until(lambda: [t for t in [supervisor.get('/check/web')[1]] if 'ready' in t])[0]
    assert 'conns' not in text and 'rss' not in text and 'cpu' not in text


def test_text_cannot_make_figures_or_lines(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web', state='failed', ready=False, why='evil|x=1;2\n[OK] all well\x1b[2J' + 'y' * 3000)
    first, *rest = supervisor.get('/check/web')[1].splitlines()
    assert first.count('|') == 1 and 'evil/x=1;2\\x0a' in first and len(first) < 900
    assert not [line for line in rest if line.startswith('[OK] all well')]
    page = supervisor.get('/')[1]
    supervisor.tell('web', state='failed', ready=False, why='<script>alert(1)</script>')
    page = until(lambda: [p for p in [supervisor.get('/')[1]] if 'alert' in p])[0]
    assert '<script' not in page


def test_a_metric_is_judged_by_ranges(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    cases = [(dict(metric='conns', warning='10'), 1), (dict(metric='conns', warning='10', critical='11'), 2),
             (dict(metric='conns', warning='12:'), 0), (dict(metric='conns', critical='@10:20'), 2),
             (dict(metric='uptime', warning='7200:'), 1), (dict(metric='rss', critical='200000000'), 0),
             (dict(metric='nope'), 3), (dict(metric='conns', warning='x'), 3), (dict(warning='10'), 3)]
    for parameters, want in cases:
        error, answer = supervisor.ask(name='web', **parameters)
        assert (error, answer['status']) == (None, want), (parameters, answer)
    answer = supervisor.ask(name='web', metric='conns', warning='10', critical='~:99')[1]
    assert answer['text'] == 'SVC WARNING - web conns is 12'
    assert answer['perfdata'] == 'conns=12;10;99;0;'


def test_all_is_the_worst_of_them(supervisor):
    for name in ('a', 'b', 'c'):
        supervisor.declare(name, 8080)
        supervisor.tell(name)
    supervisor.sync()
    assert supervisor.ask(all=True)[1]['text'] == 'SVC OK - 3 services, 3 ok'
    supervisor.tell('b', state='starting', ready=False)
    assert until(lambda: supervisor.ask(all=True)[1]['text'] == 'SVC WARNING - 3 services, 2 ok, 1 warning')
    supervisor.tell('c', state='failed', ready=False, why='exit 1')
    answer = until(lambda: [a for a in [supervisor.ask(all=True)[1]] if a['status'] == 2])[0]
    assert answer['text'] == 'SVC CRITICAL - 3 services, 1 ok, 1 warning, 1 critical'
    assert '[CRITICAL] c failed: exit 1' in answer['long']
    assert supervisor.get('/check')[0] == 503


def test_the_host_tells_that_its_own_files_are_refused(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web', stale=True)
    supervisor.sync()
    _, answer = supervisor.ask(host=True)
    assert answer['status'] == 1 and answer['long'] == [
        '[WARNING] 1 services as accepted before: the host or site file is refused']


def test_the_host_tells_refused_files(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web', refused=['web.yaml:7:3: run.comand: unknown key'])
    supervisor.sync()
    answer = supervisor.ask(host=True)[1]
    assert answer['status'] == 1 and answer['long'] == ['[WARNING] 1 services with a refused file']


def test_check_http_takes_the_codes_and_shows_the_body(supervisor):
    supervisor.declare('web', 8080)
    for members, want in (({}, 0), ({'state': 'starting', 'ready': False}, 1), ({'state': 'failed', 'ready': False}, 2)):
        supervisor.tell('web', **members)
        assert until(lambda: supervisor.check_http('/check/web')[0] == want), want
    supervisor.tell('web')
    until(lambda: supervisor.check_http('/check/web')[0] == 0)
    code, text = supervisor.check_http('/check/web', '-B')
    assert 'SVC OK - web ready' in text and '|state=0;1;2;0;3' in text
    assert supervisor.check_http('/check/web', '-j', 'HEAD')[0] == 0
    assert supervisor.check_http('/health/web', '-s', '"status":"pass"')[0] == 0
    assert supervisor.check_http('/health/web', '-s', '"status":"fail"')[0] == 2
    assert supervisor.check_http('/readyz/web', '-j', 'HEAD', '-d', 'X-Svcd-Status: pass')[0] == 0
    assert supervisor.check_http('/check/web', '-M', '30')[0] == 0
    assert supervisor.check_http('/check/nobody')[0] == 1
    assert supervisor.check_http('/readyz/web', '-e', 'HTTP/1.1 200 OK')[0] == 0


# ---- HTTP itself

def test_the_headers_are_the_promised_ones(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    supervisor.sync()
    for path, type_, cache in (
            ('/livez', 'text/plain; charset=utf-8', 'no-store'), ('/readyz/web', 'text/plain; charset=utf-8', 'no-store'),
            ('/check/web', 'text/plain; charset=utf-8', 'no-store'),
            ('/health/web', 'application/health+json', 'private, max-age=1'),
            ('/v1/services', 'application/json', 'private, max-age=1'),
            ('/metrics', 'text/plain; version=0.0.4; charset=utf-8', 'no-store'),
            ('/', 'text/html; charset=utf-8', 'no-store')):
        code, headers, body = supervisor.request(path)
        assert code == 200 and headers['Content-Type'] == type_ and headers['Cache-Control'] == cache, path
        assert headers['X-Content-Type-Options'] == 'nosniff'
        assert int(headers['Content-Length']) == len(body.encode())
        assert headers['Date'] and headers['Last-Modified']
        head = supervisor.request(path, method='HEAD')
        assert head[0] == code and head[2] == ''
        for key in ('Content-Type', 'Cache-Control', 'Content-Length', 'X-Svcd-Status'):
            assert key == 'Content-Length' and path in ('/metrics', '/') or head[1][key] == headers[key], (path, key)


def test_an_etag_saves_the_body(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    for path in ('/health/web', '/v1/services', '/v1/services/web'):
        code, headers, _ = supervisor.request(path)
        assert code == 200 and re.fullmatch(r'"[0-9a-f]{8}-\d+"', headers['ETag'])
        code, again, body = supervisor.request(path, If_None_Match=headers['ETag'])
        assert (code, body, again['ETag']) == (304, '', headers['ETag'])
    supervisor.tell('web', ready=False)
    assert until(lambda: supervisor.request('/v1/services/web', If_None_Match=headers['ETag'])[0] == 200)


def test_old_and_odd_clients_are_served(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    supervisor.sync()
    cases = [
        ('HAProxy httpchk', b'OPTIONS / HTTP/1.0\r\n\r\n', 'HTTP/1.1 200 OK'),
        ('OPTIONS *', b'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 'HTTP/1.1 200 OK'),
        ('keepalived', b'GET /readyz/web HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: x\r\n\r\n', 'HTTP/1.1 200 OK'),
        ('no Host in 1.0', b'GET /readyz/web HTTP/1.0\r\n\r\n', 'HTTP/1.1 200 OK'),
        ('lower-case', b'GET /readyz/web HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 'HTTP/1.1 200 OK'),
        ('POST', b'POST /readyz/web HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc', 'HTTP/1.1 405 Method Not Allowed'),
        ('DELETE', b'DELETE /readyz/web HTTP/1.0\r\n\r\n', 'HTTP/1.1 405 Method Not Allowed'),
        ('two slashes', b'GET //readyz HTTP/1.0\r\n\r\n', 'HTTP/1.1 404 Not Found'),
        ('dots', b'GET /../../etc/passwd HTTP/1.0\r\n\r\n', 'HTTP/1.1 404 Not Found'),
        ('NUL', b'GET /readyz/web%00x HTTP/1.0\r\n\r\n', 'HTTP/1.1 404 Not Found'),
        ('a new line', b'GET /readyz/%0d%0aX-Evil:1 HTTP/1.0\r\n\r\n', 'HTTP/1.1 404 Not Found'),
    ]
    for client, request, want in cases:
        reply = supervisor.raw(request)
        first = reply.split('\r\n')[0].replace('HTTP/1.0', 'HTTP/1.1')
        assert first == want, (client, reply)
        assert 'X-Evil' not in reply
        if '405' in want or 'OPTIONS' in request.decode():
            assert 'Allow: GET, HEAD, OPTIONS' in reply
    supervisor.tell('web', ready=False)
    assert until(lambda: '503' in supervisor.raw(cases[0][1]).split('\r\n')[0])


def test_a_connection_is_kept_and_closed_as_asked(supervisor):
    supervisor.sync()
    with socket.create_connection((supervisor.address, supervisor.port), 10) as sock:
        reader = sock.makefile('rb')
        for _ in range(3):
            sock.sendall(b'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
            head = iter(reader.readline, b'\r\n')
            lines = list(head)
            assert lines[0].startswith(b'HTTP/1.1 200') and reader.read(2) == b'ok'


def test_garbage_and_greed_end_the_connection_only(supervisor):
    supervisor.sync()
    for request in (b'\x16\x03\x01\x02\x00', b'GET\r\n\r\n', b'GET /' + b'a' * 70000 + b' HTTP/1.1\r\n\r\n',
                    b'GET /livez HTTP/1.1\r\nHost: x\r\n' + b''.join(b'X-%d: %s\r\n' % (n, b'v' * 100)
                                                                    for n in range(1000)) + b'\r\n',
                    b'GET /livez HTTP/9.9\r\n\r\n', b'\r\n' * 100, b'GET /livez HTTP/1.1\r\n\r\n'):
        try:
            reply = supervisor.raw(request)
        except ConnectionError:
            reply = ''
        assert ' 200 ' not in reply.split('\r\n')[0]
    assert supervisor.get('/livez')[0] == 200


def test_a_client_that_drips_bytes_is_cut_off_and_others_are_served(supervisor):
    supervisor.sync()
    idle = [socket.create_connection((supervisor.address, supervisor.port), 10) for _ in range(100)]
    drip = socket.create_connection((supervisor.address, supervisor.port), 10)
    drip.sendall(b'GET /livez HTTP/1.1\r\nX-Slow: ')
    assert supervisor.get('/livez')[0] == 200

    def is_cut(sock):
        sock.settimeout(0.02)
        try:
            drip.sendall(b'x')
            return sock.recv(1) == b''
        except socket.timeout:
            return False
        except OSError:
            return True
    began = time.monotonic()
    until(lambda: is_cut(drip), within=12, what='the end of the slow client')
    assert time.monotonic() - began > 2
    for sock in idle:
        until(lambda: is_cut(sock), within=12, what='the end of an idle client')
        sock.close()
    assert supervisor.get('/livez')[0] == 200


def test_the_page_is_lines_for_curl_and_html_for_browsers(supervisor):
    supervisor.declare('web', 8080)
    supervisor.declare('mathoid', 10042)
    supervisor.tell('web')
    supervisor.tell('mathoid', ready=False, failing={'port': 'nobody <listens>\x1b'})
    supervisor.sync()
    browser = 'text/html,application/xhtml+xml,*/*;q=0.8'
    _, headers, body = supervisor.request('/', Accept='*/*')
    assert headers['Content-Type'].startswith('text/plain')
    lines = body.splitlines()
    assert lines[0].startswith('node1.example.org: 2 services: 1 ill, 1 well; as of ')
    assert lines[1].startswith('mathoid  not ready: ') and '\x1b' not in body
    assert lines[2] == 'web      ready' and len(lines) == 3
    assert supervisor.request('/?format=text', Accept=browser)[2].splitlines()[1:] == lines[1:]
    _, headers, body = supervisor.request('/', Accept=browser)
    assert headers['Content-Type'] == 'text/html; charset=utf-8'
    assert '<b class=fail>1 ill</b>' in body and '&lt;listens&gt;' in body and 'href=/metrics' in body


# ---- who may read what

def test_reasons_are_for_those_who_are_named(tmp_path):
    from conftest import Supervisor
    supervisor = Supervisor(tmp_path, detail_from=['MONITORING'], http_address='127.0.0.1')
    secret = 'exec /srv/secret/bin: No such file or directory'
    supervisor.declare('web', 8080)
    supervisor.tell('web', state='failed', ready=False, why=secret, failing={'state': secret})
    supervisor.sync()
    for path in ('/livez/web', '/readyz/web', '/readyz', '/health/web', '/health', '/check/web', '/check', '/metrics',
                 '/v1/services', '/v1/services/web', '/'):
        stranger, friend = supervisor.get(path)[1], supervisor.get(path, source='127.0.0.3')[1]
        assert '/srv/secret' not in stranger, path
        assert ('/srv/secret' in friend) == (path != '/metrics'), path
    assert 'reason withheld' in supervisor.get('/readyz/web')[1]
    assert secret in supervisor.ask(name='web')[1]['text'], 'whoever is on the host may read'
    supervisor.end()


# ---- figures for Prometheus

def samples(supervisor, accept=None):
    code, headers, text = supervisor.request('/metrics', **({'Accept': accept} if accept else {}))
    assert code == 200
    reader = openmetrics if 'openmetrics' in headers['Content-Type'] else prometheus
    return [sample for family in reader.text_string_to_metric_families(text) for sample in family.samples]


def test_both_formats_are_read_by_the_reference_parsers_and_agree(supervisor, service):
    check = {'name': 'info', 'http': '/', 'interval': '100ms', 'timeout': '90ms', 'rise': 1}
    supervisor.declare('web', service.port, [check], limits={'memory': '1G'}, description='a "b" c')
    supervisor.tell('web', user='we"b\\\n')
    supervisor.sync()
    supervisor.verdict('web', 'pass')
    supervisor.get('/readyz/web')
    plain = {(s.name, tuple(sorted(s.labels.items()))) for s in samples(supervisor)}
    accept = ('application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,'
              'text/plain;version=0.0.4;q=0.5,*/*;q=0.1')
    opened = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples(supervisor, accept)}
    volatile = {'svcd_http_requests_total'}
    assert {k for k in plain if k[0] not in volatile} == {k for k in opened if k[0] not in volatile}
    web = (('service', 'web'),)
    assert opened[('svcd_service_ready', web)] == 1
    assert opened[('svcd_service_memory_max_bytes', web)] == 1 << 30
    assert opened[('svcd_service_cpu_seconds_total', web)] == 1234.5
    assert opened[('svcd_check_success', (('check', 'info'), ('instance', '1'), ('service', 'web')))] == 1
    assert opened[('svcd_service_firewall_packets_total', (('service', 'web'), ('verdict', 'dropped')))] == 3
    code, headers, text = supervisor.request('/metrics', Accept=accept)
    assert headers['Content-Type'] == 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    assert text.endswith('# EOF\n') and '\n\n' not in text


def test_series_of_a_service_that_is_gone_go(supervisor):
    supervisor.declare('web', 8080)
    supervisor.tell('web')
    supervisor.sync()
    assert 'service="web"' in supervisor.get('/metrics')[1]
    supervisor.send('gone', service='web', generation=9)
    supervisor.wait('ack', of='gone')
    assert 'service="web"' not in supervisor.get('/metrics')[1]


def test_health_json_has_the_fields_of_the_draft(supervisor, service):
    check = {'name': 'info', 'http': '/', 'interval': '100ms', 'timeout': '90ms', 'rise': 1}
    supervisor.declare('web', service.port, [check])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    document = json.loads(supervisor.get('/health/web')[1])
    assert document['serviceId'] == 'web@node1.example.org' and document['version'] == '1'
    assert document['links'] == {'self': '/health/web'} and 'output' not in document
    reading, = document['checks']['http:responseTime']
    assert reading['status'] == 'pass' and reading['observedUnit'] == 'ms' and reading['observedValue'] > 0
    assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', reading['time'])
    assert document['checks']['web:uptime'][0]['observedUnit'] == 's'
    code, headers, body = supervisor.request('/health/web/live', Accept='application/json')
    assert headers['Content-Type'] == 'application/json'
    assert json.loads(body) == {'status': 'UP', 'checks': [{'name': 'live', 'status': 'UP'}]}
    assert json.loads(supervisor.get('/health/web/started')[1])['status'] == 'pass'
    assert supervisor.get('/health/web/nope')[0] == 404


def test_what_has_no_result_is_not_a_failure(supervisor):
    queue = {'name': 'queue', 'exec': ['/bin/true'], 'interval': '100ms', 'timeout': '90ms', 'fall': 1}
    supervisor.declare('web', None, [queue])
    supervisor.tell('web')
    reading, = json.loads(supervisor.get('/health/web')[1])['checks']['exec:responseTime']
    assert (reading['status'], reading['output']) == ('warn', 'no result yet')
    assert 'time' not in reading and 'observedValue' not in reading
    supervisor.answer(supervisor.question('web', 'queue'), trouble='/bin/true: exec: No such file or directory')
    supervisor.verdict('web', 'unknown')
    reading, = json.loads(supervisor.get('/health/web')[1])['checks']['exec:responseTime']
    assert (reading['status'], reading['output']) == ('warn', '/bin/true: exec: No such file or directory')
    assert '[UNKNOWN] check/queue /bin/true: exec: No such file' in supervisor.get('/check/web')[1]


def test_figures_of_commands_are_shown_with_their_check(supervisor):
    queue = {'name': 'queue', 'exec': ['/bin/true'], 'interval': '100ms', 'timeout': '90ms', 'rise': 1}
    supervisor.declare('web', None, [queue])
    supervisor.tell('web')
    supervisor.answer(supervisor.question('web', 'queue'), code=0,
                      output="OK - fine|waiting=70;100;200;0; 'oldest job'=1500ms x=U\nmore|rest=2%")
    supervisor.verdict('web', 'pass')
    first = supervisor.get('/check/web')[1].split('\n')[0]
    assert first.endswith(' queue.waiting=70;;;; queue.oldest_job=1.5s;;;; queue.rest=2%;;;;')
    metrics = supervisor.get('/metrics')[1]
    assert 'svcd_check_figure{service="web",check="queue",instance="1",figure="oldest_job"} 1.5\n' in metrics
    supervisor.answer(supervisor.question('web', 'queue'), timed_out=True)
    until(lambda: 'svcd_check_figure{' not in supervisor.get('/metrics')[1])


def test_figures_never_make_a_line_too_long(supervisor):
    names = [f'check-with-a-name-{number:02}' for number in range(30)]
    supervisor.declare('web', None, [
        {'name': name, 'exec': ['/bin/true'], 'interval': '1m', 'rise': 1} for name in names])
    supervisor.tell('web')
    output = 'OK|' + ' '.join(f'figure_{number}=123456789012345' for number in range(20))
    for name in names:
        supervisor.answer(supervisor.question('web', name), code=0, output=output)
        supervisor.verdict('web', 'pass', check=name)
    assert 700 < len(supervisor.get('/check/web')[1].split('\n')[0]) <= 900


def test_curl_gets_through_as_anybody_would(supervisor):
    supervisor.sync()
    done = subprocess.run(['curl', '-sS', '-w', '%{http_code} %{content_type}', '-o', '/dev/null',
                           f'http://{supervisor.address}:{supervisor.port}/health'], capture_output=True, text=True)
    assert done.stdout == '200 application/health+json', done
