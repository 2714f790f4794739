#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd-log on a disk that is full, and with services that mean harm. Needs root, for a small tmpfs in a
mount namespace of its own.

Usage: faults.py PROGRAM [unittest arguments]
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

if 'SVCD_TEST_PRIVATE' not in os.environ:
    os.environ['SVCD_TEST_PRIVATE'] = '1'
    os.execvp('unshare', ['unshare', '-m', '--propagation', 'private', sys.executable] + sys.argv)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import rig  # noqa: E402
from busy import busy  # noqa: E402
from case import EngineCase  # noqa: E402

LINE = b'line %07d of a service that prints on a full disk\n'


def flood_for(seconds, pipe):
    """A process that writes as fast as it is read; its pid."""
    child = os.fork()
    if child == 0:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pipe.print((b'x' * 99 + b'\n') * 10000)
        os._exit(0)
    return child


class FullDisk(EngineCase):
    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.place.name, 'web')
        os.mkdir(self.disk)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=0755', 'tmpfs', self.disk],
                       check=True)
        self.ballast = os.path.join(self.disk, 'ballast')
        with open(self.ballast, 'wb') as file:
            file.write(bytes(3 << 20))

    def tearDown(self):
        if self.engine.process.poll() is None:
            self.engine.kill()
        subprocess.run(['umount', self.disk], check=True)
        super().tearDown()

    def start(self, **logs):
        self.engine.declare('web', timestamp='none', **logs)
        pipe = rig.Pipe()
        self.engine.pipe('web', pipe)
        return pipe

    def fill(self, pipe, count):
        for begin in range(0, count, 1000):
            pipe.print(b''.join(LINE % i for i in range(begin, begin + 1000)))

    def is_stuck(self):
        return self.stats()['files'][0]['waiting'] > 0 or self.stats()['dropped'] > 0

    def test_lines_wait_in_memory_until_there_is_room(self):
        pipe = self.start()
        self.fill(pipe, 40000)  # 2 MB; 1 MB fits
        rig.until(self.is_stuck)
        self.assertIn('No space left', self.stats()['problem'])
        os.unlink(self.ballast)
        rig.until(lambda: self.live(self.disk) == b''.join(LINE % i for i in range(40000)))
        rig.until(lambda: self.stats()['problem'] == '')
        self.assertEqual(self.stats()['dropped'], 0)

    def test_lines_that_are_too_many_are_counted_and_told(self):
        pipe = self.start()
        count = 500_000  # 25 MB; 1 MB fits, 16 MiB may wait
        self.fill(pipe, count)
        rig.until(lambda: self.stats()['lines'] == count)
        dropped = self.stats()['dropped']
        self.assertGreater(dropped, 0)
        os.unlink(self.ballast)
        subprocess.run(['mount', '-o', 'remount,size=64m', self.disk], check=True)
        rig.until(lambda: self.stats()['files'][0]['waiting'] == 0)
        rig.until(lambda: b' dropped since ' in self.live(self.disk))
        pipe.print(b'life goes on\n')
        rig.until(lambda: self.live(self.disk).endswith(b'life goes on\n'))
        log = self.live(self.disk).splitlines(keepends=True)
        kept = [line for line in log if line.startswith(b'line ')]
        self.assertEqual(kept, [LINE % i for i in range(len(kept))])
        self.assertEqual(len(kept) + dropped, count)
        self.assertIn(b'svcd: %d lines (' % dropped, log[len(kept)])

    def test_drop_keeps_nothing_in_memory(self):
        pipe = self.start(overflow='drop')
        self.fill(pipe, 40000)
        rig.until(lambda: self.stats()['lines'] == 40000)
        self.assertLess(self.stats()['files'][0]['waiting'], 100)
        os.unlink(self.ballast)
        rig.until(lambda: b' dropped since ' in self.live(self.disk))
        kept = [line for line in self.live(self.disk).splitlines() if line.startswith(b'line ')]
        self.assertEqual(len(kept) + self.stats()['dropped'], 40000)
        for i, line in enumerate(kept):
            self.assertEqual(line + b'\n', LINE % i)

    def test_block_leaves_the_rest_in_the_pipe(self):
        pipe = self.start(overflow='block')
        count = 100_000  # 5 MB: more than disk, memory and pipe take
        os.set_blocking(pipe.write_fd, False)
        whole = b''.join(LINE % i for i in range(count))
        sent = 0

        def send():
            nonlocal sent
            try:
                sent += os.write(pipe.write_fd, whole[sent:sent + 4096])
            except BlockingIOError:
                return True
            return sent == len(whole)
        rig.until(lambda: send() and self.is_stuck() and send())
        self.assertLess(sent, len(whole))
        os.unlink(self.ballast)
        subprocess.run(['mount', '-o', 'remount,size=64m', self.disk], check=True)
        rig.until(lambda: send() and sent == len(whole))
        rig.until(lambda: self.live(self.disk) == whole)
        self.assertEqual(self.stats()['dropped'], 0)


class Hostile(EngineCase):
    def memory_mb(self):
        with open(f'/proc/{self.engine.process.pid}/status') as status:
            return next(int(line.split()[1]) // 1024 for line in status if 'VmHWM' in line)

    def test_a_line_of_a_gigabyte_costs_bounded_memory_and_disk(self):
        directory, pipe = self.service(
            rotate={'size': '8M', 'keep': 2, 'compress': 'none'}, line_max='1M')
        self.engine.sync()
        before = self.memory_mb()
        for _ in range(1024):
            pipe.print(bytes(1 << 20))
        rig.until(lambda: self.stats()['lines'] >= 1023)
        self.assertLess(self.memory_mb() - before, 100)
        rig.until(lambda: len(os.listdir(directory)) <= 3)
        pipe.print(b'\nstill here\n')
        rig.until(lambda: self.live(directory).endswith(b'\nstill here\n'))

    def test_a_flood_does_not_starve_a_quiet_neighbour(self):
        _, flood = self.service('flood', rotate={'size': '8M', 'keep': 2})
        directory, quiet = self.service('quiet')
        os.set_blocking(flood.write_fd, False)
        noise = b'noise\n' * 100000

        def print_noise():
            try:
                os.write(flood.write_fd, noise)
            except BlockingIOError:
                pass
        for i in range(20):
            print_noise()
            quiet.print(b'%d\n' % i)

            def arrived():
                print_noise()
                return self.live(directory).endswith(b'%d\n' % i)
            rig.until(arrived, 5)


class Chatter(EngineCase):
    def test_a_service_that_never_pauses_does_not_put_off_the_next_try(self):
        directory, pipe = self.service()

        def chat():
            pipe.print(b'tick\n')
        rig.until(lambda: chat() or self.live(directory) if os.listdir(directory) else chat())
        shutil.rmtree(directory)
        rig.until(lambda: chat() or self.stats()['problem'])
        self.directory('web')
        rig.until(lambda: chat() or os.path.exists(os.path.join(directory, 'main.log')), 5)


class Fairness(EngineCase):
    def test_a_quiet_service_is_read_while_others_flood(self):
        quiet, pipe = self.service('quiet')
        rotate = {'size': '16M', 'keep': 1, 'compress': 'none'}
        floods = [self.service(f'flood{n}', rotate=rotate)[1] for n in range(4)]
        writers = [flood_for(2, flood) for flood in floods]
        rig.until(lambda: self.stats('flood0')['bytes'] > 4e6)
        began = time.monotonic()
        pipe.print(b'a word\n')
        rig.until(lambda: self.live(quiet) == b'a word\n')
        took = time.monotonic() - began
        for writer in writers:
            os.waitpid(writer, 0)
        self.assertLess(took, 0.5 * busy())

    def test_a_line_that_grew_longer_than_a_new_line_max_is_cut(self):
        directory, pipe = self.service(line_max='1M', partial='keep')
        pipe.print(b'x' * 500000)
        self.engine.send('tail', service='web', instance=1, stream='stdout', lines=1)
        self.engine.wait_for('tail')
        self.engine.declare('web', timestamp='none', line_max='1K', partial='keep')
        pipe.print(b'y' * 10)
        pipe.print(b'z' * 5000 + b'\n')
        expected = b'x' * 500000 + b'y' * 10 + b'z' * 5000
        rig.until(lambda: self.live(directory).replace(b'\n', b'') == expected)


if __name__ == '__main__':
    unittest.main(verbosity=1)
