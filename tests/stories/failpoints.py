# SPDX-License-Identifier: GPL-2.0-or-later
"""The file that tells the processes of a host where to die or to fail (base/failpoint.h)."""


class Failpoints:
    """To be made before svcd starts."""

    def __init__(self, host):
        self.path = host.root / 'failpoints'
        self.path.touch()
        host.environment['SVCD_FAILPOINTS'] = str(self.path)

    def tell(self, words):
        """By another name first: who reads sees all or nothing."""
        beside = self.path.with_suffix('.test')
        beside.write_text(words, encoding='utf-8')
        beside.rename(self.path)

    def have_acted(self):
        return not self.path.read_text(encoding='utf-8')
