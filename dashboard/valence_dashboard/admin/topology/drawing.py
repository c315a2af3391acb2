# SPDX-License-Identifier: Apache-2.0
"""The layout of a pod: racks, the chassis in them, their hardware as boxes.

The script ``drawing.js`` draws it.
"""

import collections
import re
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from valence_dashboard import fields

# The appearances of hardware: label, and the symbol in its box, so that it can
# be recognized without colors.
APPEARANCES = {
    'free': (_('Free'), ''),
    'composed': (_('Composed'), '●'),
    'off': (_('Composed, powered off'), '○'),
    'held': (_('Held'), '◐'),
    'failed': (_('Failed or unavailable'), '✕'),
}
# What is shown in addition, in the same way.
MARKS = {
    'warning': (_('Health: warning'), '!'),
    'condition': (_('Has a condition'), '▲'),
}
# The letters of devices; others have that of their type.
_LETTERS = {'pcie': 'X', 'resource_block': 'R'}
_KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    'systems': (
        'horizon:admin:systems:index',
        ('cpu_cores', 'memory_mib', 'power_state', 'health'),
    ),
    'devices': ('horizon:admin:devices:index', ('type', 'model', 'health')),
}
Box = dict[str, Any]


class Drawing:
    """The layout of a topology of the API.

    :param projects: the names of projects by ID.
    """

    def __init__(self, tree: Box, projects: dict[str, str]) -> None:
        self._tree = tree
        self._projects = projects
        self._facts: dict[tuple[str, Any], str] = {}
        self._counted: collections.Counter[str] = collections.Counter()
        self._conditions: dict[str, list[str]] = collections.defaultdict(list)
        for one in tree['conditions']:
            self._conditions[one['subject_uuid']].append(
                f'{one["code"]}: {one["message"]}'
            )

    def render(self) -> Box:
        """Return what the script needs.

        :returns: ``racks``, each with its ``boxes`` and ``parts``; ``nodes``
            by UUID; ``urls`` before the UUID of a part, by kind; ``legend``,
            the appearances with how often each is there.
        """
        racks: list[Box] = []
        loose: Box = {
            **{'name': None, 'chassis': []},
            **{kind: self._tree[kind] for kind in _KINDS},
        }
        _find_racks(self._tree['chassis'], racks, loose)
        racks = _sorted_by_name(racks)
        if any(loose[kind] for kind in ('chassis', *_KINDS)):
            loose['name'] = _('Not in a rack')
            racks.append(loose)
        drawn = [self._box(rack, '') for rack in racks]
        urls = {kind: reverse(view) for kind, (view, _) in _KINDS.items()}
        return {
            'racks': drawn,
            'nodes': {
                one['uuid']: [one['name'], self._project(one['project_id'])]
                for one in self._tree['nodes']
            },
            'urls': {
                **urls,
                'nodes': reverse('horizon:project:nodes:index'),
                'chassis': reverse('horizon:admin:chassis:index'),
            },
            'legend': [
                {
                    **{'look': look, 'label': str(label), 'symbol': symbol},
                    'count': self._counted[look],
                }
                for look, (label, symbol) in {**APPEARANCES, **MARKS}.items()
            ],
        }

    def _project(self, project_id: str | None) -> str | None:
        return self._projects.get(project_id or '', project_id or '') or None

    def _box(self, chassis: Box, outside: str) -> Box:
        """Return a chassis with its content.

        :param outside: the name of the enclosing chassis, which is omitted
            from the short name.
        """
        name = str(chassis['name'])
        inner = [
            self._box(one, name) for one in _sorted_by_name(chassis['chassis'])
        ]
        parts = [
            self._part(kind, one)
            for kind in _KINDS
            for one in _sorted_by_name(chassis[kind])
        ]
        is_single = (
            chassis.get('type') == 'sled' and len(parts) == 1 and not inner
        )
        if is_single:
            parts[0]['location'] = name
        short = name.removeprefix(outside).strip(' -_/') or name
        # A sled with one system is drawn as that system.
        singles = [one['parts'][0] for one in inner if one['single']]
        boxes = [one for one in inner if not one['single']]
        return {
            'uuid': chassis.get('uuid'),
            'name': name,
            'short': short[:1].upper() + short[1:],
            'serial': chassis.get('serial_number'),
            'units': chassis.get('rack_units'),
            'offset': chassis.get('rack_offset'),
            'conditions': self._conditions.get(chassis.get('uuid', ''), []),
            'boxes': boxes,
            'parts': [*parts, *singles],
            'single': is_single,
            'count': len(parts)
            + len(singles)
            + sum(one['count'] for one in boxes),
        }

    def _part(self, kind: str, part: Box) -> Box:
        look = appearance(part)
        conditions = self._conditions.get(part['uuid'], [])
        marks = [
            mark
            for mark, there in (
                ('warning', part['health'] == 'warning'),
                ('condition', conditions),
            )
            if there
        ]
        self._counted.update((look, *marks))
        return {
            'kind': kind,
            'uuid': part['uuid'],
            'name': part['name'],
            'look': look,
            'marks': marks,
            'letter': _letter(part),
            'serial': part['serial_number'],
            'node': part['node_uuid'],
            'facts': [
                self._fact(name, part[name]) for name in _KINDS[kind][1]
            ],
            'conditions': conditions,
        }

    def _fact(self, name: str, value: Any) -> str:
        """Return the label and the value of a field.

        Most parts are equal, and each text is translated.
        """
        key = name, value
        if key not in self._facts:
            text = str(value)
            if name not in fields.STATES:
                text = str(fields.render(name, value))
            self._facts[key] = f'{fields.label(name)}: {text}'
        return self._facts[key]


def _letter(part: Box) -> str:
    kind = part.get('type') or ''
    return _LETTERS.get(kind, kind[:1].upper())


def _find_racks(chassis: list[Box], racks: list[Box], loose: Box) -> None:
    """Find the racks at any depth; collect everything else in ``loose``."""
    for one in chassis:
        if one['type'] == 'rack':
            racks.append(one)
        elif any(inner['type'] == 'rack' for inner in _descendants(one)):
            for kind in _KINDS:
                loose[kind] = loose[kind] + one[kind]
            _find_racks(one['chassis'], racks, loose)
        else:
            loose['chassis'].append(one)


def _descendants(chassis: Box) -> Iterator[Box]:
    for one in chassis['chassis']:
        yield one
        yield from _descendants(one)


def appearance(part: Box) -> str:
    """Return the appearance of a system or device."""
    if (
        part['health'] == 'critical'
        or part['state'] == 'unavailable'
        or part['stale']
    ):
        return 'failed'
    if part['node_uuid'] or part['state'] == 'used' or part.get('sharers'):
        return 'off' if part.get('power_state') == 'off' else 'composed'
    return 'held' if part['hold_uuid'] else 'free'


def _sorted_by_name(named: list[Box]) -> list[Box]:
    """Sort by name, with numbers in numerical order."""
    return sorted(
        named,
        key=lambda one: [
            (int(part), '') if part.isdigit() else (-1, part)
            for part in re.split(r'(\d+)', str(one['name']))
        ],
    )
