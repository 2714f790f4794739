#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What log.sock answers: Logs over current, rotated and packed files, and who may ask.

Usage: questions.py PROGRAM [unittest arguments]
"""
import json
import os
import threading
import unittest

import rig
from case import EngineCase


def bunyan(number, level=30, minute=None):
    at = f'2026-11-23T05:{number if minute is None else minute:02d}:00.000Z'
    return json.dumps({'name': 'web', 'level': level, 'msg': f'line {number}', 'time': at,
                       'v': 0}).encode() + b'\n'


class Logs(EngineCase):
    def print_and_rotate(self, directory, pipe, *lines):
        pipe.print(b''.join(lines))
        rig.until(lambda: self.live(directory) == b''.join(lines))
        self.engine.send('rotate', service='web')
        rig.until(lambda: self.live(directory) == b'')

    def texts(self, **parameters):
        return [line['text'] for line in self.engine.lines(['web'], **parameters)]

    def numbers(self, **parameters):
        return [int(json.loads(text)['msg'].split()[1]) for text in self.texts(**parameters)]

    def three_files(self, compress='zstd'):
        """Minutes 0 to 29, ten to a file: two archives and the live one."""
        directory, pipe = self.service(format='json', rotate={'compress': compress})
        self.engine.sync()
        for begin in (0, 10):
            self.print_and_rotate(directory, pipe,
                                  *(bunyan(i) for i in range(begin, begin + 10)))
        pipe.print(b''.join(bunyan(i) for i in range(20, 30)))
        suffix = {'zstd': '.zst', 'gzip': '.gz', 'none': '.1'}[compress]
        rig.until(lambda: len([n for n in os.listdir(directory) if n.endswith(suffix)]) == 2
                  or compress == 'none')
        rig.until(lambda: len(self.live(directory).splitlines()) == 10)
        return directory, pipe

    def test_the_newest_lines_come_from_archives_too(self):
        for compress in ('zstd', 'gzip', 'none'):
            with self.subTest(compress=compress):
                self.three_files(compress)
                self.assertEqual(self.numbers(lines=15), list(range(15, 30)))
                self.assertEqual(self.numbers(lines=3), [27, 28, 29])
                self.assertEqual(self.numbers(lines=-1), list(range(30)))
                self.assertEqual(self.numbers(lines=0), [])
            self.tearDown()
            self.setUp()

    def test_since_and_until_choose_by_the_time_in_the_line(self):
        self.three_files()
        self.assertEqual(self.numbers(lines=-1, since='2026-11-23T05:08:00Z',
                                      until='2026-11-23T05:12:00Z'), [8, 9, 10, 11, 12])

    def test_level_is_at_least_that(self):
        _, pipe = self.service(format='json')
        pipe.print(bunyan(1, 20) + bunyan(2, 30) + bunyan(3, 40) + bunyan(4, 50))
        rig.until(lambda: self.stats()['lines'] == 4)
        self.assertEqual(self.numbers(level='warning'), [3, 4])
        line = self.engine.lines(['web'], lines=1)[0]
        self.assertEqual((line['level'], line['at']), ('error', '2026-11-23T05:04:00.000Z'))

    def test_grep_is_a_perl_expression(self):
        self.three_files()
        self.assertEqual(self.numbers(grep=r'line \d?[37]"'), [3, 7, 13, 17, 23, 27])

    def test_a_stamp_and_a_priority_are_told_beside_the_text(self):
        _, pipe = self.service(timestamp='iso')
        pipe.print(b'<3>it broke\n')
        rig.until(lambda: self.stats()['lines'] == 1)
        line = self.engine.lines(['web'])[0]
        self.assertEqual((line['text'], line['level']), ('it broke', 'error'))

    def test_several_services_are_merged_by_time(self):
        _, web = self.service('web', format='json')
        _, api = self.service('api', format='json')
        web.print(bunyan(1) + bunyan(3) + bunyan(5))
        api.print(bunyan(2) + bunyan(4) + bunyan(6))
        rig.until(lambda: self.stats('web')['lines'] == 3 and self.stats('api')['lines'] == 3)
        lines = self.engine.lines(['web', 'api'], lines=5)
        self.assertEqual([line['service'] for line in lines],
                         ['api', 'web', 'api', 'web', 'api'])

    def test_a_stream_of_its_own_file_can_be_chosen(self):
        _, pipe = self.service(stderr='err.log')
        errors = rig.Pipe()
        self.engine.pipe('web', errors, 'stderr')
        pipe.print(b'out\n')
        errors.print(b'err\n')
        rig.until(lambda: self.stats()['lines'] == 2)
        self.assertEqual(self.texts(stream='stderr'), ['err'])
        self.assertEqual(self.texts(stream='stdout'), ['out'])

    def test_following_goes_on_over_rotations(self):
        directory, pipe = self.service(rotate={'size': '4K', 'keep': 100000}, total='1G')
        self.engine.sync()
        count, seen = 20000, []
        pipe.print(b'line 0\n')
        rig.until(lambda: self.stats()['lines'] == 1)
        replies = self.engine.ask('Logs', more=True, names=['web'], follow=True, lines=10)
        seen += next(replies)['lines']

        def flood():
            for begin in range(1, count, 50):
                pipe.print(b''.join(b'line %d\n' % i
                                    for i in range(begin, min(begin + 50, count))))
        writer = threading.Thread(target=flood)
        writer.start()
        while len(seen) < count and 'left out' not in seen[-1]['text']:
            seen += next(replies)['lines']
        writer.join()
        replies.close()
        self.assertEqual([line['text'] for line in seen], [f'line {i}' for i in range(count)])
        self.assertGreater(self.stats()['rotations'], 30)

    def test_any_bytes_can_be_asked_for(self):
        _, pipe = self.service()
        pipe.print(b'a\0b \x1b[31m\n' b'\xff\n')
        rig.until(lambda: self.stats()['lines'] == 2)
        self.assertEqual(self.texts(), ['a\\x00b \x1b[31m', '\\xff'])

    def test_a_call_without_more_gets_one_reply(self):
        self.three_files()
        replies = list(self.engine.ask('Logs', names=['web'], lines=30))
        self.assertEqual(len(replies), 1)
        self.assertEqual(len(replies[0]['lines']), 30)

    def test_mistakes_are_named(self):
        self.service()
        for parameters, words in ((dict(since='yesterdayish'), 'is no time'),
                                  (dict(level='loud'), 'is none of trace debug'),
                                  (dict(grep='('), 'missing closing parenthesis'),
                                  (dict(stream='stdin'), 'neither stdout nor stderr'),
                                  (dict(lines=10 ** 9), 'expected 0 to')):
            with self.subTest(**parameters), self.assertRaises(rig.Refused) as refused:
                self.engine.lines(['web'], **parameters)
            self.assertEqual(refused.exception.args[0], 'io.svcd.Failed')
            self.assertIn(words, refused.exception.args[1]['reason'])

    def test_a_name_that_is_not_here_gets_the_nearest_one(self):
        self.service('mathoid')
        with self.assertRaises(rig.Refused) as refused:
            self.engine.lines(['mathiod'])
        self.assertEqual(refused.exception.args, (
            'io.svcd.NotFound', {'name': 'mathiod', 'suggestion': 'mathoid'}))

    def test_a_service_of_the_journal_says_so(self):
        self.service(stdout='journal', stderr='journal')
        with self.assertRaises(rig.Refused) as refused:
            self.engine.lines(['web'])
        self.assertIn('journalctl', refused.exception.args[1]['reason'])


class Readers(EngineCase):
    """Needs root: asks as somebody else."""

    def ask_as(self, uid, gid):
        """What a child that is this user gets: lines, or the name of the error."""
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            os.chmod(self.engine.socket_path, 0o666)
            os.setgroups([])
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            try:
                answer = ' '.join(line['text'] for line in self.engine.lines(['web']))
            except rig.Refused as refused:
                answer = refused.args[0]
            os.write(write_end, answer.encode())
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end) as file:
            answer = file.read()
        os.waitpid(child, 0)
        return answer

    def test_lines_are_for_root_and_the_groups_that_may_read(self):
        directory = self.directory('web')
        self.engine.send('service', service='web', generation=1, reader_gids=[4711],
                         declaration={'service': 'web', 'run': {'command': ['/bin/true']},
                                      'logs': {'directory': directory, 'timestamp': 'none'}})
        self.engine.wait_for('ack', of='service')
        pipe = rig.Pipe()
        self.engine.pipe('web', pipe)
        pipe.print(b'secret\n')
        rig.until(lambda: self.stats()['lines'] == 1)
        self.assertEqual(self.ask_as(0, 0), 'secret')
        self.assertEqual(self.ask_as(12345, 4711), 'secret')
        self.assertEqual(self.ask_as(12345, 12345), 'io.svcd.NotAllowed')


if __name__ == '__main__':
    unittest.main(verbosity=1)
