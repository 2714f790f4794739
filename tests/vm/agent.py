# SPDX-License-Identifier: GPL-2.0-or-later
"""The test's hand inside the machine: runs commands that come by a virtio port, one at a time.

A line of JSON in, {"argv", "input", "timeout"}; a line out, {"rc", "out", "err"}. The first line out says
that somebody is there.
"""
import json
import os
import signal
import subprocess
import sys


def run(request):
    """In a session of its own, which dies with its time: nothing that a test starts holds us up."""
    process = subprocess.Popen(request['argv'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, errors='replace', start_new_session=True)
    try:
        out, err = process.communicate(request.get('input'), timeout=request['timeout'])
        return {'rc': process.returncode, 'out': out, 'err': err}
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return {'rc': 124, 'out': '', 'err': f'not within {request["timeout"]} s'}


def answer(line):
    try:
        return run(json.loads(line))
    except (OSError, ValueError, KeyError) as error:
        return {'rc': 127, 'out': '', 'err': f'agent: {error!r}'}


def main():
    os.environ['PATH'] = '/usr/sbin:/usr/bin:/sbin:/bin'
    with open(sys.argv[1], 'r+b', buffering=0) as port:
        def say(message):
            data = json.dumps(message).encode() + b'\n'
            while data:
                data = data[port.write(data):]

        say({'agent': 'is there'})
        unread = b''
        while True:
            *lines, unread = (unread + port.read(65536)).split(b'\n')
            for line in lines:
                say(answer(line))


main()
