# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd inside the machine: declarations, status, and waiting for what status says."""
import json
import time

import yaml

PYTHON = '/usr/bin/python3'
HOG, FAKE = '/srv/hog.py', '/srv/fake.py'  # on the disk: there before svcd is, at a boot
DECLARATIONS = '/etc/svcd/services'
CGROUPS = '/sys/fs/cgroup/svcd.slice/svcd-services.scope'
WITHIN = 120  # the processor is emulated, and others use it


def until(question, within=WITHIN, what=None):
    """Asks until the answer is true; returns it. AssertionError with the last answer otherwise."""
    end = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < end, f'not within {within} s: {what or question}; last: {answer!r}'
        time.sleep(0.2)
    return answer


def warnings(vm, *expected):
    """What svcd and systemd about it warned of in this boot, but for lines with an expected word.

    An engine that does not answer in time is what an emulated processor under load does.
    """
    lines = vm.must('journalctl', '-b', '-u', 'svcd*', '-p', 'warning', '--quiet', '-o', 'cat').splitlines()
    return [line for line in lines if not any(word in line for word in (*expected, 'did not answer for'))]


def install(vm, package, *options, needrestart='NEEDRESTART_SUSPEND=1'):
    """By apt; its hook of needrestart looks at every process, which takes long in here."""
    vm.must('env', needrestart, 'apt-get', 'install', '-y', *options, f'/run/svcd-test/{package}', timeout=300)


class Svcd:
    def __init__(self, vm):
        self.vm = vm
        self.declared = set()

    def declare(self, name, *command, **keys):
        """A declaration of that name, and the user it runs as."""
        run = {'command': [str(word) for word in command], 'user': name, **keys.pop('run', {})}
        content = {'service': name, 'state': 'setup', 'run': run, **keys}
        self.vm.shell(f'id -u {name} >/dev/null 2>&1 || useradd --system {name}; cat >{DECLARATIONS}/{name}.yaml',
                      stdin=yaml.safe_dump(content, sort_keys=False))
        self.declared.add(name)

    def declare_hog(self, name, *words, **keys):
        self.declare(name, PYTHON, '-u', HOG, *words, **keys)

    def forget(self, *names):
        """Stopped and forgotten, with its file."""
        for name in names:
            self.vm.must('rm', '-f', f'{DECLARATIONS}/{name}.yaml')
            self.declared.discard(name)
        removals = [word for name in names for word in ('--remove', name)]
        self.vm.must('svcctl', 'apply', '--yes', *removals, timeout=120)

    def status(self, name):
        """The status document; None while svcd does not know the service."""
        result = self.vm.run('svcctl', '--json', 'status', name)
        if result.rc == 4 or not result.out:
            return None
        document = json.loads(result.out)
        if isinstance(document, dict) and 'services' in document:
            document = document['services']
        return document[0] if isinstance(document, list) else document

    def all(self):
        """The status documents of all services."""
        return json.loads(self.vm.must('svcctl', '--json', 'status'))

    def state(self, name):
        return self.status(name)['state']

    def generation(self, name):
        return self.status(name)['instances'][0]['generation']

    def until(self, name, question, within=WITHIN):
        """Waits until `question` of the status document is true; returns the document."""
        def ask():
            document = self.status(name)
            return document if document and question(document) else None
        try:
            return until(ask, within)
        except AssertionError:
            raise AssertionError(f'{name} does not get there within {within} s: {self.status(name)}') from None

    def until_ready(self, name, within=WITHIN):
        return self.until(name, lambda status: status['ready'], within)

    def until_exit(self, name, within=WITHIN):
        """Its newest exit, once there is one."""
        return self.until(name, lambda status: status.get('exits'), within)['exits'][0]

    def pid(self, name):
        return self.status(name)['instances'][0]['pid']

    def cgroup_of(self, name):
        """Where its process is, as the kernel says."""
        return self.vm.read(f'/proc/{self.pid(name)}/cgroup').strip().removeprefix('0::')

    def cgroup(self, name, file):
        """What a control file of its only running instance says."""
        return self.vm.shell(f'cat {CGROUPS}/{name}/1.*/{file}')

    def cgroup_count(self, name, file, key):
        """A number of a control file of `key value` lines."""
        return int(dict(line.split() for line in self.cgroup(name, file).splitlines())[key])
