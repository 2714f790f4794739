# SPDX-License-Identifier: GPL-2.0-or-later
"""A boot that finds the files as they were accepted, and what is then read anew."""
import pathlib

import pytest

from changes import accepted, again, applied_now, count_reads, hup, off, sleeper
from machine import until

AS_ACCEPTED = 'all is declared as it was accepted'


def sealed(host):
    """All that is declared is accepted, and the disk says so."""
    until(lambda: accepted(host, '_host').exists() and b'"seal"' in accepted(host, '_host').read_bytes())


def test_a_boot_that_finds_the_files_as_accepted_runs_what_was_accepted(host):
    sleeper(host, 'base')
    sleeper(host, limits={'open_files': 4242}, depends={'services': ['base']})
    host.start()
    host.until_ready('hello')
    sealed(host)
    before = host.status('hello')
    assert AS_ACCEPTED not in host.said()
    again(host)
    host.until_ready('hello')
    assert AS_ACCEPTED in host.said()
    after = host.status('hello')
    assert after['config_hash'] == before['config_hash']
    assert not after['stale'] and not after['pending'] and not after['refused']
    assert after['instances'][0]['started'] >= host.status('base')['instances'][0]['started']
    limits = pathlib.Path(f'/proc/{host.pid("hello")}/limits').read_text(encoding='ascii')
    assert '4242' in limits.split('Max open files')[1].split('\n')[0]
    hup(host)  # nothing that the accepted ones hid
    until(lambda: count_reads(host) == 1)
    until(lambda: applied_now(host))


def spoil_host_file(host):
    host.host_file({'defaults': {'run': {'environment': {'NEW': '1'}}}})


def spoil_file(host):
    sleeper(host, run={'environment': {'NEW': '1'}})


def spoil_accepted(host):
    one = accepted(host, 'hello')
    one.write_bytes(one.read_bytes()[:-20])


def spoil_by_a_newcomer(host):
    sleeper(host, 'newcomer')


def spoil_by_removal(host):
    (host.root / 'etc/svcd/services/other.yaml').unlink()


@pytest.mark.parametrize('spoil', [spoil_host_file, spoil_file, spoil_accepted, spoil_by_a_newcomer, spoil_by_removal])
def test_what_differs_since_is_understood_at_boot(host, spoil):
    off(host)
    sleeper(host)
    sleeper(host, 'other')
    host.start()
    host.until_ready('hello')
    sealed(host)
    host.stop()
    spoil(host)
    host.start()
    host.until_ready('hello')
    host.until_ready('other')
    assert AS_ACCEPTED not in host.said()
    match spoil.__name__:
        case 'spoil_host_file':
            until(lambda: host.status('hello')['upstream'])
        case 'spoil_file':
            assert 'NEW=1' in pathlib.Path(f'/proc/{host.pid("hello")}/environ').read_text(encoding='ascii')
        case 'spoil_by_a_newcomer':
            host.until_ready('newcomer')
        case 'spoil_by_removal':
            until(lambda: 'no file declares it' in host.ctl('status', 'other').stdout)
