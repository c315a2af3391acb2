# SPDX-License-Identifier: Apache-2.0
"""What of a pod is drawn where: racks, what is in them, systems as boxes."""

import collections
import re
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from valence_dashboard import fields

# How a system may look: what it is called, and the sign in its box, so that
# nobody has to tell the colours apart.
LOOKS = {
    'free': (_('Free'), ''),
    'composed': (_('Composed'), '●'),
    'off': (_('Composed, switched off'), '○'),
    'failed': (_('Failed, or not to be had'), '✕'),
}
_TOLD = ('cpu_cores', 'memory_mib', 'power_state', 'health')
Box = dict[str, Any]


def draw(tree: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of the tree that the API tells.

    :returns: ``racks``, each with ``name``, ``systems`` and ``boxes``;
        ``legend``, the looks with the number of systems that have them.
    """
    counted: collections.Counter[str] = collections.Counter()
    racks: list[Box] = []
    loose: Box = {'name': None, 'systems': tree['systems'], 'chassis': []}
    _gather(tree['chassis'], racks, loose)
    racks = _in_order(racks)
    if loose['systems'] or loose['chassis']:
        loose['name'] = _('In no rack')
        racks.append(loose)
    return {
        'racks': [_box(rack, '', counted) for rack in racks],
        'legend': [
            {
                'look': look,
                'label': label,
                'sign': sign,
                'count': counted[look],
            }
            for look, (label, sign) in LOOKS.items()
        ],
    }


def _gather(chassis: list[Box], racks: list[Box], loose: Box) -> None:
    """Find the racks, however deep they are; the rest is in no rack."""
    for one in chassis:
        if one['type'] == 'rack':
            racks.append(one)
        elif any(inner['type'] == 'rack' for inner in _below(one)):
            loose['systems'] = loose['systems'] + one['systems']
            _gather(one['chassis'], racks, loose)
        else:
            loose['chassis'].append(one)


def _below(chassis: Box) -> Iterator[Box]:
    for one in chassis['chassis']:
        yield one
        yield from _below(one)


def _box(
    chassis: Box, outside: str, counted: collections.Counter[str]
) -> dict[str, Any]:
    """A chassis with what is in it.

    :param outside: the name of what it is in, which is not said again.
    """
    name = str(chassis['name'])
    inner = [_box(one, name, counted) for one in _in_order(chassis['chassis'])]
    systems = [_system(one, counted) for one in _in_order(chassis['systems'])]
    short = name.removeprefix(outside).strip(' -_/') or name
    # A sled of one system needs no frame and no name of its own.
    return {
        'name': name,
        'short': short[:1].upper() + short[1:],
        'type': chassis.get('type'),
        'boxes': [one for one in inner if not one['single']],
        'systems': systems + [one['single'] for one in inner if one['single']],
        'single': (
            {**systems[0], 'place': name}
            if chassis.get('type') == 'sled'
            and len(systems) == 1
            and not inner
            else None
        ),
        'url': (
            reverse('horizon:admin:chassis:detail', args=(chassis['uuid'],))
            if 'uuid' in chassis
            else None
        ),
    }


def look(system: Box) -> str:
    """How a system looks."""
    if (
        system['health'] == 'critical'
        or system['state'] == 'unavailable'
        or system['stale']
    ):
        return 'failed'
    if system['node_uuid'] or system['state'] == 'used':
        return 'off' if system['power_state'] == 'off' else 'composed'
    return 'free'


def _system(system: Box, counted: collections.Counter[str]) -> Box:
    looks = look(system)
    counted[looks] += 1
    label, sign = LOOKS[looks]
    view, uuid = 'horizon:admin:systems:detail', system['uuid']
    if system['node_uuid']:
        view, uuid = 'horizon:project:nodes:detail', system['node_uuid']
    return {
        'name': system['name'],
        'look': looks,
        'label': label,
        'sign': sign,
        'url': reverse(view, args=(uuid,)),
        'told': ', '.join(
            f'{fields.label(name)}: {_plain(name, system[name])}'
            for name in _TOLD
        ),
    }


def _plain(name: str, value: Any) -> str:
    """A value without markup."""
    return str(value) if name in fields.STATES else fields.show(name, value)


def _in_order(named: list[Box]) -> list[Box]:
    """By name, where the second comes before the tenth."""
    return sorted(
        named,
        key=lambda one: [
            (int(part), '') if part.isdigit() else (-1, part)
            for part in re.split(r'(\d+)', str(one['name']))
        ],
    )
