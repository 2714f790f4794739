# SPDX-License-Identifier: GPL-2.0-or-later
"""What the services say by themselves: who started when, in the file that bench-service appends to."""
import time


class Starts:
    def __init__(self, path):
        self.path = path
        path.touch()
        path.chmod(0o666)
        self.offset = 0
        self.latest = {}  # name: (pid, seconds on the monotonic clock)

    def read(self):
        with open(self.path, encoding='utf-8') as file:
            file.seek(self.offset)
            text = file.read()
        whole = text[:text.rfind('\n') + 1]
        self.offset += len(whole)
        for line in whole.splitlines():
            name, pid, us = line.split()
            self.latest[name] = int(pid), int(us) / 1e6

    def since(self, moment):
        """Names that started after the moment, with the time of their latest start."""
        self.read()
        return {name: at for name, (_, at) in self.latest.items() if at > moment}

    def last_of(self, names, moment, within):
        """When the last of the names has started after the moment; TimeoutError says who has not."""
        wanted, end = set(names), time.monotonic() + within
        while True:
            seen = self.since(moment)
            missing = wanted - seen.keys()
            if not missing:
                return max(seen[name] for name in wanted)
            if time.monotonic() > end:
                raise TimeoutError(f'{len(missing)} of {len(wanted)} not started within {within} s, '
                                   f'for instance {min(missing)}')
            time.sleep(0.005)  # rarely enough to take nothing from who is measured

    def pids(self):
        return {name: pid for name, (pid, _) in self.latest.items()}
