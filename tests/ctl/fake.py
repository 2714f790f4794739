# SPDX-License-Identifier: GPL-2.0-or-later
"""Pretends to be svcd and its engines on their three sockets, as docs/engines.md tells them.

Scripts are given per method: a list of replies (all but the last with "continues"), an exception-like
("error", parameters) pair, or a function of the parameters that gives either.
"""
import json
import os
import socket
import threading


class Fake:
    def __init__(self, root):
        self.run = root / 'run/svcd'
        self.run.mkdir(parents=True, exist_ok=True)
        self.script = {}
        self.asked = []
        self.held = []
        self.sockets = []

    def listen(self, *names):
        for name in names or ('control.sock', 'health.sock', 'log.sock'):
            path = self.run / name
            server = socket.socket(socket.AF_UNIX)
            server.bind(os.path.relpath(path) if len(str(path)) > 100 else str(path))
            server.listen(16)
            self.sockets.append(server)
            threading.Thread(target=self._accept, args=(server,), daemon=True).start()
        return self

    def close(self):
        for server in self.sockets:
            server.close()

    def _accept(self, server):
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        data = b''
        with client:
            while True:
                try:
                    got = client.recv(65536)
                except ConnectionResetError:
                    return
                if not got:
                    return
                data += got
                while b'\0' in data:
                    frame, data = data.split(b'\0', 1)
                    if not self._answer(client, json.loads(frame)):
                        return

    def _answer(self, client, message):
        method = message['method'].removeprefix('io.svcd.')
        self.asked.append((method, message.get('parameters', {}), message.get('more', False)))
        answer = self.script.get(method, ('org.varlink.service.MethodNotFound', {'method': message['method']}))
        if callable(answer):
            answer = answer(message.get('parameters', {}))
        if answer == 'silence':
            self.held.append(client.dup())
            return True
        if answer == 'hang up':
            return False
        if isinstance(answer, bytes):
            client.sendall(answer)
            return True
        if isinstance(answer, tuple):
            self._send(client, {'error': answer[0], 'parameters': answer[1]})
            return True
        for number, reply in enumerate(answer):
            if number + 1 < len(answer):
                if message.get('more'):
                    self._send(client, {'parameters': reply, 'continues': True})
            else:
                self._send(client, {'parameters': reply})
        return True

    @staticmethod
    def _send(client, message):
        client.sendall(json.dumps(message).encode() + b'\0')
