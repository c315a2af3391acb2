# SPDX-License-Identifier: Apache-2.0
"""The options of the command; most can change at runtime."""

from __future__ import annotations

import argparse
import functools

from valence_simulator.options import forms
from valence_simulator.options import oddities
from valence_simulator.options import services

#: The options that cannot change at runtime.
FIXED = frozenset(
    (
        *('personality', 'host', 'port', 'tls', 'tls_cert', 'tls_key'),
        *('systems', 'systems_per_rack', 'kinds', 'fpgas'),
        *('seed', 'rsd_version'),
        *('composition_service', 'compose_by', 'capabilities_on'),
        *('inline_capabilities', 'expandable', 'etags', 'push', 'sse'),
    )
)


#: The options of each group of the help.
GROUPS = {
    'the pod': services.POD,
    'Redfish services': services.REDFISH,
    'rsd': services.RSD,
    'redfish': services.COMPOSITION,
    'oddities: identity': oddities.IDENTITY,
    'oddities: outcomes': oddities.OUTCOMES,
    'oddities: choosing': oddities.CHOOSING,
    'oddities: writing': oddities.WRITING,
    'oddities: forms': forms.FORMS,
    'oddities: values': forms.VALUES,
    'oddities: events': forms.EVENTS,
}


def parser() -> argparse.ArgumentParser:
    """Return the argument parser."""
    parser = argparse.ArgumentParser(
        prog='valence-simulator',
        description='Simulate the hardware of a pod behind a real protocol.',
    )
    for option in services.SERVER:
        option.add_to(parser)
    for title, options in GROUPS.items():
        group = parser.add_argument_group(title)
        for option in options:
            option.add_to(group)
    return parser


@functools.cache
def _actions() -> dict[str, argparse.Action]:
    return {action.dest: action for action in parser()._actions}


def checked(name: str, value: object) -> object:
    """Return the value of an option, converted as on the command line.

    :param name: the name in the namespace, such as ``page_size``.
    :raises TypeError: if the option does not exist, or cannot change.
    :raises ValueError: if the value is invalid.
    """
    action = _actions().get(name)
    if action is None:
        raise TypeError(f'no such option: {name}')
    if name in FIXED:
        raise TypeError(f'{name} cannot change at runtime')
    if value is None and action.default is None:
        return None
    if isinstance(action.default, bool):
        if not isinstance(value, bool):
            raise ValueError(f'{name} must be true or false, not {value!r}')
        return value
    if action.nargs is None:
        return _checked_item(action, value)
    if not isinstance(value, list):
        raise ValueError(f'{name} must be a list, not {value!r}')
    return [_checked_item(action, item) for item in value]


def _checked_item(action: argparse.Action, value: object) -> object:
    if action.type is None and not isinstance(value, str):
        raise ValueError(f'{action.dest} must be a string, not {value!r}')
    item = action.type(value) if action.type else value
    if action.choices is not None and item not in action.choices:
        known = ', '.join(map(str, action.choices))
        raise ValueError(f'{action.dest}: {value!r} is none of {known}')
    return item
