#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hello.py PORT: says GREETING on every path, and that it is well on /healthz."""
import http.server
import os
import signal
import socket
import sys
import threading

GREETING = os.environ.get('GREETING', 'Hello')


class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server_version = 'hello/1'

    def do_GET(self):
        words = 'well' if self.path == '/healthz' else f'{GREETING} from process {os.getpid()}'
        body = f'{words}\n'.encode()
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain; charset=utf-8')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format, *args):
        # A line a request; its health is asked too often to be news.
        if self.path != '/healthz':
            print(f'{self.client_address[0]} {format % args}', flush=True)


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6  # with IPV6_V6ONLY off: both families
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def main():
    server = Server(('::', int(sys.argv[1])), Hello)
    # shutdown() waits for the loop, which a signal handler would stand in the way of.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f'serving on port {sys.argv[1]}', flush=True)
    server.serve_forever()
    print('stopped', flush=True)


main()
