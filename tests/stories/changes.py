# SPDX-License-Identifier: GPL-2.0-or-later
"""What the stories of changed declarations share."""
import os
import signal


ACCEPTED = 'var/lib/svcd/accepted'


def sleeper(host, name='hello', **keys):
    return host.declare(name, run={'command': ['/bin/sleep', '1000'], 'ready': {'by': 'started'}, **keys.pop('run', {})},
                        **keys)


def accepted(host, name):
    return host.root / ACCEPTED / name


def hup(host):
    os.kill(host.engine_pid('svcd-supervisor'), signal.SIGHUP)


def count_reads(host):
    return host.said().count('reading the declarations again')


def applied_now(host):
    """What lies on the disk is what runs: a comparison finds nothing."""
    return 'nothing to change' in host.ctl('diff').stderr


def again(host):
    """svcd ends and begins anew, as after a reboot."""
    host.stop()
    return host.start()


def off(host):
    """No watch: the story says when the files are read."""
    host.host_file({'auto_apply': 'off'})
