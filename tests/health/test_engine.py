# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole engine: a scripted supervisor at one end, real clients at the other."""
import json
import os
import socket
import ssl
import subprocess
import threading
import time

from busy import busy
from conftest import Service, until

FAST = {'interval': '100ms', 'timeout': '90ms', 'fast_interval': '100ms', 'rise': 1, 'fall': 2}


def http_check(path='/_info', **keys):
    return {'name': 'info', 'http': path, **FAST, **keys}


def test_a_service_is_probed_while_it_runs(supervisor, service):
    supervisor.declare('web', service.port, [http_check()])
    supervisor.tell('web')
    supervisor.sync()
    verdict = supervisor.verdict('web', 'pass', check='info', instance=1)
    assert verdict['latency_us'] > 0 and verdict['reason'] == ''
    service.answers['/_info'] = (500, 'broken', 0)
    verdict = supervisor.verdict('web', 'fail')
    assert verdict['reason'] == 'GET /_info: answers 500, not 200'
    service.answers.clear()
    supervisor.verdict('web', 'pass')
    supervisor.tell('web', state='waiting', pid=None)
    supervisor.get('/livez')  # it has read the state by now
    count = len(service.requests)
    time.sleep(0.4)
    assert len(service.requests) <= count + 1, 'nothing is asked of a dead process'


def test_http_keys_are_sent_as_declared(supervisor, service):
    check = {'name': 'deep', **FAST, 'http': {
        'path': '/q?a=1&b=%20', 'method': 'POST', 'host': 'wiki.example.org', 'body': '{"x":1}',
        'headers': {'X-Why': 'health'}, 'status': [201, 204], 'matches': 'made \\d+'}}
    service.answers['/q?a=1&b=%20'] = (201, 'made 7', 0)
    supervisor.declare('web', service.port, [check])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    method, path, headers, body = service.requests[0]
    assert (method, path, body) == ('POST', '/q?a=1&b=%20', b'{"x":1}')
    assert headers['Host'] == 'wiki.example.org' and headers['X-Why'] == 'health'
    assert 'Expect' not in headers
    service.answers['/q?a=1&b=%20'] = (201, 'made none', 0)
    assert 'does not match' in supervisor.verdict('web', 'fail')['reason']


def test_what_goes_wrong_is_said(supervisor, service):
    dead = socket.socket()
    dead.bind(('127.0.0.1', 0))
    cases = {
        'slow': ('/slow', (200, 'ok', 0.5), 'no answer in time'),
        'moved': ('/moved', (302, '', 0), 'answers 302, not 200'),
        'huge': ('/huge', (200, 'x' * (1024 * 1024 + 1), 0), 'larger than 1048576 bytes'),
    }
    for name, (path, answer, _) in cases.items():
        service.answers[path] = answer
        supervisor.declare(name, service.port, [http_check(path)])
        supervisor.tell(name)
    supervisor.declare('refused', dead.getsockname()[1], [http_check()])
    supervisor.tell('refused')
    supervisor.declare('portless', None, [http_check()])
    supervisor.tell('portless')
    for name, (_, _, words) in cases.items():
        assert words in supervisor.verdict(name, 'fail')['reason']
    assert 'Connection refused' in supervisor.verdict('refused', 'fail')['reason']
    assert 'has no port' in supervisor.verdict('portless', 'fail')['reason']
    assert not [r for r in service.requests if r[1] == '/elsewhere'], 'redirects are not followed'
    dead.close()


def test_a_proxy_in_the_environment_is_not_asked(tmp_path, service, monkeypatch):
    from conftest import Supervisor
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:1/')
    monkeypatch.setenv('ALL_PROXY', 'http://127.0.0.1:1/')
    supervisor = Supervisor(tmp_path)
    supervisor.declare('web', service.port, [http_check()])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    supervisor.end()


def test_tcp_connects_and_says_nothing(supervisor, service):
    supervisor.declare('web', service.port, [{'name': 'port', 'tcp': 'http', **FAST}])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass', check='port')
    service.close()
    assert 'refused' in supervisor.verdict('web', 'fail')['reason']


def test_a_dead_dependency_can_only_warn(supervisor, service):
    service.answers['/?spec'] = (200, '{"swagger":"2.0","paths":{"/_info":{}}}', 0)
    supervisor.declare('web', service.port, [{'name': 'spec', 'openapi': '/?spec', **FAST}])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    service.answers['/?spec'] = (200, '<html>', 0)
    assert 'not JSON' in supervisor.verdict('web', 'warn')['reason']


def test_a_startup_check_gates_the_others(supervisor, service):
    service.answers['/boot'] = (503, '', 0)
    supervisor.declare('web', service.port, [
        http_check(), {'name': 'boot', 'http': '/boot', 'startup': True, **FAST}])
    supervisor.tell('web', state='starting', ready=False)
    supervisor.verdict('web', 'fail', check='boot')
    assert not [r for r in service.requests if r[1] == '/_info']
    service.answers.clear()
    supervisor.verdict('web', 'pass', check='boot')
    supervisor.verdict('web', 'pass', check='info')


SLOW = {'interval': '60s', 'timeout': '1s', 'fast_interval': '100ms', 'rise': 2, 'fall': 3}


def test_failures_of_the_start_do_not_outlive_it(supervisor, service):
    """A check each minute: warned while the process starts, passed as soon as it is up."""
    service.answers['/spec'] = (503, '', 0)
    supervisor.declare('web', service.port, [{'name': 'deep', 'http': '/spec', 'effect': 'warn', **SLOW}])
    supervisor.tell('web', state='starting', ready=False)
    supervisor.verdict('web', 'warn')
    count = len(service.requests)
    until(lambda: len(service.requests) > count + 3, within=3 * busy(), what='asked often while it starts')
    service.answers.clear()
    supervisor.verdict('web', 'pass', within=3 * busy())


def test_a_process_that_came_up_is_asked_at_once_and_anew(supervisor, service):
    """Not up: nobody listened yet. A slow answer from before must not hold the question up."""
    check = {'name': 'deep', 'http': '/spec', 'effect': 'warn', **SLOW, 'fast_interval': '30s', 'fall': 1,
             'timeout': '20s'}
    service.answers['/spec'] = (503, '', 0)
    supervisor.declare('web', service.port, [check])
    supervisor.tell('web', state='starting', ready=False)
    supervisor.verdict('web', 'warn')
    service.answers.clear()
    supervisor.tell('web')
    supervisor.verdict('web', 'pass', within=2 * busy())


def test_what_is_up_and_ill_is_asked_at_its_interval(supervisor, service):
    service.answers['/spec'] = (503, '', 0)
    supervisor.declare('web', service.port, [{'name': 'deep', 'http': '/spec', **SLOW}])
    supervisor.tell('web', state='starting', ready=False)
    supervisor.verdict('web', 'fail')
    supervisor.tell('web')
    until(lambda: len(service.requests) >= 6, within=3 * busy(), what='three more tries, then the interval')
    time.sleep(0.3)
    count = len(service.requests)
    assert 'pass' not in [m['verdict'] for m in supervisor.messages if m['kind'] == 'verdict']
    supervisor.tell('web')
    time.sleep(0.5)
    assert len(service.requests) == count


def test_a_new_process_starts_with_an_empty_streak(supervisor, service):
    service.answers['/_info'] = (500, '', 0)
    supervisor.declare('web', service.port, [http_check()])
    supervisor.tell('web')
    supervisor.verdict('web', 'fail')
    service.answers.clear()
    supervisor.tell('web', generation=2)
    assert supervisor.verdict('web', 'pass')['generation'] == 2


def test_a_restarted_engine_goes_on_from_the_verdict_that_was_known(supervisor, service):
    """One bad try after the restart changes nothing; as many as `fall` do."""
    known = {'check': 'info', 'kind': 'http', 'effect': 'ready', 'instance': 1, 'verdict': 'pass',
             'reason': '', 'latency_us': 1, 'at': None}
    service.answers['/_info'] = (500, '', 0)
    supervisor.declare('web', service.port, [http_check(fall=3)])
    supervisor.tell('web', checks=[known])
    supervisor.sync()
    assert supervisor.wait('verdict', service='web')['verdict'] == 'pass'
    supervisor.verdict('web', 'fail')
    assert len(service.requests) >= 3


def test_instances_are_probed_on_their_own_ports(supervisor):
    services = [Service(), Service()]
    first = services[0].port
    step = services[1].port - first
    supervisor.declare('web', f'${{{first - step} + instance * {step}}}', [http_check()])
    supervisor.tell('web', instances=2)
    for number in (1, 2):
        supervisor.verdict('web', 'pass', instance=number)
    assert all(service.requests for service in services)
    for service in services:
        service.close()


def test_what_was_not_named_goes_at_sync(supervisor, service):
    supervisor.declare('old', service.port, [http_check()])
    supervisor.declare('web', service.port, [http_check()])
    supervisor.sync()
    assert supervisor.get('/livez/old')[0] == 503
    supervisor.send('hello', version=1, build='test', root='', services_base='/', host={}, site={})
    supervisor.declare('web', service.port, [http_check()])
    assert supervisor.get('/livez/old')[0] == 503, 'nothing is forgotten before sync'
    supervisor.sync()
    assert supervisor.get('/livez/old')[0] == 404
    supervisor.send('gone', service='web', generation=9)
    supervisor.wait('ack', of='gone', service='web', generation=9)
    assert supervisor.get('/livez/web')[0] == 404


def test_a_broken_declaration_is_refused_by_name(supervisor):
    supervisor.send('service', service='web', generation=1, declaration={'service': 'web', 'run': 7})
    ack = supervisor.wait('ack', of='service')
    assert ack['service'] == 'web' and ack['error']


def test_a_large_declaration_travels_beside_the_message(supervisor, service):
    supervisor.declare('web', service.port, [http_check()], description='d' * 200,
                       run={'command': ['true'], 'environment': {f'KEY_{n}': 'v' * 900 for n in range(100)}})
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')


def test_it_ends_with_the_channel(supervisor):
    supervisor.send('stop')
    supervisor.wait('bye')
    assert supervisor.process.wait(10) == 0


def test_a_silent_supervisor_is_seen(supervisor, service):
    """It stops reading; nothing is depooled, monitors scream."""
    supervisor.declare('web', service.port, [])
    supervisor.tell('web')
    supervisor.sync()
    assert supervisor.get('/check/web')[0] == 200
    until(lambda: supervisor.get('/check/web')[0] == 503, within=40, what='CRITICAL')
    code, body = supervisor.get('/check/web')
    assert body.startswith('SVC CRITICAL - web ready: svcd state is ') and ' old|' in body
    assert supervisor.get('/readyz/web') == (200, 'ok')
    code, headers, body = supervisor.request('/health/web')
    assert code == 200 and json.loads(body)['status'] == 'warn'
    assert headers['X-Svcd-Status'] == 'warn'
    assert supervisor.get('/livez')[0] == 503
    assert supervisor.ask(name='web')[1]['age_us'] > 15e6
    supervisor.receive()
    until(lambda: (supervisor.receive(), supervisor.get('/check/web')[0] == 200)[1], within=20, what='heard again')


def test_tls_is_verified_by_the_name_that_is_asked_for(supervisor, service, tmp_path):
    """A certificate of nobody's is refused; not when the declaration says so."""
    key, cert = tmp_path / 'key.pem', tmp_path / 'cert.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
                    '-keyout', key, '-out', cert, '-subj', '/CN=wiki.example.org', '-days', '2'],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    names = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    service.socket = context.wrap_socket(service.socket, server_side=True)
    for name, verify in (('strict', True), ('lax', False)):
        check = {'name': 'info', **FAST, 'timeout': '1s', 'interval': '1s',
                 'http': {'path': '/', 'tls': {'verify': verify, 'sni': 'wiki.example.org'}}}
        supervisor.declare(name, service.port, [check])
        supervisor.tell(name)
    supervisor.verdict('lax', 'pass')
    assert 'certificate' in supervisor.verdict('strict', 'fail')['reason']
    assert set(names) == {'wiki.example.org'}


def test_a_unix_socket_is_asked_where_it_is(supervisor, tmp_path):
    path = str(tmp_path / 'web.sock')
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(8)

    def serve():
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            requests.append(peer.recv(4096))
            peer.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
            peer.close()
    requests = []
    threading.Thread(target=serve, daemon=True).start()
    supervisor.declare('web', None, [{'name': 'info', 'http': {'path': '/_info', 'socket': path}, **FAST}])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    assert requests[0].startswith(b'GET /_info HTTP/1.1\r\nHost: localhost\r\n')
    listening.close()
    os.unlink(path)
    supervisor.verdict('web', 'fail')


def test_a_service_on_ipv6_only_is_asked_there(supervisor):
    listening = socket.socket(socket.AF_INET6)
    listening.bind(('::1', 0))
    listening.listen(8)
    port = listening.getsockname()[1]
    supervisor.declare('web', None, [{'name': 'port', 'tcp': 'six', **FAST}],
                       listen=[{'name': 'six', 'port': str(port), 'address': '::'}])
    supervisor.tell('web')
    supervisor.verdict('web', 'pass')
    listening.close()
    assert '::1' in supervisor.verdict('web', 'fail')['reason']


QUEUE = {'name': 'queue', 'exec': ['/usr/local/bin/check_queue'], **FAST, 'fall': 1}


def test_the_supervisor_is_asked_by_name_never_by_command(supervisor):
    beat = {'name': 'beat', 'file': {'path': '/run/beat', 'fresh': '1m'}, **FAST}
    supervisor.declare('job', None, [QUEUE, beat, {'name': 'said', 'notify': True, **FAST}])
    supervisor.tell('job', generation=7)
    for check in ('queue', 'beat', 'said'):
        question = supervisor.question('job', check)
        number = question.pop('number')
        assert number > 0
        assert question == {'kind': 'probe', 'service': 'job', 'check': check, 'instance': 1, 'generation': 7}


def test_an_answer_is_a_plugins(supervisor):
    """Exit code and first line make verdict and reason; a timeout is a failure, a broken check is not."""
    cases = [
        (dict(code=0, output='OK - 3 waiting'), 'pass', ''),
        (dict(code=1, output='WARNING - 70 waiting|n=70'), 'warn', 'WARNING - 70 waiting'),
        (dict(code=2, output='\n  CRITICAL - 700 waiting \nmore'), 'fail', 'CRITICAL - 700 waiting'),
        (dict(code=2), 'fail', 'exit 2'),
        (dict(timed_out=True), 'fail', 'no result in 90ms'),
        (dict(code=3, output='cannot say'), 'unknown', 'cannot say'),
        (dict(code=127, output='no such thing'), 'unknown',
         'exit 127: no such thing (a check ends with 0, 1, 2 or 3)'),
        (dict(trouble='/bin/x: exec /bin/x: No such file or directory'), 'unknown',
         '/bin/x: exec /bin/x: No such file or directory'),
        (dict(code=2, output='\x1b[31mred\x07'), 'fail', '\\x1b[31mred\\x07'),
    ]
    for generation, (answer, verdict, reason) in enumerate(cases, 1):
        supervisor.declare('job', None, [{**QUEUE, 'effect': 'ready'}])
        supervisor.tell('job', generation=generation)
        supervisor.answer(supervisor.wait('probe', service='job', generation=generation), **answer)
        told = supervisor.wait('verdict', service='job', generation=generation)
        assert (told['verdict'], told['reason']) == (verdict, reason), answer
        assert told['latency_us'] == 1500


def test_an_answer_to_an_old_question_is_not_taken(supervisor):
    supervisor.declare('job', None, [QUEUE])
    supervisor.tell('job')
    question = supervisor.question('job', 'queue')
    for number in (0, question['number'] - 1, question['number'] + 1, 'x', None):
        supervisor.answer({**question, 'number': number}, code=0)
    for other in ({'service': 'jab'}, {'check': 'queues'}, {'instance': 2}, {'instance': -1}):
        supervisor.answer({**question, **other}, code=0)
    supervisor.get('/livez')  # it has read them by now
    supervisor.receive()
    assert not [m for m in supervisor.messages if m['kind'] == 'verdict']
    supervisor.answer(question, code=0)
    supervisor.verdict('job', 'pass')
    supervisor.answer(question, code=2)  # a replay
    assert supervisor.question('job', 'queue')['number'] > question['number']


def test_a_check_that_is_broken_does_not_lift_a_failure(supervisor):
    supervisor.declare('job', None, [{**QUEUE, 'effect': 'ready'}])
    supervisor.tell('job')
    supervisor.answer(supervisor.question('job', 'queue'), code=2, output='ill')
    supervisor.verdict('job', 'fail', reason='ill')
    for _ in range(3):
        supervisor.answer(supervisor.question('job', 'queue'), code=3, output='who knows')
    code, text = supervisor.get('/readyz/job?verbose')
    assert 'queue failed: ill' in text and 'who knows' not in text


def test_before_an_answer_there_is_no_verdict(supervisor):
    supervisor.declare('job', None, [QUEUE])
    supervisor.tell('job')
    supervisor.question('job', 'queue')
    code, text = supervisor.get('/check/job')
    assert '[UNKNOWN] check/queue no result yet' in text


def test_answers_that_are_not_http_are_failures_not_crashes(supervisor):
    replies = [b'', b'\x00\xff' * 100, b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 100000, b'HTTP/1.1 999999 x\r\n\r\n',
               b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n']
    listening = [socket.create_server(('127.0.0.1', 0)) for _ in replies]

    def serve(sock, reply):
        while True:
            try:
                peer, _ = sock.accept()
                peer.recv(4096)
                peer.sendall(reply)
                peer.close()
            except OSError:
                if sock.fileno() < 0:
                    return
    for number, (sock, reply) in enumerate(zip(listening, replies)):
        threading.Thread(target=serve, args=(sock, reply), daemon=True).start()
        supervisor.declare(f'web{number}', sock.getsockname()[1], [http_check()])
        supervisor.tell(f'web{number}')
    for number in range(len(replies)):
        assert supervisor.verdict(f'web{number}', 'fail')['reason']
    for sock in listening:
        sock.close()


def test_two_hundred_services_are_probed_and_told(supervisor, service):
    for number in range(200):
        supervisor.declare(f's{number}', service.port, [{'name': 'port', 'tcp': 'http', **FAST, 'interval': '1s'}])
        supervisor.tell(f's{number}')
    supervisor.sync()
    for number in range(200):
        supervisor.verdict(f's{number}', 'pass')
    assert supervisor.get('/readyz') == (200, 'ok')
