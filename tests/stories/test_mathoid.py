# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on a real service: mathoid under service-runner, from npm."""
import json
import os

import pytest

from machine import cgroup_of, connects, must, until

MATHOID = os.environ.get('SVCD_DEMO_MATHOID', '')
RENDER = ('import json,urllib.request,urllib.parse,sys;'
          'd=urllib.parse.urlencode({"q":"E=mc^2"}).encode();'
          'r=urllib.request.urlopen(f"http://{sys.argv[1]}:10042/complete",d,timeout=20);'
          'print(json.loads(r.read())["mml"]["body"])')


@pytest.fixture
def mathoid(host):
    assert os.path.isdir(f'{MATHOID}/node_modules/mathoid'), (
        'mathoid is not there: SVCD_DEMO_MATHOID must name the folder that npm installed it into')
    os.makedirs('/srv/deployment/mathoid', exist_ok=True)
    if not os.path.ismount('/srv/deployment/mathoid'):
        must('mount', '--bind', MATHOID, '/srv/deployment/mathoid')
    example = open(f'{os.path.dirname(__file__)}/../../examples/services/mathoid.yaml', encoding='utf-8').read()
    (host.services / 'mathoid.yaml').write_text(example)
    return host


def test_mathoid_renders_through_svcd(mathoid):
    host = mathoid
    inside = host.peer(['10.64.0.1/24'], ['10.64.0.2/24'])
    outside = host.peer(['192.0.2.1/24'], ['192.0.2.2/24'])
    host.start()
    host.until_ready('mathoid', within=60)
    answer = inside.run('/usr/bin/python3', '-c', RENDER, '10.64.0.1')
    assert answer.returncode == 0 and 'math' in answer.stdout, answer.stderr
    assert not connects(outside, '192.0.2.1', 10042)
    def check_http():
        return host.network.run('/usr/lib/nagios/plugins/check_http', '-H', '127.0.0.1', '-p', '9479',
                                '-u', '/check/mathoid').returncode

    until(lambda: check_http() == 0, within=90, what='OK')
    code, headers, body = host.request('GET', '/health/mathoid')
    assert code == 200 and json.loads(body)['serviceId'].startswith('mathoid@')
    before = host.pid('mathoid')
    os.kill(before, 9)
    until(lambda: host.pid('mathoid') not in (None, before), within=20)
    host.until_ready('mathoid', within=60)

    freeze = cgroup_of(host.pid('mathoid')) / 'cgroup.freeze'
    freeze.write_text('1', encoding='utf-8')
    until(lambda: check_http() == 2, within=60, what='CRITICAL: it hangs')
    freeze.write_text('0', encoding='utf-8')
    until(lambda: check_http() == 0, within=90, what='OK: it is well again')
