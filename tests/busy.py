# SPDX-License-Identifier: GPL-2.0-or-later
"""How busy this machine is: what is promised within a time is looked for within that times busy()."""
import os
import pathlib


def busy():
    """How many times slower than alone a process may be here and now."""
    running = int(pathlib.Path('/proc/loadavg').read_text(encoding='ascii').split()[3].split('/')[0])
    return max(1.0, running / os.cpu_count())
