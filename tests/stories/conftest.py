# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the stories: `host` is a fresh Host; what it said is printed when the story fails."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))    # busy.py

import machine  # noqa: E402


@pytest.fixture
def host(request):
    # Services run as other users, and see a /tmp of their own: the way to the folder must be open
    # to them, unlike tmp_path.
    folder = tempfile.mkdtemp(prefix='svcd-story-', dir='/run')
    os.chmod(folder, 0o755)
    one = machine.Host(folder)
    yield one
    failed = getattr(request.node, 'failed', False)
    if failed:
        print(f'---- svcd said:\n{one.said()[-8000:]}')
    one.close()
    said = one.said() if not one.output.closed else pathlib.Path(one.output.name).read_text(
        encoding='utf-8', errors='replace')
    shutil.rmtree(folder, ignore_errors=True)
    for alarm in ('AddressSanitizer', 'runtime error:', 'LeakSanitizer'):
        assert alarm not in said, said[said.index(alarm) - 200:][:4000]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True
