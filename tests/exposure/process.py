# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel says of a process that runs: facts from /proc, for whoever judges them."""
import ctypes
import os
import pathlib
import re

NAMESPACES = ('mnt', 'net', 'ipc', 'uts', 'pid', 'user', 'cgroup')
SOCKET_KINDS = {1: 'stream', 2: 'dgram', 5: 'seqpacket'}
LISTENING = '0A'

cap = ctypes.CDLL('libcap.so.2')
cap.cap_to_name.restype = ctypes.c_void_p


def capability_names(mask):
    names = []
    for number in range(64):
        if mask >> number & 1:
            name = ctypes.string_at(cap.cap_to_name(number)).decode()
            names.append(name.upper())
    return names


class Process:
    def __init__(self, pid):
        self.pid = pid
        self.proc = pathlib.Path('/proc') / str(pid)
        self.status = dict(line.split(':\t', 1) for line in self.read('status').splitlines() if ':\t' in line)

    def read(self, name):
        return (self.proc / name).read_text(encoding='utf-8', errors='replace')

    def field(self, name):
        return self.status[name].strip()

    @property
    def name(self):
        return self.field('Name')

    @property
    def program(self):
        return os.readlink(self.proc / 'exe')

    def uids(self):
        """Real, effective, saved, of the file system: equal, or it can go back."""
        return {int(uid) for uid in self.field('Uid').split()}

    def groups(self):
        return {int(gid) for gid in self.field('Gid').split() + self.field('Groups').split()}

    def capabilities(self, which):
        """`which`: Inh, Prm, Eff, Bnd or Amb."""
        return capability_names(int(self.field('Cap' + which), 16))

    def is_dumpable(self):
        """The files of one that is not belong to root, whoever it runs as."""
        owner = self.proc.joinpath('stat').stat().st_uid
        return owner in self.uids() and owner != 0

    def environment(self):
        return sorted(pair.split('=')[0] for pair in self.read('environ').split('\0') if pair)

    def core_bytes(self):
        line = next(line for line in self.read('limits').splitlines() if line.startswith('Max core'))
        return line.split()[5]

    def own_namespaces(self, other):
        """Those that `other` does not live in."""
        return [kind for kind in NAMESPACES
                if os.readlink(self.proc / 'ns' / kind) != os.readlink(other.proc / 'ns' / kind)]

    # ---- files

    def mounts(self):
        """{path: (kind, set of options, source)}; of several at one path the last covers the others."""
        found = {}
        for line in self.read('mountinfo').splitlines():
            left, right = line.split(' - ', 1)
            words, (kind, source, above) = left.split(), right.split(' ', 2)
            path = re.sub(r'\\([0-7]{3})', lambda octal: chr(int(octal[1], 8)), words[4])
            options = set(words[5].split(',')) | {word for word in above.split(',') if '=' in word or word == 'ro'}
            found[path] = (kind, options, source)
        return found

    def mount_of(self, path):
        """Of where `path` is; none of a mount that another one covers."""
        mounts = self.mounts()
        while path not in mounts:
            path = os.path.dirname(path)
        return mounts[path]

    def is_hidden(self, path):
        """Nothing is there: ours are empty and sealed, and called so."""
        kind, options, source = self.mount_of(path)
        return kind == 'tmpfs' and source == 'nothing' and 'ro' in options

    def hidden(self):
        return sorted(path for path in self.mounts() if self.is_hidden(path))

    def writable(self):
        """Mounts that let it write, where the modes of files do; without the kernel's own."""
        return sorted(path for path, (kind, options, _) in self.mounts().items()
                      if 'ro' not in options and kind not in ('proc', 'sysfs', 'cgroup2'))

    # ---- descriptors

    def descriptors(self, sockets):
        """{number: what it is}; `sockets` is of whoever made them."""
        found = {}
        for entry in (self.proc / 'fd').iterdir():
            target = os.readlink(entry)
            inode = re.match(r'socket:\[(\d+)\]', target)
            found[int(entry.name)] = sockets.get(int(inode[1]), 'socket') if inode else target
        return found

    def sockets(self):
        """{inode: words} of the network namespace that this one lives in."""
        found = {}
        for line in self.read('net/unix').splitlines()[1:]:
            words = line.split(None, 7)
            path = words[7] if len(words) > 7 else ''
            found[int(words[6])] = f'unix {SOCKET_KINDS[int(words[4], 16)]} {path}'.strip()
        for kind in ('tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'):
            for line in self.read(f'net/{kind}').splitlines()[1:]:
                words = line.split()
                found[int(words[9])] = kind + (' listening' if words[3] == LISTENING else '')
        for line in self.read('net/netlink').splitlines()[1:]:
            found[int(line.split()[9])] = 'netlink'
        for line in self.read('net/packet').splitlines()[1:]:
            found[int(line.split()[8])] = 'packet'
        return found
