# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that need a child: real plugins, real users, real cgroups; and what a hostile one can do."""
import json
import os
import pathlib
import time

from machine import cgroup_of, until

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
