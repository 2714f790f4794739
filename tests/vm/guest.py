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

BOOT_WITHIN = 240
MEMORY_MB = 2048
PROCESSORS = 2
TAIL_BYTES = 6000


class Hang(Exception):
    """The machine does not answer any more; no story after this one can be true."""


class Guest:
    """`image` is what tests/vm/image made, `payload` a tar archive for /run/svcd-test inside."""

    def __init__(self, image, payload, folder):
        self.console = pathlib.Path(folder) / 'console'
        self.console.touch()
        self.process = subprocess.Popen(
            command(pathlib.Path(image), payload, folder), stdin=subprocess.DEVNULL,
            stdout=open(self.console, 'ab'), stderr=subprocess.STDOUT)
        self.unread = b''
        self.boot_id = None
        self.hung = False
        try:
            self.port = self.connect(f'{folder}/agent')
            self.await_boot()
        except BaseException:
            self.close()
            raise

    def connect(self, path):
        end = time.monotonic() + 20
        while True:
            port = socket.socket(socket.AF_UNIX)
            try:
                port.connect(path)
                return port
            except OSError as error:
                port.close()
                if self.process.poll() is not None or time.monotonic() > end:
                    raise self.trouble(f'QEMU does not start: {error}') from None
                time.sleep(0.05)

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

    def await_boot(self):
        """Waits for an agent of another boot than the last, and until systemd has started all."""
        message = self.receive(BOOT_WITHIN)
        while message.get('boot') in (None, self.boot_id):
            message = self.receive(BOOT_WITHIN)
        self.boot_id = message['boot']
        self.run('systemctl', 'is-system-running', '--wait', timeout=BOOT_WITHIN)

    # ---- what stories use

    def run(self, *argv, stdin=None, timeout=60):
        """rc, out and err of a command inside."""
        if self.hung:
            raise Hang('it hung in an earlier story')
        request = {'argv': [str(word) for word in argv], 'input': stdin, 'timeout': timeout}
        self.port.settimeout(30)
        self.port.sendall(json.dumps(request).encode() + b'\n')
        return types.SimpleNamespace(**self.receive(timeout + 60))

    def must(self, *argv, rc=0, **options):
        result = self.run(*argv, **options)
        assert result.rc == rc, f'{argv}: rc {result.rc}, not {rc}\n{result.out}{result.err}'
        return result.out

    def shell(self, script, **options):
        """What a script prints that must succeed."""
        return self.must('sh', '-euc', script, **options)

    def read(self, path):
        return self.must('cat', path)

    def write(self, path, text):
        self.must('sh', '-euc', 'mkdir -p "$(dirname "$0")" && cat >"$0"', path, stdin=text)

    def reboot(self):
        self.run('systemctl', 'reboot')
        self.await_boot()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def command(image, payload, folder):
    """QEMU, which dies with us."""
    return [
        'setpriv', '--pdeathsig', 'KILL', 'qemu-system-x86_64',
        '-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', str(MEMORY_MB), '-smp', str(PROCESSORS),
        '-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio',
        '-kernel', str(image / 'vmlinuz'), '-initrd', str(image / 'initrd'),
        '-append', 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=yes panic=-1',
        '-drive', f'file={image}/root.ext4,format=raw,if=virtio,snapshot=on',
        '-drive', f'file={payload},format=raw,if=virtio,readonly=on',
        '-device', 'virtio-rng-pci', '-device', 'virtio-serial-pci',
        '-chardev', f'socket,id=agent,path={folder}/agent,server=on,wait=off',
        '-device', 'virtserialport,chardev=agent,name=svcd.test']
