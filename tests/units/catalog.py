# SPDX-License-Identifier: GPL-2.0-or-later
"""units/svcd.catalog has an entry for each row of supervisor/journal.h and no other, and is well-formed.

Where journalctl is, it reads the catalog as well and must find every entry.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOG = ROOT / 'units/svcd.catalog'
HEADERS = {'Subject', 'Defined-By', 'Support', 'Documentation'}
FIELDS = {'SVCD_SERVICE', 'SVCD_EVENT', 'SVCD_INSTANCE', 'SVCD_CAUSE', 'SVCD_EXIT_CODE', 'SVCD_SIGNAL', 'SVCD_UID'}
WIDTH = 95


def entries(text):
    """{id: (headers, body)} by the grammar of systemd's catalog."""
    found = {}
    for block in re.split(r'^-- ', text, flags=re.MULTILINE)[1:]:
        head, _, body = block.partition('\n\n')
        name, *lines = head.split('\n')
        assert re.fullmatch('[0-9a-f]{32}', name), f'{name}: not an id'
        assert name not in found, f'{name}: twice'
        found[name] = (dict(line.split(': ', 1) for line in lines), body.strip())
    return found


def check_entry(name, headers, body):
    assert set(headers) == HEADERS, f'{name}: has {sorted(headers)}'
    assert headers['Defined-By'] == 'svcd', name
    assert body, f'{name}: explains nothing'
    for line in body.split('\n'):
        assert len(line) <= WIDTH, f'{name}: too long: {line}'
    for field in re.findall('@(.*?)@', body + headers['Subject']):
        assert field in FIELDS, f'{name}: nobody sends {field}='


def read_by_journalctl():
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / 'usr/lib/systemd/catalog'
        place.mkdir(parents=True)
        shutil.copy(CATALOG, place)
        subprocess.run(['journalctl', f'--root={folder}', '--update-catalog'], check=True)
        listed = subprocess.run(['journalctl', f'--root={folder}', '--list-catalog', '--no-pager'],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
    return {line.split()[0] for line in listed.splitlines() if line}


def main():
    rows = dict(re.findall(r'X\("([a-z-]+)", "([0-9a-f]{32})"\)', (ROOT / 'supervisor/journal.h').read_text()))
    assert len(rows) >= 10, 'the rows of supervisor/journal.h are not found'
    assert len(set(rows.values())) == len(rows), 'two words share an entry'
    found = entries(CATALOG.read_text())
    for name, (headers, body) in found.items():
        check_entry(name, headers, body)
    assert set(found) == set(rows.values()), \
        f'not in both: {set(found) ^ set(rows.values())}'
    if shutil.which('journalctl'):
        assert read_by_journalctl() == set(found), 'journalctl reads other entries'
    else:
        print('no journalctl here: the catalog was read by its grammar alone')


sys.exit(main())
