# SPDX-License-Identifier: GPL-2.0-or-later
"""Declarations as their owner writes them: a good one, and what he wishes besides."""
import yaml

GOOD = {'run': {'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'}},
        'logs': {'stdout': 'none', 'stderr': 'none'}}


def merged(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: merged(one.get(key), value) for key, value in other.items()}}
    return other


def write(host, name, wish, base=None):
    path = host.services / f'{name}.yaml'
    content = merged({'service': name, 'state': 'setup', **(GOOD if base is None else base)}, wish)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding='utf-8')
    path.chmod(0o644)
    return path
