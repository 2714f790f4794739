# SPDX-License-Identifier: GPL-2.0-or-later
"""What svcd.service keeps is what declarations may name, each with a reason; and the units are understood.

rules/check_capabilities.c says which capabilities a service may have: all others, svcd itself gave up.
"""
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = 'CapabilityBoundingSet='
# The programs are installed by the package, and not where units are tested.
ABSENT = re.compile(r'^\S+: Command /usr/\S+ is not executable: No such file or directory$')


def rows():
    """{name: whether a service may have it}"""
    text = (ROOT / 'rules/check_capabilities.c').read_text(encoding='utf-8')
    return {name: withheld == 'NULL' for name, withheld in re.findall(r'\{ "(CAP_\w+)", (\w+) \}', text)}


def kept(text):
    """[(names, the comment above them)]; lines that follow one another share it."""
    found, comment = [], ''
    for line in text.splitlines():
        if line.startswith('#'):
            comment = line.lstrip('# ')
        elif line.startswith(KEPT):
            found.append((line[len(KEPT):].split(), comment))
        else:
            comment = ''
    return found


def verify():
    said = subprocess.run(['systemd-analyze', 'verify', '--man=no', *map(str, sorted(ROOT.glob('units/*.service')))],
                          check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    strange = [line for line in said.splitlines() if not ABSENT.match(line)]
    assert not strange, '\n'.join(strange)


def main():
    may = rows()
    assert len(may) >= 41, 'the rows of rules/check_capabilities.c are not found'
    sets = kept((ROOT / 'units/svcd.service').read_text(encoding='utf-8'))
    names = [name for some, _ in sets for name in some]
    assert len(names) == len(set(names)), 'one is listed twice'
    assert set(names) == {name for name, granted in may.items() if granted}, \
        f'not in both: {set(names) ^ {name for name, granted in may.items() if granted}}'
    for some, comment in sets:
        assert comment, f'{some}: why?'
    assert shutil.which('systemd-analyze'), 'systemd-analyze (package systemd) is missing'
    verify()


sys.exit(main())
