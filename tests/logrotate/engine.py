#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd-log as a whole, against a scripted supervisor.

Usage: engine.py PROGRAM [unittest arguments]
"""
import os
import re
import unittest

import rig
from case import EngineCase

class Capture(EngineCase):
    def test_whole_lines_reach_the_declared_file(self):
        directory, pipe = self.service(stdout='out.log')
        pipe.print(b'one\ntwo\nthr')
        rig.until(lambda: self.live(directory, 'out.log') == b'one\ntwo\n')
        pipe.print(b'ee\n')
        rig.until(lambda: self.live(directory, 'out.log') == b'one\ntwo\nthree\n')

    def test_any_byte_is_kept(self):
        directory, pipe = self.service()
        data = bytes(range(256)).replace(b'\n', b'') + b'\n'
        pipe.print(data)
        rig.until(lambda: self.live(directory) == data)

    def test_a_line_that_does_not_end_is_written_after_a_second_and_marked(self):
        directory, pipe = self.service()
        pipe.print(b'Password: ')
        rig.until(lambda: self.live(directory) == b'Password:  [svcd: the line goes on]\n')

    def test_a_line_without_end_is_cut_at_line_max(self):
        directory, pipe = self.service(line_max='4K', partial='keep')
        pipe.print(b'x' * 10000 + b'\n')
        rig.until(lambda: len(self.live(directory)) >= 10001)
        self.assertEqual(self.live(directory).replace(b'\n', b''), b'x' * 10000)

    def test_a_stamp_stands_before_each_line_when_asked(self):
        directory, pipe = self.service(timestamp='iso')
        pipe.print(b'<3>bad\n')
        rig.until(lambda: self.live(directory))
        self.assertRegex(self.live(directory), rb'^\d{4}-\d\d-\d\dT[\d:.]{12}Z <3>bad\n$')

    def test_two_streams_have_two_files(self):
        directory, pipe = self.service(stderr='err.log')
        errors = rig.Pipe()
        self.engine.pipe('web', errors, 'stderr')
        pipe.print(b'out\n')
        errors.print(b'err\n')
        rig.until(lambda: self.live(directory) == b'out\n')
        rig.until(lambda: self.live(directory, 'err.log') == b'err\n')

    def test_the_last_words_are_told_when_asked(self):
        _, pipe = self.service()
        pipe.print(b'a\nb\nc\nlast words\n')
        self.engine.send('tail', service='web', instance=1, stream='stderr', lines=2)
        self.assertEqual(self.engine.wait_for('tail')['lines'], ['c', 'last words'])

    def test_what_the_pipe_holds_is_written_before_the_engine_ends(self):
        directory, pipe = self.service()
        pipe.print(b'line\n' * 100000)
        self.engine.stop()
        self.assertEqual(self.live(directory), b'line\n' * 100000)

    def test_the_next_process_prints_into_the_same_pipe(self):
        directory, pipe = self.service()
        pipe.print(b'first\nno end')
        pipe.hang_up()
        rig.until(lambda: self.live(directory) == b'first\nno end\n')
        pipe.write_fd = os.open(f'/proc/self/fd/{pipe.read_fd}', os.O_RDWR)
        pipe.print(b'second\n')
        rig.until(lambda: self.live(directory) == b'first\nno end\nsecond\n')

    def test_a_flood_is_limited_and_the_gap_is_told(self):
        directory, pipe = self.service(rate={'lines': '10/s', 'burst': 20})
        pipe.print(b'noise\n' * 1000)
        rig.until(lambda: b'lines (' in self.live(directory))
        log = self.live(directory)
        self.assertRegex(log, rb'svcd: \d+ lines \(\d+ bytes\) dropped since .*logs.rate')
        stats = self.stats()
        self.assertEqual(log.count(b'noise\n') + stats['dropped'], 1000)
        self.assertEqual(stats['lines'], 1000)


class Refusals(EngineCase):
    def check_refused(self, place, words):
        directory = self.directory('web')
        path = os.path.join(directory, 'main.log')
        place(path)
        self.engine.declare('web', timestamp='none')
        pipe = rig.Pipe()
        self.engine.pipe('web', pipe)
        pipe.print(b'waits\n')
        self.assertIn(words, self.stats()['problem'])
        os.unlink(path)
        rig.until(lambda: os.path.isfile(path) and self.live(directory) == b'waits\n')
        rig.until(lambda: self.stats()['problem'] == '')

    def test_a_symbolic_link_is_not_followed(self):
        target = os.path.join(self.place.name, 'target')
        self.check_refused(lambda path: os.symlink(target, path), 'symbolic link')
        self.assertFalse(os.path.exists(target))

    def test_a_fifo_is_not_written_to(self):
        self.check_refused(os.mkfifo, 'not a regular file')

    def test_a_file_with_two_names_is_not_written_to(self):
        other = os.path.join(self.place.name, 'other')
        open(other, 'w').close()
        self.check_refused(lambda path: os.link(other, path), 'hard links')
        self.assertEqual(os.path.getsize(other), 0)

    def test_a_missing_directory_is_waited_for(self):
        self.engine.declare('web', timestamp='none')
        pipe = rig.Pipe()
        self.engine.pipe('web', pipe)
        pipe.print(b'early\n')
        self.assertIn('No such file', self.stats()['problem'])
        directory = self.directory('web')
        rig.until(lambda: os.listdir(directory) and self.live(directory) == b'early\n')

    def test_a_directory_that_everyone_may_write_is_refused(self):
        self.directory('web', 0o777)
        self.engine.declare('web')
        self.assertIn('chmod o-w', self.stats()['problem'])


class Rotation(EngineCase):
    LINE = 'line %07d of a service that prints much\n'

    def check_sequence(self, data, count):
        lines = data.decode().splitlines(keepends=True)
        self.assertEqual(len(lines), count)
        for i, line in enumerate(lines):
            self.assertEqual(line, self.LINE % i)

    def test_a_million_lines_over_many_rotations_are_all_there_once(self):
        count = 1_000_000
        directory, pipe = self.service(
            rotate={'size': '1M', 'keep': 100000, 'every': 'never'}, total='1G')
        self.engine.sync()
        for begin in range(0, count, 10000):
            pipe.print(''.join(self.LINE % i for i in range(begin, begin + 10000)).encode())
        rig.until(lambda: self.stats()['lines'] == count)
        self.assertGreater(self.stats()['rotations'], 30)
        rig.until(lambda: not [n for n in os.listdir(directory)
                               if n != 'main.log' and not n.endswith('.zst')])
        self.check_sequence(rig.read_log(directory), count)
        for name in os.listdir(directory):
            self.assertLessEqual(os.path.getsize(os.path.join(directory, name)), 1 << 20)

    def test_rotate_rotates_now(self):
        directory, pipe = self.service(rotate={'compress': 'none'})
        pipe.print(b'before\n')
        self.engine.send('rotate', service='web')
        rig.until(lambda: len(os.listdir(directory)) == 2)
        pipe.print(b'after\n')
        rig.until(lambda: self.live(directory) == b'after\n')
        self.assertEqual(rig.read_log(directory), b'before\nafter\n')

    def test_numbered_archives_move_up(self):
        directory, pipe = self.service(
            rotate={'compress': 'gzip', 'delay_compress': True, 'numbered': True, 'keep': 3})
        self.engine.sync()
        for i in range(6):
            pipe.print(b'%d\n' % i)
            rig.until(lambda: self.live(directory) == b'%d\n' % i)
            self.engine.send('rotate', service='web')
            rig.until(lambda: self.live(directory) == b'')
        rig.until(lambda: sorted(os.listdir(directory)) ==
                  ['main.log', 'main.log.1', 'main.log.2.gz', 'main.log.3.gz'])
        self.assertEqual(self.live(directory, 'main.log.1'), b'5\n')

    def test_a_file_that_was_moved_away_is_made_again(self):
        directory, pipe = self.service()
        pipe.print(b'one\n')
        rig.until(lambda: self.live(directory) == b'one\n')
        os.rename(os.path.join(directory, 'main.log'), os.path.join(directory, 'elsewhere'))

        def printed():
            pipe.print(b'again\n')
            return os.path.exists(os.path.join(directory, 'main.log'))
        rig.until(printed)

    def test_what_a_killed_packing_left_is_done_again(self):
        directory = self.directory('web')
        for name, data in (('main.log-20200101-000000.1', b'a\n'),
                           ('main.log-20200102-000000.1', b'b\n'),
                           ('.main.log-20200101-000000.1.zst.new', b'half')):
            with open(os.path.join(directory, name), 'wb') as file:
                file.write(data)
        self.engine.declare('web')
        self.engine.sync()
        rig.until(lambda: sorted(os.listdir(directory)) == [
            'main.log', 'main.log-20200101-000000.1.zst', 'main.log-20200102-000000.1.zst'])
        self.assertEqual(rig.read_log(directory), b'a\nb\n')

    def test_nothing_is_removed_before_sync(self):
        directory = self.directory('web')
        for day in range(1, 9):
            open(os.path.join(directory, f'main.log-2020010{day}-000000.1'), 'w').close()
        self.engine.declare('web', rotate={'keep': 2})
        self.stats()
        self.assertEqual(len(os.listdir(directory)), 9)
        self.engine.sync()
        rig.until(lambda: len(os.listdir(directory)) == 3)


class Killed(EngineCase):
    def test_a_killed_engine_loses_no_more_than_it_held(self):
        """Without a buffer that survives the kill, what was read and not yet written is lost: at
        most one turn of the pipe (1 MiB), and only if the kill falls between read and write. What
        is lost may end within a line, so each kill may leave the rest of one line behind it."""
        directory, pipe = self.service(rotate={'size': '1M', 'keep': 100000, 'every': 'never'})
        count, kills = 200_000, 0
        for begin in range(0, count, 2000):
            pipe.print(b''.join(b'line %07d\n' % i for i in range(begin, begin + 2000)))
            if begin % 40000 == 20000:
                self.engine.kill()
                kills += 1
                self.engine.start()
                self.engine.declare('web', timestamp='none', rotate={
                    'size': '1M', 'keep': 100000, 'every': 'never'})
                self.engine.pipe('web', pipe)
        self.engine.sync()
        self.engine.stop()
        numbers, rests = [], []
        for line in rig.read_log(directory).splitlines(keepends=True):
            if whole := re.fullmatch(rb'line (\d{7})\n', line):
                numbers.append(int(whole[1]))
            elif not line.endswith(b'[svcd: cut by a crash]\n'):
                rests.append(line)
        self.assertLessEqual(len(rests), kills, rests)
        for rest in rests:
            self.assertRegex(rest, rb'^[line \d]{0,11}\n$')
        self.assertEqual(numbers, sorted(set(numbers)), 'doubled or out of order')
        self.assertGreaterEqual(len(numbers), count - kills * (1 << 20) // 13)
        self.assertEqual(numbers[-1], count - 1)


if __name__ == '__main__':
    unittest.main(verbosity=1)
