# SPDX-License-Identifier: GPL-2.0-or-later
"""What is thrown by dice: said by its seed, ended with what svcd said when something did not hold."""
import contextlib
import pathlib
import shutil
import sys
import tempfile
import traceback


@contextlib.contextmanager
def folder(name):
    """A folder that services of any user may look into."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=f'{name}-', dir='/run'))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def throw(name, seed, host, act):
    """The exit status: 0, or 1 with the first thing that did not hold."""
    print(f'{name}: seed {seed}', flush=True)
    try:
        act()
    except Exception as failure:
        if not isinstance(failure, AssertionError):
            traceback.print_exc()
        print(f'---- svcd said:\n{host.said()[-6000:]}', file=sys.stderr)
        print(f'{name}: seed {seed}: {type(failure).__name__}: {str(failure)[:6000]}', file=sys.stderr)
        return 1
    finally:
        host.close()
    return 0
