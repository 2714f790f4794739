# SPDX-License-Identifier: GPL-2.0-or-later
"""One machine for all stories: they run in the order of their files and leave it clean."""
import os
import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import guest  # noqa: E402
import svcd as inside  # noqa: E402


@pytest.fixture(scope='session')
def booted():
    with tempfile.TemporaryDirectory(prefix='svcd-vm-') as folder:
        machine = guest.Guest(os.environ['SVCD_VM_IMAGE'], os.environ['SVCD_VM_PAYLOAD'], folder)
        yield machine
        machine.close()


@pytest.fixture
def vm(booted, request):
    yield booted
    if getattr(request.node, 'failed', False):
        print(f'---- console:\n{booted.tail()}')
        if not booted.hung:
            print(f'---- journal:\n{booted.run("journalctl", "-n", "60", "--no-pager").out}')


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True


@pytest.fixture(scope='module')
def svcd(booted):
    """svcd in there; what a file of stories declared is forgotten after it."""
    one = inside.Svcd(booted)
    yield one
    if one.declared and not booted.hung:
        one.forget(*sorted(one.declared))
