# SPDX-License-Identifier: GPL-2.0-or-later
"""asker.py CONTROL PORT: asks svcd by HTTP and on its control socket, again and again, until stdin ends.

Then prints, for each: how long the slowest answer took and how many questions were not answered or
answered otherwise than the first; and when (monotonic clock) which supervisor first answered. A question
that fails is asked again at once, and its time goes on: a client waits for an answer, not for a connection.
"""
import json
import socket
import sys
import threading
import time

PAUSE = 0.001       # s, between two questions
PATIENCE = 10       # s, for one answer


def answer(family, address, question, end):
    """All that comes until `end`, or until the other side closes."""
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(PATIENCE)
        one.connect(address)
        one.sendall(question)
        said = b''
        while not (end and said.endswith(end)):
            more = one.recv(65536)
            if not more:
                break
            said += more
    return said


class Asker(threading.Thread):
    def __init__(self, family, address, question, end, read):
        super().__init__(daemon=True)
        self.ask = lambda: read(answer(family, address, question, end))
        self.worst, self.failed, self.first = 0.0, 0, {}
        self.answered = threading.Event()

    def until_answered(self):
        while True:
            try:
                return self.ask()
            except (OSError, ValueError, IndexError, KeyError):
                self.failed += 1

    def run(self):
        while True:
            began = time.monotonic()
            said = self.until_answered()
            now = time.monotonic()
            self.worst = max(self.worst, now - began)
            self.first.setdefault(said, now)
            self.answered.set()
            time.sleep(PAUSE)


def main():
    http = Asker(socket.AF_INET, ('127.0.0.1', int(sys.argv[2])), b'GET /readyz HTTP/1.0\r\n\r\n', b'',
                 lambda said: int(said.split()[1]))
    control = Asker(socket.AF_UNIX, sys.argv[1], b'{"method":"io.svcd.Version","parameters":{}}\0', b'\0',
                    lambda said: json.loads(said[:-1])['parameters']['pid'])
    for one in (http, control):
        one.start()
    for one in (http, control):
        one.answered.wait()
    print('asking', flush=True)
    sys.stdin.read()
    print(json.dumps({
        'http': {'worst': http.worst, 'failed': http.failed, 'said': list(http.first)},
        'control': {'worst': control.worst, 'failed': control.failed, 'first': control.first}}))


if __name__ == '__main__':
    main()
