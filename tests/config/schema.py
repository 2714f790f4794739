# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON Schema printed from the rows: valid by its metaschema, right about the examples, and
about what is wrong. Usage: schema.py SVCD-KEYS SOURCE-ROOT"""
import copy
import json
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """YAML 1.2's guesses, as editors make them: `off` is a text."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ('bool', r'^(true|false)$', 'tf'), ('null', r'^(~|null|)$', ['~', 'n', '']),
        ('int', r'^-?(0|[1-9][0-9]*)$', '-0123456789'),
        ('float', r'^-?[0-9]+\.[0-9]+$', '-0123456789')]:
    Loader.add_implicit_resolver('tag:yaml.org,2002:' + tag, re.compile(pattern), list(first))

KEYS, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
SCHEMA = json.loads(subprocess.run([KEYS, 'schema'], check=True, capture_output=True).stdout)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
WHOLE = yaml.load((ROOT / 'tests/fuzz/declaration/whole.yaml').read_text(), Loader)


class Schema(unittest.TestCase):
    def test_the_schema_is_one(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.assertEqual(SCHEMA['$schema'], 'https://json-schema.org/draft/2020-12/schema')

    def test_examples_are_valid(self):
        examples = sorted((ROOT / 'examples/services').glob('*.yaml'))
        self.assertTrue(examples)
        for path in examples:
            with self.subTest(path.name):
                VALIDATOR.validate(yaml.load(path.read_text(), Loader))

    def test_templates_are_valid_but_for_their_name(self):
        for path in sorted((ROOT / 'templates').glob('*.yaml')):
            with self.subTest(path.name):
                tree = yaml.load(path.read_text(), Loader)
                VALIDATOR.validate({'service': 'web'} | tree)

    def test_a_declaration_with_every_section_is_valid(self):
        VALIDATOR.validate(WHOLE)

    def test_what_is_wrong_is_found(self):
        wrong = [
            (['servce'], 'web'), (['service'], 'Web'), (['state'], 'prod'),
            (['run', 'nice'], 20), (['run', 'nice'], '1'), (['run', 'umask'], 'rw'),
            (['run', 'stop', 'timeout'], 60), (['run', 'stop', 'timeout'], '60 s'),
            (['run', 'command'], '/bin/true'), (['run', 'reload'], 'HUP'),
            (['limits', 'memory'], 5), (['limits', 'memory'], '3GB'),
            (['listen', 0, 'port'], 0), (['listen', 0, 'port'], 65536),
            (['listen', 0, 'tls'], 'yes'), (['health', 'checks', 0, 'http'], 'info'),
            (['lvs', 'depool_threshold'], 1.5), (['monitor', 'page'], 'off'),
        ]
        for path, value in wrong:
            with self.subTest('.'.join(map(str, path))):
                tree = copy.deepcopy(WHOLE)
                at = tree
                for step in path[:-1]:
                    at = at[step]
                at[path[-1]] = value
                self.assertFalse(VALIDATOR.is_valid(tree))

    def test_an_expression_may_stand_for_any_value(self):
        tree = copy.deepcopy(WHOLE)
        tree['run']['instances'] = '${ncpu * 2}'
        tree['limits']['memory'] = '${memory_mb / 2}M'
        tree['listen'][0]['port'] = '${10042 + instance}'
        VALIDATOR.validate(tree)

    def test_every_key_is_described(self):
        def walk(schema):
            for key, inner in schema.get('properties', {}).items():
                self.assertIn('description', inner, key)
                walk(inner)
            for inner in schema.get('anyOf', []):
                walk(inner)
            if 'items' in schema:
                walk(schema['items'])
        walk(SCHEMA)


unittest.main(argv=['schema.py'])
