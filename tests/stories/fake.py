# SPDX-License-Identifier: GPL-2.0-or-later
"""A pretend service that does what a story needs.

It answers HTTP on --port with the status that stands in --status-file (else --answer), and on the way
it may misbehave: exit, ignore SIGTERM, fork away, print lines, say READY=1 late or never.
"""
import argparse
import http.server
import os
import pathlib
import signal
import socket
import sys
import threading
import time


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--answer', type=int, default=200)
    parser.add_argument('--status-file', type=pathlib.Path)
    parser.add_argument('--listen-after', type=float, default=0)
    parser.add_argument('--notify-after', type=float)
    parser.add_argument('--say', help='words for the notify socket, at once')
    parser.add_argument('--exit-after', type=float)
    parser.add_argument('--exit-code', type=int, default=0)
    parser.add_argument('--ignore-term', action='store_true')
    parser.add_argument('--fork-away', type=int, default=0, help='children with a session of their own')
    parser.add_argument('--print-lines', type=int, default=0)
    parser.add_argument('--print-every', type=float, default=0)
    parser.add_argument('--stderr', default='')
    return parser.parse_args()


def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        address = os.environ['NOTIFY_SOCKET']
        sender.connect('\0' + address[1:] if address[0] == '@' else address)
        sender.send(text.encode())


class Handler(http.server.BaseHTTPRequestHandler):
    asked = None

    def do_GET(self):
        code = self.asked.answer
        if self.asked.status_file and self.asked.status_file.exists():
            code = int(self.asked.status_file.read_text())
        body = f'{os.getpid()}\n'.encode()
        self.send_response(code)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def main():
    asked = options()
    Handler.asked = asked
    if asked.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for _ in range(asked.fork_away):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(100)
    for number in range(asked.print_lines):
        print(f'line {number}', flush=True)
        if asked.print_every:
            time.sleep(asked.print_every)
    if asked.stderr:
        print(asked.stderr, file=sys.stderr, flush=True)
    if asked.exit_after is not None:
        threading.Timer(asked.exit_after, lambda: os._exit(asked.exit_code)).start()
    if asked.say:
        notify(asked.say)
    time.sleep(asked.listen_after)
    server = Server(('::', asked.port), Handler) if asked.port else None
    if asked.notify_after is not None:
        threading.Timer(asked.notify_after, lambda: notify('READY=1\nSTATUS=at your service')).start()
    if server:
        server.serve_forever()
    while True:
        time.sleep(100)


main()
