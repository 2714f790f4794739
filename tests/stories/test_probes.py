# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that need a child: real plugins, real users, real cgroups; and what a hostile one can do."""
import json
import os
import pathlib
import re
import signal
import time

import pytest
import yaml

from machine import cgroup_of, must, processes, until

PLUGINS = '/usr/lib/nagios/plugins'
FAST = {'interval': '500ms', 'timeout': '400ms', 'fast_interval': '200ms', 'rise': 1, 'fall': 1}


def script(host, name, text):
    path = host.write(f'srv/{name}', '#!/bin/sh\n' + text)
    path.chmod(0o755)
    return str(path)


def check_of(host, service, check):
    rows = [row for row in host.status(service)['checks'] if row['check'] == check]
    return rows[0] if rows else {'verdict': None, 'reason': ''}


def until_check(host, service, check, verdict, within=15):
    def question():
        found = check_of(host, service, check)
        return found if found['verdict'] == verdict else None
    try:
        return until(question, within)
    except AssertionError:
        raise AssertionError(f'{check} is not {verdict}: {json.dumps(check_of(host, service, check))}') from None


def test_a_real_plugin_judges_a_service(host):
    host.declare_web('web', 18080, health={'checks': [
        {'name': 'page', 'exec': [f'{PLUGINS}/check_http', '-I', '127.0.0.1', '-p', '${port}', '-e', '200'],
         'effect': 'ready', **FAST, 'timeout': '5s', 'interval': '5s'},
        {'name': 'word', 'exec': [f'{PLUGINS}/check_dummy', '1', 'a queue grows'], **FAST}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'page', 'pass')
    assert until_check(host, 'web', 'word', 'warn')['reason'] == 'WARNING: a queue grows'
    code, text = host.get('/check/web')
    assert code == 429 and 'a queue grows' in text


# ---- service-runner: a master without workers -----------------------------------------------

MATHOID = os.environ.get('SVCD_DEMO_MATHOID', '')
GOOD_APP = """'use strict';
const http = require('http');
module.exports = (options) => new Promise((resolve) => {
    const server = http.createServer((request, response) => response.end('well\\n'));
    server.listen(options.config.port, options.config.interface, () => resolve(server));
});
"""
BROKEN_APP = "throw new Error('a deployment gone wrong');\n"


@pytest.fixture
def fragile(host):
    """A service on the template service-runner whose code the story can break."""
    runner = f'{MATHOID}/node_modules/service-runner/service-runner.js'
    assert os.path.isfile(runner), (
        'service-runner is not there: SVCD_DEMO_MATHOID must name the folder that npm installed mathoid into')
    for path, text in (('app.js', GOOD_APP), ('package.json', '{"name": "fragile", "version": "1.0.0"}')):
        host.write(f'srv/fragile/{path}', text)
    os.makedirs('/srv/runner', exist_ok=True)
    if not os.path.ismount('/srv/runner'):
        must('mount', '--bind', MATHOID, '/srv/runner')
    # The template's own checks, with the patience of a story.
    template = yaml.safe_load(pathlib.Path('/opt/svcd/share/svcd/templates/service-runner.yaml').read_text(
        encoding='utf-8'))
    checks = template['health']['checks']
    worker = next(check for check in checks if check['name'] == 'worker')
    assert worker['effect'] == 'live' and worker['live_after'] == '90s'
    worker.update(live_after='3s', interval='1s', timeout='900ms', fast_interval='200ms')
    host.declare('fragile', template='service-runner', run={'directory': str(host.root / 'srv/fragile'), 'user': 'web'},
                 listen=[{'name': 'http', 'port': 18999}], health={'checks': [worker]},
                 values={'runner': '/srv/runner/node_modules/service-runner/service-runner.js', 'module': './app.js',
                         'config': str(host.root / 'srv/fragile.yaml'), 'num_workers': 1})
    return host


def workers(master):
    return [pid for pid, parent, _ in processes() if parent == master]


def listens(host, port):
    return f':{port} ' in host.network.run('ss', '-Hltn').stdout


def test_a_master_without_workers_is_healed(fragile):
    """Fact: one SIGHUP with code that does not start leaves a service-runner 6 without workers for ever."""
    host = fragile
    host.start()
    host.until_ready('fragile', within=60)
    master = host.pid('fragile')
    assert len(workers(master)) == 1 and listens(host, 18999)

    host.write('srv/fragile/app.js', BROKEN_APP)
    os.kill(master, signal.SIGHUP)
    until(lambda: not workers(master) and not listens(host, 18999), within=30, what='the wedge')
    host.write('srv/fragile/app.js', GOOD_APP)
    assert host.pid('fragile') == master, 'the master is alive, and will not start a worker any more'

    until(lambda: host.pid('fragile') not in (None, master), within=60, what='a new master')
    host.until_ready('fragile', within=60)
    assert len(workers(host.pid('fragile'))) == 1 and listens(host, 18999)
    latest = host.status('fragile')['exits'][0]
    assert latest['cause'] == 'check'
    assert re.match(r'check worker on port 18999 fails for [34]s: .*[Rr]efused', latest['reason']), latest
    assert 'check worker on port 18999 fails' in host.must_ctl('events', 'fragile')
    assert 'check worker on port 18999 fails' in host.must_ctl('status', 'fragile')
