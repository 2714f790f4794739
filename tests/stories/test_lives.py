# SPDX-License-Identifier: GPL-2.0-or-later
"""How a service lives: rolls, hand-overs, reloads, back-off, watchdogs, words of sd_notify."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from machine import PYTHON, until

# Answers each request after a moment, and on SIGTERM finishes what it has begun.
SERVER = '''
import http.server, os, signal, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.05)
        body = f"{os.environ['SVCD_INSTANCE']} {os.getpid()}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
def end(*_):
    threading.Thread(target=server.shutdown).start()
signal.signal(signal.SIGTERM, end)
server.serve_forever()
server.server_close()
'''

# Asks who is ready, as a balancer does, and sends every request to the next one of them.
CLIENT = '''
import http.client, json, sys, threading, time

service, first, stop = sys.argv[1], int(sys.argv[2]), threading.Event()
ready, results, lock = [], {"ok": 0, "failed": [], "seen": {}}, threading.Lock()

def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()

def look():
    global ready
    while not stop.is_set():
        document = json.loads(get(9479, f"/v1/services/{service}")[1])
        if isinstance(document, list):
            document = document[0]
        ready = [one["instance"] for one in document["instances"] if one["ready"]]
        time.sleep(0.05)

def ask(offset):
    number = offset
    while not stop.is_set():
        known = ready
        if not known:
            time.sleep(0.01)
            continue
        number += 1
        instance = known[number % len(known)]
        try:
            status, body = get(first + instance, "/")
            with lock:
                results["ok"] += status == 200
                results["seen"][body] = results["seen"].get(body, 0) + 1
                if status != 200:
                    results["failed"].append(f"{instance}: {status}")
        except OSError as error:
            with lock:
                results["failed"].append(f"{instance}: {error!r}")

threads = [threading.Thread(target=look)] + [threading.Thread(target=ask, args=(i,)) for i in range(8)]
for thread in threads:
    thread.start()
sys.stdin.readline()
stop.set()
for thread in threads:
    thread.join()
print(json.dumps(results))
'''


def server_file(host):
    return str(host.write('srv/server.py', SERVER))


def declare_fleet(host, instances, name='web', first=10042, **keys):
    run = {'command': [PYTHON, '-u', server_file(host), f'${{{first} + instance}}'], 'user': 'web',
           'instances': instances, 'drain': {'settle': '500ms'}, **keys.pop('run', {})}
    return host.declare(name, run=run, **{
        'listen': [{'name': 'http', 'port': f'${{{first} + instance}}', 'address': '127.0.0.1'}], **keys})


class Load:
    """A client that asks for readiness per instance and sends requests to who is ready."""

    def __init__(self, host, service, first=10042):
        client = host.write('srv/client.py', CLIENT)
        self.process = subprocess.Popen(
            host.network.in_it(PYTHON, str(client), service, str(first)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        out, err = self.process.communicate('\n', timeout=60)
        assert self.process.returncode == 0, err
        return json.loads(out)


def running(host, name):
    return sorted(one['instance'] for one in host.status(name)['instances'] if one['state'] == 'up')


@pytest.mark.parametrize('batch', [1, 2])
@pytest.mark.parametrize('handover', ['start-first', 'stop-first'])
def test_rolling_over_four_instances_under_load_loses_no_request(host, handover, batch):
    declare_fleet(host, 4, run={'restart': {'handover': handover}, 'batch': batch})
    host.start()
    host.until_ready('web')
    until(lambda: len(running(host, 'web')) == 4)
    before = set(host.pids('web'))
    load = Load(host, 'web')
    for _ in range(2):
        host.must_ctl('restart', 'web')
    results = load.end()
    assert results['failed'] == [], results
    assert results['ok'] > 200, results
    after = set(host.pids('web'))
    assert len(after) == 4 and not before & after
    # of the old and of those between; the new may be too fresh to have been asked
    assert len(results['seen']) >= 8, results['seen']


def test_a_build_that_never_gets_ready_is_thrown_away_and_the_old_one_serves_on(host):
    declare_fleet(host, 1, run={'ready': {'by': 'listen', 'timeout': '2s'}})
    host.start()
    host.until_ready('web')
    old = host.pid('web')
    declare_fleet(host, 1, run={'command': ['/bin/sleep', '1000'], 'ready': {'by': 'listen', 'timeout': '2s'}})
    load = Load(host, 'web')
    result = host.ctl('apply', '--yes')
    assert result.returncode == 1, result
    assert 'the old one (instance 1) serves on' in result.stdout + result.stderr
    assert re.search('nothing listens yet on .*port 10044', result.stdout + result.stderr), result
    result = host.ctl('restart', 'web')
    assert result.returncode == 1 and 'serves on' in result.stdout + result.stderr, result
    results = load.end()
    assert results['failed'] == [] and results['ok'] > 20, results
    assert host.pid('web') == old
    status = host.status('web')
    assert status['ready'] and [one['instance'] for one in status['instances']] == [1]
    code, body = host.get('/', port=10043)
    assert (code, body) == (200, f'1 {old}')


def test_fewer_and_more_instances_under_load_lose_no_request_and_touch_no_other(host):
    declare_fleet(host, 4)
    host.start()
    until(lambda: len(running(host, 'web')) == 4)
    before = host.pids('web')
    load = Load(host, 'web')
    for instances, left in ((2, before[:2]), (4, before[:2])):
        declare_fleet(host, instances)
        # by itself: it needs nobody's word
        until(lambda n=instances: len(running(host, 'web')) == len(host.pids('web')) == n, within=30)
        assert host.pids('web')[:2] == left
    results = load.end()
    assert results['failed'] == [] and results['ok'] > 50, results
    assert [one['reason'] for one in host.status('web')['exits']] == ['stopped: run.instances is less now'] * 2


def test_the_first_that_does_not_come_back_leaves_the_rest_untouched(host):
    declare_fleet(host, 3, run={'restart': {'handover': 'stop-first'}})
    host.start()
    until(lambda: len(running(host, 'web')) == 3)
    before = host.pids('web')
    host.write('srv/server.py', 'import sys; sys.exit("bad build")')
    result = host.ctl('restart', 'web')
    assert result.returncode == 1, result
    assert 'instance 1: (2 more not touched) exit 1' in result.stdout + result.stderr
    assert host.pids('web')[1:] == before[1:]
    assert running(host, 'web') == [2, 3]


# Like so many: without its database it does not even begin.
CLIENT_OF_A_DATABASE = '''
import os, socket, sys, time

if not os.path.exists(sys.argv[1]):
    sys.exit("no database")
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while os.path.exists(sys.argv[1]):
    time.sleep(0.05)
sys.exit("the database went away")
'''


def pause_of(one):
    """How long after this exit the next start is, in seconds."""
    number, unit = re.match(r'restart in ([\d.]+)(ms|s)', one['next']).groups()
    return float(number) / {'ms': 1000, 's': 1}[unit]


def test_a_database_that_is_away_for_a_while_leaves_no_service_failed(host):
    delay_max = 2
    database = host.write('srv/database', '')
    client = host.write('srv/needs.py', CLIENT_OF_A_DATABASE)
    host.declare('needs', run={'command': [PYTHON, str(client), str(database)], 'user': 'web',
                               'ready': {'by': 'notify'},
                               'restart': {'delay': '100ms', 'delay_max': f'{delay_max}s'}})
    host.start()
    host.until_ready('needs')
    assert host.ctl('check', 'needs').returncode == 0
    database.unlink()
    seen = set()

    def is_critical():
        result = host.ctl('check', 'needs')
        return result if result.returncode == 2 else None
    said = until(is_critical, within=30)
    assert 'exit 1' in said.stdout and 'again in' in said.stdout, said.stdout
    away = time.monotonic() + 3 * delay_max
    while time.monotonic() < away:
        seen.add(host.state('needs'))
        result = host.ctl('check', 'needs')
        assert result.returncode == 2, result
    assert seen <= {'starting', 'stopping', 'waiting'}, seen
    exits = host.status('needs')['exits']
    assert max(pause_of(one) for one in exits) <= delay_max * 1.25, exits   # a quarter more by chance
    deaths = exits[0]['number']
    database.write_text('', encoding='utf-8')
    until(lambda: host.state('needs') == 'up' and host.ctl('check', 'needs').returncode == 0, within=30)
    assert host.status('needs')['exits'][0]['number'] <= deaths + 1
    assert all(one['death'] for one in host.status('needs')['exits'])


def test_failed_does_not_survive_a_reboot(host):
    mark = host.root / 'srv/well'
    host.declare('crash', run={'command': ['/bin/sh', '-c', f'test -e {mark} || exit 3; exec sleep 1000'],
                               'user': 'web', 'ready': {'by': 'started'},
                               'restart': {'delay': '50ms', 'delay_max': '100ms',
                                           'give_up': {'after': 3, 'within': '1m'}}})
    host.start()
    host.until_state('crash', 'failed')
    host.stop()
    # /run is empty after a boot, /var is not
    for entry in (host.root / 'run').iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    mark.parent.mkdir(exist_ok=True)
    mark.write_text('', encoding='utf-8')
    host.start()
    host.until_state('crash', 'up')


STORER = '''
import os, signal, socket, sys

with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.connect(os.environ["NOTIFY_SOCKET"])
    if "LISTEN_FDS" in os.environ:
        print("given", os.environ["LISTEN_FDS"], os.environ["LISTEN_FDNAMES"], os.pread(3, 99, 0).decode(), flush=True)
    else:
        store = os.memfd_create("sessions")
        os.write(store, b"3 sessions")
        socket.send_fds(sender, [b"FDSTORE=1\\nFDNAME=sessions"], [store])
    sender.send(b"READY=1")
signal.pause()
'''


def test_what_a_service_gave_to_keep_comes_back_to_it(host):
    storer = host.write('srv/storer.py', STORER)
    host.declare('keeps', run={'command': [PYTHON, str(storer)], 'user': 'web', 'ready': {'by': 'notify'},
                               'restart': {'delay': '50ms'}})
    host.start()
    host.until_ready('keeps')
    os.kill(host.pid('keeps'), signal.SIGKILL)
    until(lambda: 'given 1 sessions 3 sessions' in host.ctl('logs', 'keeps').stdout)
    host.until_ready('keeps')
    host.must_ctl('restart', 'keeps')
    until(lambda: host.ctl('logs', 'keeps').stdout.count('given 1 sessions 3 sessions') == 2)
