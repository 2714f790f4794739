# SPDX-License-Identifier: GPL-2.0-or-later
"""What is printed from the rows has them all: the manual pages, and `svcctl show` with where each value came from.
Usage: documents.py SVCD-KEYS SVCCTL PAGE..."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

KEYS, CTL = sys.argv[1:3]
PAGES = {pathlib.Path(page).name: pathlib.Path(page) for page in sys.argv[3:]}


def printed(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def rows_of(schema, path=''):
    """{dotted path: what the schema says of it} of each key that holds a value."""
    found = {}
    for one in schema.get('anyOf', ()):
        found |= rows_of(one, path)
    for key, below in schema.get('properties', {}).items():
        here = f'{path}.{key}' if path else key
        found |= rows_of(below, here) or {here: below}
    if isinstance(schema.get('items'), dict):
        found |= rows_of(schema['items'], path + '[]')
    return found


ROWS = rows_of(json.loads(printed(KEYS, 'schema')))


def as_read(page):
    """A manual page without its markup, each run of blanks one."""
    text = re.sub(r'\\f[BIRP]', '', page.read_text(encoding='utf-8'))
    return re.sub(r'\s+', ' ', re.sub(r'\\(.)', r'\1', text.replace(r'\&', '')))


def leaves(tree, path=''):
    if isinstance(tree, dict) and tree:
        for key, below in tree.items():
            yield from leaves(below, f'{path}.{key}' if path else key)
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for below in tree:
            yield from leaves(below, path + '[]')
    else:
        yield path


def show(etc, name='web'):
    return printed(CTL, '--root', etc, 'show', name)


class Documents(unittest.TestCase):
    def test_the_page_of_declarations_has_every_row(self):
        page = as_read(PAGES['svcd-service.5'])
        for path, row in ROWS.items():
            # one map may stand for a list of one; what stands beside `http` is told there
            names = {path, re.sub(r'^(lvs|deploy|dns\.discovery)\.', r'\1[].', path), path.replace('[].tls.', '[].http.tls.')}
            with self.subTest(path):
                self.assertTrue(any(f' {name} (' in page for name in names))
                self.assertIn(' '.join(row['description'].split()), page)

    def test_the_pages_have_what_the_rows_say(self):
        for table, page in (('service', 'svcd-service.5'), ('host', 'svcd.yaml.5'), ('site', 'svcd-site.5')):
            rows = re.findall(r'^\*(.+?)\* \(', printed(KEYS, table), re.M)
            self.assertGreater(len(rows), 10)
            text = as_read(PAGES[page])
            for row in rows:
                with self.subTest(f'{page}: {row}'):
                    self.assertIn(f' {row.replace(chr(92), "")} (', text)

    def make(self, folder, declaration, host=None, template=None):
        etc = pathlib.Path(folder) / 'etc/svcd'
        for part in ('services', 'templates'):
            (etc / part).mkdir(parents=True)
        (etc / 'site.yaml').write_text('networks: {DOMAIN_NETWORKS: [10.0.0.0/8]}\n')
        (etc / 'svcd.yaml').write_text(yaml.safe_dump(
            {'host': {'fqdn': 'h.example.org', 'site': 'eqiad', 'clusters': ['c']}, **(host or {})}))
        (etc / 'templates/ours.yaml').write_text(yaml.safe_dump(template or {}))
        (etc / 'services/web.yaml').write_text(yaml.safe_dump({'service': 'web', **declaration}))

    def test_show_has_every_row_whatever_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            self.make(folder, {'run': {'command': ['/bin/true']}})
            shown = set(leaves(yaml.safe_load(show(folder))))
        # of lists, maps of their own and choices, only what somebody wrote has keys
        optional = {path for path in ROWS if '[]' in path} | {
            'overrides', 'lvs', 'deploy', 'dns.discovery', 'edge'}
        whole = {path.split('[')[0] for path in shown}
        for path in ROWS:
            with self.subTest(path):
                above = [path.rsplit('.', depth)[0] for depth in range(path.count('.') + 1)]
                self.assertTrue(path in optional or any(one in whole for one in above))

    def test_show_says_where_each_value_came_from(self):
        with tempfile.TemporaryDirectory() as folder:
            self.make(folder, {
                'template': 'ours', 'run': {'umask': '0027'},
                'overrides': [{'match': {'host': 'h.example.org'}, 'set': {'run.batch': 3}}],
            }, host={'defaults': {'limits': {'tasks': 77}}}, template={'run': {'command': ['/bin/true']}})
            text = show(folder)
        lines = {line.split('#')[0].strip(): line.split('# ', 1)[1] for line in text.splitlines() if '# ' in line}
        self.assertRegex(lines['umask: 0027'], r'^web\.yaml:\d')
        self.assertRegex(lines['command: [/bin/true]'], 'template ours')
        self.assertRegex(lines['tasks: 77'], 'defaults')
        self.assertRegex(lines['batch: 3'], 'override')
        self.assertEqual(lines['nice: 0'], 'default')
        for line in text.splitlines():
            with self.subTest(line):
                self.assertTrue('# ' in line or re.match(r'^\s*(- )?[\w.-]+:$|^\s+- ', line))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
