# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks some pages over and over until its standard input ends; then says how it was answered.

asker.py URL...: one connection per request, each page in a thread of its own. Prints JSON: by URL
how often each answer came. An answer is the status, or what went wrong instead of one.
"""
import collections
import http.client
import json
import sys
import threading
import time
import urllib.parse

PATIENCE = 20   # s, for one answer
PAUSE = 0.01    # s, between two


def answer(url):
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=PATIENCE)
    try:
        connection.connect()
    except OSError as error:
        return f'connect: {type(error).__name__}'
    try:
        connection.request('GET', place.path)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f'answer: {type(error).__name__}'
    finally:
        connection.close()


def ask(url, over, found):
    while not over.wait(PAUSE):
        got = answer(url)
        found[got] += 1
        if got != '200':
            print(f'{time.time():.3f} {url}: {got}', file=sys.stderr, flush=True)


def main():
    over = threading.Event()
    found = {url: collections.Counter() for url in sys.argv[1:]}
    threads = [threading.Thread(target=ask, args=(url, over, counter)) for url, counter in found.items()]
    for one in threads:
        one.start()
    print('asking', flush=True)
    sys.stdin.read()
    over.set()
    for one in threads:
        one.join()
    json.dump(found, sys.stdout)


main()
