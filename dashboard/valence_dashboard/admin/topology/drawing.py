# SPDX-License-Identifier: Apache-2.0
"""The layout of a pod: racks, the chassis in them, systems as boxes."""

import collections
import re
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from valence_dashboard import fields

# The appearances of a system: label, and the symbol in its box, so that it can
# be recognized without colors.
APPEARANCES = {
    'free': (_('Free'), ''),
    'composed': (_('Composed'), '●'),
    'off': (_('Composed, powered off'), '○'),
    'failed': (_('Failed or unavailable'), '✕'),
}
_DETAILS = ('cpu_cores', 'memory_mib', 'power_state', 'health')
Box = dict[str, Any]


def draw(tree: dict[str, Any]) -> dict[str, Any]:
    """Return what the template needs to draw a topology of the API.

    :returns: ``racks``, each with ``name``, ``systems`` and ``boxes``;
        ``legend``, the appearances with their number of systems.
    """
    counted: collections.Counter[str] = collections.Counter()
    racks: list[Box] = []
    loose: Box = {'name': None, 'systems': tree['systems'], 'chassis': []}
    _find_racks(tree['chassis'], racks, loose)
    racks = _sorted_by_name(racks)
    if loose['systems'] or loose['chassis']:
        loose['name'] = _('Not in a rack')
        racks.append(loose)
    return {
        'racks': [_box(rack, '', counted) for rack in racks],
        'legend': [
            {
                'appearance': name,
                'label': label,
                'symbol': symbol,
                'count': counted[name],
            }
            for name, (label, symbol) in APPEARANCES.items()
        ],
    }


def _find_racks(chassis: list[Box], racks: list[Box], loose: Box) -> None:
    """Find the racks at any depth; collect everything else in ``loose``."""
    for one in chassis:
        if one['type'] == 'rack':
            racks.append(one)
        elif any(inner['type'] == 'rack' for inner in _descendants(one)):
            loose['systems'] = loose['systems'] + one['systems']
            _find_racks(one['chassis'], racks, loose)
        else:
            loose['chassis'].append(one)


def _descendants(chassis: Box) -> Iterator[Box]:
    for one in chassis['chassis']:
        yield one
        yield from _descendants(one)


def _box(
    chassis: Box, outside: str, counted: collections.Counter[str]
) -> dict[str, Any]:
    """Return a chassis with its content.

    :param outside: the name of the enclosing chassis, which is omitted from
        the short name.
    """
    name = str(chassis['name'])
    inner = [
        _box(one, name, counted) for one in _sorted_by_name(chassis['chassis'])
    ]
    systems = [
        _system(one, counted) for one in _sorted_by_name(chassis['systems'])
    ]
    short = name.removeprefix(outside).strip(' -_/') or name
    # A sled with one system is drawn as that system.
    return {
        'name': name,
        'short': short[:1].upper() + short[1:],
        'type': chassis.get('type'),
        'boxes': [one for one in inner if not one['single']],
        'systems': systems + [one['single'] for one in inner if one['single']],
        'single': (
            {**systems[0], 'location': name}
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


def appearance(system: Box) -> str:
    """Return the appearance of a system."""
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
    name = appearance(system)
    counted[name] += 1
    label, symbol = APPEARANCES[name]
    view, uuid = 'horizon:admin:systems:detail', system['uuid']
    if system['node_uuid']:
        view, uuid = 'horizon:project:nodes:detail', system['node_uuid']
    return {
        'name': system['name'],
        'appearance': name,
        'label': label,
        'symbol': symbol,
        'url': reverse(view, args=(uuid,)),
        'details': ', '.join(
            f'{fields.label(name)}: {_text(name, system[name])}'
            for name in _DETAILS
        ),
    }


def _text(name: str, value: Any) -> str:
    """Return a value without markup."""
    return str(value) if name in fields.STATES else fields.render(name, value)


def _sorted_by_name(named: list[Box]) -> list[Box]:
    """Sort by name, with numbers in numerical order."""
    return sorted(
        named,
        key=lambda one: [
            (int(part), '') if part.isdigit() else (-1, part)
            for part in re.split(r'(\d+)', str(one['name']))
        ],
    )
