# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole Debian under QEMU, and what a story asks of it: boot, reboot, run a command inside.

The processor is emulated (TCG): a second in there can be five out here. Waiting is always for an
event with a limit, never a sleep. Its disk is thrown away with it, and survives its reboots.
"""
import json
import pathlib
import socket
import subprocess
import time
import types

BOOT_WITHIN = 180
BOOT_TRIES = 2  # under load an emulated processor can wait for another for ever
MEMORY_MB = 2048
PROCESSORS = 2
PROCESSOR = 'Nehalem'  # the oldest that Debian may run on: newer instructions cost more to emulate
TAIL_BYTES = 6000


class Hang(Exception):
    """The machine does not answer any more; no story after this one can be true."""


class Guest:
    """`image` is what tests/vm/image made, `payload` a tar archive for /run/svcd-test inside."""

    def __init__(self, image, payload, folder):
        self.image, self.payload, self.folder = pathlib.Path(image), payload, pathlib.Path(folder)
        self.console = self.folder / 'console'
        self.process = self.port = None
        self.hung = False
        subprocess.run(['cp', '--sparse=always', self.image / 'root.ext4', self.folder / 'disk'], check=True)
        self.boot()

    # ---- on and off

    def boot(self):
        """Until systemd has started all there is to start."""
        for tries_left in reversed(range(BOOT_TRIES)):
            self.hung = False
            try:
                self.switch_on()
                self.receive(BOOT_WITHIN)
                break
            except Hang:
                self.close()
                if tries_left == 0:
                    raise
        self.run('systemctl', 'is-system-running', '--wait', timeout=2 * BOOT_WITHIN)

    def switch_on(self):
        with open(self.console, 'ab') as console:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=console,
                                            stderr=subprocess.STDOUT)
        self.unread = b''
        end = time.monotonic() + 60
        while True:
            self.port = socket.socket(socket.AF_UNIX)
            try:
                self.port.connect(str(self.folder / 'agent'))
                return
            except OSError as error:
                self.port.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise self.trouble(f'QEMU does not start: {error}') from None
                time.sleep(0.05)

    def command(self):
        """QEMU, which dies with us, and ends where a machine would start anew."""
        return [
            'setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64',
            '-accel', 'tcg,thread=multi', '-cpu', PROCESSOR, '-m', str(MEMORY_MB), '-smp', str(PROCESSORS),
            '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio',
            '-kernel', self.image / 'vmlinuz', '-initrd', self.image / 'initrd',
            '-append', 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=yes panic=-1 mitigations=off',
            '-drive', f'file={self.folder}/disk,format=raw,if=virtio,cache=unsafe',
            '-drive', f'file={self.payload},format=raw,if=virtio,readonly=on',
            '-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci',
            '-chardev', f'socket,id=agent,path={self.folder}/agent,server=on,wait=off',
            '-device', 'virtserialport,chardev=agent,name=svcd.test']

    def reboot(self):
        """Goes down as by an operator, and comes up on the same disk."""
        try:
            self.run('systemctl', '--no-block', 'reboot')
        except Hang:
            pass  # the answer can be lost on the way down
        try:
            self.process.wait(2 * BOOT_WITHIN)
        except subprocess.TimeoutExpired:
            raise self.trouble('it does not go down') from None
        self.port.close()
        self.boot()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.port:
            self.port.close()

    # ---- talking to the agent

    def receive(self, within):
        """The next message; Hang when none comes."""
        end = time.monotonic() + within
        while b'\n' not in self.unread:
            self.port.settimeout(max(end - time.monotonic(), 0.01))
            try:
                data = self.port.recv(65536)
            except TimeoutError:
                raise self.trouble(f'no answer within {within} s') from None
            if not data:
                raise self.trouble('the machine is off')
            self.unread += data
        line, self.unread = self.unread.split(b'\n', 1)
        return json.loads(line)

    def trouble(self, what):
        self.hung = True
        return Hang(f'{what}; its console ends with:\n{self.tail()}')

    def tail(self):
        return self.console.read_bytes()[-TAIL_BYTES:].decode(errors='replace')

    # ---- what stories use

    def run(self, *argv, stdin=None, timeout=60):
        """rc, out and err of a command inside."""
        if self.hung:
            raise Hang('it hung in an earlier story')
        request = {'argv': [str(word) for word in argv], 'input': stdin, 'timeout': timeout}
        self.port.settimeout(30)
        self.port.sendall(json.dumps(request).encode() + b'\n')
        return types.SimpleNamespace(**self.receive(timeout + 60))

    def must(self, *argv, rc=0, merge=False, **options):
        """What a command prints that must end so; with what it says on stderr when `merge`."""
        result = self.run(*argv, **options)
        assert result.rc == rc, f'{argv}: rc {result.rc}, not {rc}\n{result.out}{result.err}'
        return result.out + result.err if merge else result.out

    def shell(self, script, **options):
        """What a script prints that must succeed."""
        return self.must('sh', '-euc', script, **options)

    def read(self, path):
        return self.must('cat', path)

    def write(self, path, text):
        self.must('sh', '-euc', 'mkdir -p "$(dirname "$0")" && cat >"$0"', path, stdin=text)
