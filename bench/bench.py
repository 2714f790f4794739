# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: ratios against a peer in the same run, rounds interleaved, medians told.

bench.py [ROW...] prints a table, writes bench/results.json, and exits 1 when a goal is missed. Runs on
tests/private; `./dev bench` arranges that.
"""
import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests/stories'))

from machine import Host, must, until  # noqa: E402 the stories' host serves here too

ROUNDS = 5
SLEEPER = ['/bin/sleep', '100000']


def start_ours(count):
    """Milliseconds from `svcctl apply` until all `count` services are up."""
    import shutil
    import tempfile
    folder = tempfile.mkdtemp(prefix='svcd-bench-')
    pathlib.Path(folder).chmod(0o755)
    host = Host(folder)
    try:
        host.start()
        for number in range(count):
            host.declare(f's{number}', run={'command': SLEEPER, 'user': 'web',
                                            'ready': {'by': 'started'}})
        began = time.monotonic()
        host.must_ctl('apply', '--yes')
        until(lambda: sum(one['state'] == 'up' for one in all_of(host)) == count, within=60)
        return (time.monotonic() - began) * 1000
    finally:
        host.close()
        shutil.rmtree(folder, ignore_errors=True)


def all_of(host):
    answer = json.loads(host.must_ctl('--json', 'status'))
    return answer['services'] if isinstance(answer, dict) else answer


def start_bare(count):
    return float(must(HERE.parent / 'build/plain/bench/bench-bare', count, *SLEEPER))


# row: (what is measured, unit, ours, peer's name, peer, goal as ours / peer)
ROWS = {
    'start': ('start 100 services from one apply', 'ms', lambda: start_ours(100),
              'bare fork+exec loop', lambda: start_bare(100), None),
    'start-500': ('start 500 services from one apply', 'ms', lambda: start_ours(500),
                  'bare fork+exec loop', lambda: start_bare(500), None),
}


def measure(row):
    what, unit, ours, peer_name, peer, goal = ROWS[row]
    pairs = [(ours(), peer()) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    held = goal is None or ratio <= goal
    print(f'{what:42} {mine:9.2f} {unit}   {peer_name}: {theirs:9.2f} {unit}   '
          f'ratio {ratio:6.2f}   goal {goal or "none"}   {"held" if held else "MISSED"}', flush=True)
    return {'row': row, 'what': what, 'unit': unit, 'ours': mine, 'peer': peer_name,
            'theirs': theirs, 'ratio': ratio, 'goal': goal, 'held': held, 'rounds': pairs}


def main():
    rows = sys.argv[1:] or list(ROWS)
    unknown = [row for row in rows if row not in ROWS]
    if unknown:
        sys.exit(f'bench: no row {unknown[0]!r}; rows: {" ".join(ROWS)}')
    results = [measure(row) for row in rows]
    (HERE / 'results.json').write_text(json.dumps(results, indent=2), encoding='utf-8')
    return 0 if all(result['held'] for result in results) else 1


sys.exit(main())
