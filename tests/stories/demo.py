# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job, shown: svcd with mathoid and a Python service on a machine of namespaces.

Run by `./dev demo`. With --once it is a scripted tour that ends non-zero when anything does not hold;
without, the tour ends in a shell on that machine (commands may also come from standard input).
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from machine import Network, must, run, until

EXAMPLES = pathlib.Path(os.environ['SVCD_DEMO_EXAMPLES'])
MATHOID = os.environ['SVCD_DEMO_MATHOID']
INSIDE, OUTSIDE = ('10.64.0.1', '10.64.0.2'), ('192.0.2.1', '192.0.2.2')
TEX = 'E=mc^2'
RENDER = ('import json,urllib.request,urllib.parse,sys;'
          f'd=urllib.parse.urlencode({{"q":"{TEX}"}}).encode();'
          'r=urllib.request.urlopen("http://" + sys.argv[1] + ":10042/complete",d,timeout=20);'
          'print(json.loads(r.read())["mml"]["body"])')
REACH = ('import socket,sys;s=socket.create_connection((sys.argv[1],int(sys.argv[2])),2);'
         's.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n");print(s.recv(40).split(b"\\r")[0].decode())')


def say(text):
    print(f'\n\033[1m{text}\033[0m' if sys.stdout.isatty() else f'\n{text}', flush=True)


def show(*argv, rc=0):
    """Runs a command as the reader would, prints it and what it said; ends the tour when rc differs."""
    print(f'$ {" ".join(argv)}', flush=True)
    result = run(*argv, timeout=180)
    sys.stdout.write(result.stdout + result.stderr)
    sys.stdout.flush()
    if result.returncode != rc:
        sys.exit(f'demo: {argv[0]} ended with {result.returncode}, not {rc}')
    return result.stdout


def status(name):
    answer = json.loads(run('svcctl', '--json', 'status', name).stdout)
    answer = answer.get('services', answer) if isinstance(answer, dict) else answer
    return answer[0] if isinstance(answer, list) else answer


def expect(holds, what):
    print(f'  {"ok" if holds else "NOT"}: {what}', flush=True)
    if not holds:
        sys.exit(f'demo: does not hold: {what}')


class Demo:
    def __init__(self):
        self.here = Network.here('host')
        self.clients = Network('clients')
        self.strangers = Network('strangers')
        self.clients.join(self.here, [f'{INSIDE[1]}/24'], [f'{INSIDE[0]}/24'])
        self.strangers.join(self.here, [f'{OUTSIDE[1]}/24'], [f'{OUTSIDE[0]}/24'])
        self.svcd = None

    def install(self):
        """What a package and a deployment would have put on the host."""
        shutil.copytree(EXAMPLES, '/etc/svcd')
        must('chown', '-R', 'root:root', '/etc/svcd')
        must('chmod', '-R', 'u=rwX,go=rX', '/etc/svcd')
        for folder, source in (('/srv/deployment/mathoid', MATHOID),
                               ('/srv/deployment/hello', EXAMPLES / 'hello')):
            os.makedirs(folder, exist_ok=True)
            must('mount', '--bind', source, folder)

    def start(self):
        log = open('/var/log/svcd-demo.log', 'w', encoding='utf-8')
        self.svcd = subprocess.Popen(['svcd'], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        for name, seconds in (('hello', 30), ('mathoid', 120)):
            try:
                until(lambda: run('svcctl', 'status', name).returncode == 0 and status(name)['ready'],
                      within=seconds)
            except AssertionError:
                print(run('svcctl', 'status', name).stdout)
                print(pathlib.Path('/var/log/svcd-demo.log').read_text(encoding='utf-8'))
                sys.exit(f'demo: {name} is not ready in {seconds} s')

    def stop(self):
        if self.svcd and self.svcd.poll() is None:
            self.svcd.send_signal(signal.SIGINT)
            self.svcd.wait(90)

    # ---- the tour

    def tour(self):
        say('Two declarations became two running services.')
        show('svcctl', 'status')
        show('svcctl', 'status', 'mathoid')
        self.render()
        self.firewall()
        self.crash()
        self.health()
        self.rotate()
        self.change()
        say('All of it held.')

    def render(self):
        say(f'A client in 10.64.0.0/12 has mathoid render {TEX}, through the firewall.')
        result = self.clients.run('/usr/bin/python3', '-c', RENDER, INSIDE[0])
        print(result.stdout + result.stderr)
        expect(result.returncode == 0 and '<math' in result.stdout, 'mathoid rendered it')

    def firewall(self):
        say('Somebody whom the declaration does not list is refused, and counted.')
        before = status('mathoid')['firewall']['dropped']
        result = self.strangers.run('/usr/bin/python3', '-c', REACH, OUTSIDE[0], '10042')
        expect(result.returncode != 0, f'no answer from port 10042 for {OUTSIDE[1]}')
        until(lambda: status('mathoid')['firewall']['dropped'] > before, within=15)
        expect(True, 'the drop was counted')
        show('svcctl', 'firewall', 'show', 'mathoid')

    def crash(self):
        say('The service is killed; it comes back by itself, and says why.')
        before = status('mathoid')['instances'][0]['pid']
        os.kill(before, signal.SIGKILL)
        until(lambda: run('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}',
                          'http://127.0.0.1:9479/readyz/mathoid').stdout == '503', within=5)
        expect(True, '/readyz/mathoid said 503 at once')
        until(lambda: status('mathoid')['instances'][0]['pid'] not in (None, before)
              and status('mathoid')['ready'], within=60)
        expect(status('mathoid')['exits'][0]['reason'] != '', 'the reason is kept')
        show('svcctl', 'events', '-n', '8', 'mathoid')

    def health(self):
        say('What monitors and balancers see.')
        # It has just come up again: a check that may only warn can still be on its way.
        until(lambda: run('svcctl', 'check', 'mathoid').returncode == 0, within=90)
        show('curl', '-s', 'http://127.0.0.1:9479/health/mathoid')
        print()
        show('svcctl', 'check', 'mathoid')

    def rotate(self):
        say('The log of hello is rotated by size; nothing is lost.')
        folder = pathlib.Path('/var/log/hello')
        before = len(list(folder.iterdir()))
        for _ in range(400):
            run('curl', '-s', '-o', '/dev/null', f'http://127.0.0.1:8080/{"x" * 200}')
            if len(list(folder.iterdir())) > before:
                break
        expect(len(list(folder.iterdir())) > before, 'an archive stands beside the file')
        show('ls', '-l', str(folder))
        show('svcctl', 'logs', '-n', '3', 'hello')

    def change(self):
        say('A declaration is changed: shown, then applied.')
        path = pathlib.Path('/etc/svcd/services/hello.yaml')
        path.write_text(path.read_text(encoding='utf-8').replace('Hello', 'Good day'), encoding='utf-8')
        show('svcctl', 'diff')
        show('svcctl', 'apply', '--yes')
        until(lambda: status('hello')['ready'], within=30)
        answer = show('curl', '-s', 'http://127.0.0.1:8080/')
        expect('Good day' in answer, 'the service says the new words')


def main():
    demo = Demo()
    demo.install()
    demo.start()
    try:
        if '--once' in sys.argv[1:]:
            demo.tour()
            return 0
        show('svcctl', 'status')
        say('This shell is on the machine. Try:')
        print('  svcctl status mathoid        svcctl logs -f hello       svcctl restart hello\n'
              '  curl -s 127.0.0.1:9479/metrics                          svcctl show mathoid\n'
              '  ip netns exec clients curl -s 10.64.0.1:8080            (listed by the firewall)\n'
              '  ip netns exec strangers curl -sm 2 192.0.2.1:8080       (not listed)\n'
              '  nft list table inet svcd     vi /etc/svcd/services/hello.yaml; svcctl apply\n'
              'The end of the shell ends the demo.', flush=True)
        return subprocess.run(['bash', '--norc', *(['-i'] if sys.stdin.isatty() else ['-e'])],
                              env={**os.environ, 'PS1': r'svcd demo:\w# '}, check=False).returncode
    finally:
        demo.stop()


sys.exit(main())
