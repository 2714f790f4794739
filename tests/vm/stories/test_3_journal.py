# SPDX-License-Identifier: GPL-2.0-or-later
"""What svcd tells the journal: fields to filter by, and the catalog that explains them."""
import json
import re

import pytest

import svcd as inside

CATALOG = '/usr/lib/systemd/catalog/svcd.catalog'


@pytest.fixture(scope='module', autouse=True)
def dier(svcd):
    svcd.declare('dier', '/bin/sh', '-c', 'echo last words >&2; exit 3',
                 run={'ready': {'by': 'started'}, 'restart': {'delay': '30s', 'delay_max': '30s'}})
    svcd.until_exit('dier')


def entries(vm, *matches):
    lines = vm.must('journalctl', '-b', '-u', 'svcd', '-o', 'json', '--no-pager', *matches).splitlines()
    return [json.loads(line) for line in lines]


def test_an_exit_can_be_filtered_by_its_fields(vm):
    entry, *_ = inside.until(lambda: entries(vm, 'SVCD_SERVICE=dier', 'SVCD_EVENT=exited'))
    assert entry['SVCD_CAUSE'] == 'exit'
    assert entry['SVCD_EXIT_CODE'] == '3'
    assert entry['SVCD_INSTANCE'] == '1'
    assert entry['PRIORITY'] == '4'
    assert 'exit 3' in entry['MESSAGE']


def test_an_operators_word_has_who_and_why(vm):
    vm.must('svcctl', 'stop', 'dier', '--reason', 'it only dies')
    entry, *_ = entries(vm, 'SVCD_SERVICE=dier', 'SVCD_EVENT=stop')
    assert entry['SVCD_UID'] == '0'
    assert 'it only dies' in entry['MESSAGE']


def test_the_catalog_explains_it(vm):
    text = vm.must('journalctl', '-b', '-x', '-u', 'svcd', 'SVCD_SERVICE=dier', '--no-pager')
    assert 'Subject: A process of dier ended (exit)' in text
    assert 'Subject: dier is stopped by an operator' in text
    assert '@SVCD_' not in text


def test_all_of_the_catalog_is_known(vm):
    ours = set(re.findall('^-- ([0-9a-f]{32})$', vm.read(CATALOG), re.M))
    known = {line.split()[0] for line in vm.must('journalctl', '--list-catalog', '--no-pager').splitlines()}
    assert ours and ours <= known
