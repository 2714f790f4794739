# SPDX-License-Identifier: GPL-2.0-or-later
"""The unit file that would confine a program as this process is, judged by systemd-analyze.

A setting is in the unit when the facts of the process are at least what systemd would make of it. The
number is then systemd's own: `systemd-analyze security --offline=true`.
"""
import pathlib
import pwd
import re
import socket
import stat
import subprocess
import tempfile

import callfilter

PROT_EXEC = 4
CLONE_CALLS = ('clone', 'clone3', 'unshare', 'setns')
KEY_CALLS = ('keyctl', 'add_key', 'request_key')
CLOCK_CALLS = ('clock_settime', 'clock_settime64', 'clock_adjtime', 'adjtimex', 'settimeofday', 'stime')
IPC_CALLS = ('shmget', 'msgget', 'semget', 'mq_open')
# Each with the argument that has the mode, and what else must be given.
MODE_CALLS = {'chmod': 1, 'fchmod': 1, 'fchmodat': 2, 'fchmodat2': 2, 'creat': 1, 'open': 2, 'openat': 3,
              'mkdir': 1, 'mkdirat': 2, 'mknod': 1, 'mknodat': 2}
REALTIME = (1, 2, 6)  # SCHED_FIFO, SCHED_RR, SCHED_DEADLINE
I386, X32 = 0x40000003, 0x40000000
INTERNET = {'AF_INET', 'AF_INET6', 'AF_PACKET'}
DEVICE_SOURCES = ('devtmpfs', 'udev')


class Confinement:
    """What is asked of one process; `outside` is one that lives as the host does."""

    def __init__(self, process, call_filter, outside):
        self.process, self.filter, self.outside = process, call_filter, outside
        self.own = process.own_namespaces(outside)
        self.bounding = set(process.capabilities('Bnd'))

    def calls(self, names):
        return any(self.filter.allows(name) for name in self.known(names))

    def known(self, names):
        return [name for name in names if name in callfilter.call_numbers()]

    def families(self):
        return sorted(name for name in dir(socket) if re.fullmatch('AF_[A-Z0-9]+', name)
                      and name not in ('AF_UNSPEC', 'AF_ROUTE')  # the latter is another word for AF_NETLINK
                      and self.filter.allows('socket', {0: int(getattr(socket, name))}))

    def makes_executable_memory(self):
        return (any(self.filter.allows(name, {2: PROT_EXEC}) for name in ('mmap', 'mprotect'))
                or self.calls(('pkey_mprotect', 'shmat')))

    def makes_setuid_files(self):
        modes = [(name, {argument: mode}) for name, argument in MODE_CALLS.items() if self.known([name])
                 for mode in (stat.S_ISUID, stat.S_ISGID)]
        return self.filter.allows('openat2') or any(self.filter.allows(*one) for one in modes)

    def goes_realtime(self):
        return self.calls(('sched_setattr',)) or any(
            self.filter.allows('sched_setscheduler', {1: policy}) for policy in REALTIME)

    def speaks_other_architectures(self):
        return (self.filter.allows(1, architecture=I386)
                or any(self.filter.allows(X32 | number) for number in range(64)))

    def reaches_internet(self):
        held = set(self.process.descriptors(self.outside.sockets()).values())
        return bool(INTERNET & set(self.families())) or any(re.match('tcp|udp|raw|packet', one) for one in held)

    def is_read_only(self, path):
        return 'ro' in self.process.mount_of(path)[1] or self.process.is_hidden(path)


def no_capability(*names):
    return lambda self: not self.bounding & set(names)


# (setting, value when it holds, whether it holds)
SETTINGS = (
    ('PrivateMounts', 'yes', lambda self: 'mnt' in self.own),
    ('PrivateNetwork', 'yes', lambda self: 'net' in self.own),
    ('PrivateUsers', 'yes', lambda self: 'user' in self.own),
    ('PrivateTmp', 'yes', lambda self: self.process.is_hidden('/tmp') and self.process.is_hidden('/var/tmp')),
    ('PrivateDevices', 'yes', lambda self: self.process.is_hidden('/dev') and not self.calls(('mknod', 'mknodat'))),
    ('DevicePolicy', 'closed', lambda self: self.process.is_hidden('/dev') and not self.calls(('mknod', 'mknodat'))),
    ('ProtectSystem', 'strict', lambda self: 'ro' in self.process.mount_of('/')[1]),
    ('ProtectHome', 'yes', lambda self: all(map(self.process.is_hidden, ('/home', '/root')))),
    ('ProtectControlGroups', 'yes', lambda self: self.is_read_only('/sys/fs/cgroup')),
    ('ProtectKernelTunables', 'yes', lambda self: self.is_read_only('/sys')
     and 'subset=pid' in self.process.mount_of('/proc')[1]),
    ('ProtectKernelModules', 'yes', lambda self: no_capability('CAP_SYS_MODULE')(self)
     and not self.calls(('init_module', 'finit_module', 'delete_module'))),
    ('ProtectKernelLogs', 'yes', lambda self: no_capability('CAP_SYSLOG')(self) and not self.calls(('syslog',))),
    ('ProtectClock', 'yes', lambda self: no_capability('CAP_SYS_TIME', 'CAP_WAKE_ALARM')(self)
     and not self.calls(CLOCK_CALLS)),
    ('ProtectHostname', 'yes', lambda self: not self.calls(('sethostname', 'setdomainname'))),
    ('ProtectProc', 'invisible', lambda self: 'hidepid=invisible' in self.process.mount_of('/proc')[1]),
    ('ProcSubset', 'pid', lambda self: 'subset=pid' in self.process.mount_of('/proc')[1]),
    ('NoNewPrivileges', 'yes', lambda self: self.process.field('NoNewPrivs') == '1'),
    ('KeyringMode', 'private', lambda self: not self.calls(KEY_CALLS)),
    ('RemoveIPC', 'yes', lambda self: not self.calls(IPC_CALLS)),
    ('LockPersonality', 'yes', lambda self: not self.calls(('personality',))),
    ('MemoryDenyWriteExecute', 'yes', lambda self: not self.makes_executable_memory()),
    ('RestrictRealtime', 'yes', lambda self: not self.goes_realtime()),
    ('RestrictSUIDSGID', 'yes', lambda self: not self.makes_setuid_files()),
    ('RestrictNamespaces', 'yes', lambda self: not self.calls(CLONE_CALLS)),
    ('SystemCallArchitectures', 'native', lambda self: not self.speaks_other_architectures()),
    # no address at all where no socket could have one
    ('IPAddressDeny', 'any', lambda self: not self.reaches_internet()),
)


def settings(confinement):
    """{setting: value}, without those that do not hold."""
    process = confinement.process
    always, sometimes = confinement.filter.allowed()
    held = {setting: value for setting, value, holds in SETTINGS if holds(confinement)}
    return {
        **held,
        'User': pwd.getpwuid(max(process.uids())).pw_name,
        'UMask': process.field('Umask'),
        'CapabilityBoundingSet': ' '.join(process.capabilities('Bnd')),
        'AmbientCapabilities': ' '.join(process.capabilities('Amb')),
        'RestrictAddressFamilies': ' '.join(confinement.families()) or 'none',
        'SystemCallFilter': ' '.join(always + sometimes),
    }


def exposure(name, held):
    """What systemd says of a unit with these settings, from 0.0 to 10.0."""
    with tempfile.TemporaryDirectory() as folder:
        unit = pathlib.Path(folder) / f'{name}.service'
        unit.write_text('[Service]\nExecStart=/bin/true\n'
                        + ''.join(f'{setting}={value}\n' for setting, value in held.items()), encoding='utf-8')
        said = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', str(unit)],
                              check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout
    number = re.search(r'exposure level for \S+: ([0-9.]+)', said)
    assert number, said
    return float(number[1])
