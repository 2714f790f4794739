# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of svcd-log share: an engine, a place, services with pipes."""
import os
import sys
import tempfile
import unittest

import rig

PROGRAM = sys.argv.pop(1)


class EngineCase(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.TemporaryDirectory(prefix='svcd-log-')
        os.chmod(self.place.name, 0o755)
        self.engine = rig.Engine(PROGRAM, self.place.name)

    def tearDown(self):
        if self.engine.process.poll() is None:
            self.engine.kill()
        self.engine.listener.close()
        self.place.cleanup()

    def directory(self, name, mode=0o2750):
        path = os.path.join(self.place.name, name)
        os.mkdir(path)
        os.chmod(path, mode)
        return path

    def service(self, name='web', **logs):
        """A told service with one pipe; its log directory and the pipe."""
        directory = self.directory(name)
        ack = self.engine.declare(name, **{'timestamp': 'none', **logs})
        self.assertIsNone(ack['error'])
        pipe = rig.Pipe()
        self.engine.pipe(name, pipe)
        return directory, pipe

    def live(self, directory, name='main.log'):
        with open(os.path.join(directory, name), 'rb') as file:
            return file.read()

    def stats(self, name='web'):
        return next(self.engine.ask('LogStats', names=[name]))['services'][name]
