# SPDX-License-Identifier: GPL-2.0-or-later
"""The seccomp filter of a process that runs, taken out of the kernel, and what it lets through.

The kernel gives the program (PTRACE_SECCOMP_GET_FILTER); here it is walked with what a system call would
bring. An argument may be left open: then all ways are walked, and a call may be allowed, refused, or both.
"""
import contextlib
import ctypes
import functools
import os
import struct

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, PTRACE_SECCOMP_GET_FILTER = 0x4206, 0x4207, 17, 0x420c
WALL = 0x40000000
ALLOW = 0x7fff0000
# seccomp_data: number, architecture, pointer, six arguments of 64 bits (the lower half first)
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
LAST_CALL = 1024  # numbers above this are in use on no architecture of Linux

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_ulong, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
seccomp = ctypes.CDLL('libseccomp.so.2')
seccomp.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
seccomp.seccomp_arch_native.restype = ctypes.c_uint32


def ptrace(request, pid, address=0, data=None):
    result = libc.ptrace(request, pid, address, data)
    if result < 0:
        raise OSError(ctypes.get_errno(), f'ptrace {request:#x} of {pid}')
    return result


@contextlib.contextmanager
def halted(pid):
    ptrace(PTRACE_SEIZE, pid)
    try:
        ptrace(PTRACE_INTERRUPT, pid)
        os.waitpid(pid, WALL)
        yield
    finally:
        ptrace(PTRACE_DETACH, pid)


def read_filter(pid):
    """The instructions of its only filter, as (code, if true, if false, constant)."""
    with halted(pid):
        count = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0)
        data = ctypes.create_string_buffer(8 * count)
        ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0, ctypes.cast(data, ctypes.c_void_p))
    return tuple(struct.iter_unpack('HBBI', data.raw))


@functools.cache
def call_numbers():
    """{name: number} of this architecture."""
    names = {}
    for number in range(LAST_CALL):
        text = seccomp.seccomp_syscall_resolve_num_arch(seccomp.seccomp_arch_native(), number)
        if text:
            names[ctypes.string_at(text).decode()] = number
    return names


JUMPS = {0x10: lambda a, k: a == k, 0x20: lambda a, k: a > k, 0x30: lambda a, k: a >= k,
         0x40: lambda a, k: a & k != 0}


class CallFilter:
    def __init__(self, program):
        self.program = program

    @classmethod
    def of(cls, pid):
        return cls(read_filter(pid))

    def outcomes(self, data):
        """All that it may answer; `data` is {offset: word}, and what is not in it is open."""
        found, seen, waiting = set(), set(), [(0, None, ())]
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            at, value, memory = state
            code, true, false, constant = self.program[at]
            kind, ways = code & 7, ()
            if kind == 0 and code & 0xe0 == 0x20:  # a word of the data
                ways = ((at + 1, data.get(constant), memory),)
            elif kind == 0:  # immediate, or from memory
                from_memory = dict(memory).get(constant)
                ways = ((at + 1, from_memory if code & 0xe0 == 0x60 else constant, memory),)
            elif kind == 2:
                ways = ((at + 1, value, tuple(sorted({**dict(memory), constant: value}.items()))),)
            elif kind == 4:
                assert code == 0x54, f'no such arithmetic here: {code:#x}'
                ways = ((at + 1, None if value is None else value & constant, memory),)
            elif kind == 5:
                ways = self.jumps(state)
            elif kind == 6:
                found.add(constant & 0xffff0000)
            waiting.extend(ways)
        return found

    def jumps(self, state):
        at, value, memory = state
        code, true, false, constant = self.program[at]
        if code & 0xf0 == 0:
            return ((at + 1 + constant, value, memory),)
        if value is None:
            return tuple((at + 1 + way, None, memory) for way in {true, false})
        way = true if JUMPS[code & 0xf0](value, constant) else false
        return ((at + 1 + way, value, memory),)

    def answers(self, call, arguments=None, architecture=None):
        """`call` by name or number; `arguments` {index: value}."""
        number = call_numbers()[call] if isinstance(call, str) else call
        data = {NUMBER: number, ARCHITECTURE: architecture or seccomp.seccomp_arch_native()}
        for index, value in (arguments or {}).items():
            data[ARGUMENTS + 8 * index] = value & 0xffffffff
            data[ARGUMENTS + 8 * index + 4] = value >> 32
        return self.outcomes(data)

    def allows(self, call, arguments=None, architecture=None):
        """Whether it may get through, whatever stands in the other arguments."""
        return ALLOW in self.answers(call, arguments, architecture)

    def allowed(self):
        """(names always allowed, names allowed with some arguments)."""
        always, sometimes = [], []
        for name in sorted(call_numbers()):
            answers = self.answers(name)
            if answers == {ALLOW}:
                always.append(name)
            elif ALLOW in answers:
                sometimes.append(name)
        return always, sometimes
