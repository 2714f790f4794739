#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the README's commands literally, from a clean clone.

```sh blocks run in the clone, one line at a time; ```demo blocks are typed into `./dev demo`, every
command must succeed. The one line that is not run here is `./dev test`: it is what runs this.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent


def blocks(kind):
    text = (TOP / 'README.md').read_text(encoding='utf-8')
    found = re.findall(rf'^```{kind}\n(.*?)^```', text, re.S | re.M)
    assert found, f'the README has no ```{kind} block'
    return [line for block in found for line in block.splitlines() if line.strip()]


def run(command, folder, **options):
    print(f'$ {command}', flush=True)
    result = subprocess.run(command, shell=True, cwd=folder, check=False, timeout=1500,
                            executable='/bin/bash', **options)
    if result.returncode != 0:
        sys.exit(f'readme: "{command}" ended with {result.returncode}')


def main():
    shell = blocks('sh')
    assert './dev test' in shell, 'the README does not say ./dev test'
    with tempfile.TemporaryDirectory(prefix='svcd-readme-') as folder:
        clone = pathlib.Path(folder) / 'svcd'
        run(f'git clone --quiet --no-hardlinks {TOP} {clone}', folder)
        # What npm fetched once need not be fetched again; everything else is built anew.
        if (TOP / 'build/mathoid/.complete').exists():
            (clone / 'build').mkdir()
            shutil.copytree(TOP / 'build/mathoid', clone / 'build/mathoid', symlinks=True)
        for command in shell:
            if command != './dev test':
                run(command, clone, stdin=subprocess.DEVNULL)
        typed = 'set -e\n' + '\n'.join(blocks('demo')) + '\n'
        run('./dev demo', clone, input=typed.encode())


os.environ.pop('MAKEFLAGS', None)
main()
