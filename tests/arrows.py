#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fails on an #include that walks against the arrows, skips a door, or leaks a library.

Usage: arrows.py tests/arrows.txt   (from the top of the tree)
"""
import pathlib
import re
import sys

rules = dict(line.split(':', 1) for line in open(sys.argv[1]) if line[0] not in '#\n')
fences = {head.rstrip('>'): files.split() for head, files in rules.items() if head[0] == '<'}
rooms = {room: set(names.split()) for room, names in rules.items() if room[0] != '<'}


def trouble(path, include):
    room = path.parts[0]
    for head, files in fences.items():
        inside = any(str(path) == file or (file.endswith('/') and str(path).startswith(file))
                     for file in files)
        if include.startswith(head) and not inside:
            return f'{head} belongs to {" ".join(files)}'
    target, _, header = include.strip('"<>').partition('/')
    if include[0] == '<' or target == room:
        return None
    if not header:
        return f'write "{room}/{target}": a room is named in every include'
    if f'{target}/{header}' in rooms[room]:
        return None
    if target not in rooms[room]:
        return f'{room} must not know {target}'
    if target != 'base' and header != target + '.h':
        return f'enter {target} by {target}/{target}.h'
    return None


bad = 0
for room in rooms:
    for path in sorted(pathlib.Path(room).rglob('*.[ch]')):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+(["<].*[">])', line)
            if found and (what := trouble(path, found[1])):
                print(f'{path}:{number}: {what}')
                bad = 1
sys.exit(bad)
