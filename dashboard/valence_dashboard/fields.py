# SPDX-License-Identifier: Apache-2.0
"""How the pages call the API's fields, and show their values.

Names, descriptions and limits come from the API's own document, which the
client ships; what is said here holds for every field of a name.
"""

import datetime
import json
import re
from typing import Any

from django.utils import dateparse
from django.utils import html
from django.utils import safestring
from django.utils import timesince
from django.utils import timezone
from django.utils.translation import gettext as _
from valenceclient import schema

NOTHING = '-'
_WORDS = {
    'cpu': 'CPU',
    'uuid': 'UUID',
    'username': 'user name',
    'url': 'URL',
    'uri': 'URI',
    'nics': 'NICs',
    'mac': 'MAC',
    'pci': 'PCI',
    'podm': 'pod manager',
    'cert': 'certificates',
    'ca': 'CA',
    'auth': 'log-in',
}


def _size(mib: float) -> str:
    for unit in ('MiB', 'GiB', 'TiB'):
        if mib < 1024 or unit == 'TiB':
            break
        mib /= 1024
    return f'{round(mib, 2):g} {unit}'


# Fields whose unit is part of their name: what makes text of them.
_UNITS = {
    'mib': _size,
    'gib': lambda value: _size(value * 1024),
    'mbps': lambda value: (
        f'{value / 1000:g} Gbit/s' if value >= 1000 else f'{value} Mbit/s'
    ),
}
_NAMES = {'mib': 'MiB', 'gib': 'GiB', 'mbps': 'Mbit/s'}
# The colour of a state. What is not here is grey.
_COLOURS = {
    'success': ('online', 'active', 'free', 'ok', 'succeeded', 'done', 'on'),
    'danger': ('offline', 'error', 'failed', 'critical', 'unavailable'),
    'warning': (
        *('warning', 'maintenance', 'cancelled', 'undone', 'disabled'),
        'stale',
    ),
    'info': (
        *('composing', 'updating', 'adopting', 'releasing', 'removing'),
        *('running', 'pending', 'used', 'enabled'),
    ),
}
_COLOUR = {
    state: colour for colour, states in _COLOURS.items() for state in states
}
STATES = ('state', 'status', 'health', 'provision_state', 'power_state')


def of(kind: str) -> dict[str, dict[str, Any]]:
    """The JSON schemas of the fields of a kind of resource by name.

    :param kind: as the API's document calls it, such as ``PodManager``.
    """
    components = schema.document()['components']['schemas']
    found: dict[str, dict[str, Any]] = components[kind]['properties']
    return found


def label(name: str) -> str:
    """What a field is called on a page."""
    if name == 'uuid':
        return 'UUID'
    words = name.removeprefix('is_').removesuffix('_uuid').split('_')
    if words[-1] in _UNITS:
        words.pop()
    text = ' '.join(_WORDS.get(word, word) for word in words)
    return text[:1].upper() + text[1:]


def measured(name: str) -> str:
    """What a field is called where its bare number is wanted."""
    unit = _NAMES.get(name.rpartition('_')[2])
    return f'{label(name)} ({unit})' if unit else label(name)


def meant(kind: str, name: str, text: str) -> str:
    """What somebody filters by, in the words of the API.

    :param kind: the name of the resource in the proxy.
    """
    field = of(kind.title().replace('_', '')).get(name, {})
    if 'boolean' in field.get('type', ()):
        words = {_('Yes').lower(): 'true', _('No').lower(): 'false'}
        return words.get(text.lower(), text.lower())
    if 'enum' in field or name in STATES or name == 'type':
        return re.sub(r'(?<=\w) (?=\w)', '_', text.lower())
    return text


def show(name: str, value: Any) -> str:
    """The value of a field as a person wants to read it."""
    if value is None or value == '' or value == [] or value == {}:
        return NOTHING
    if isinstance(value, bool):
        return _('Yes') if value else _('No')
    unit = name.rpartition('_')[2]
    if unit in _UNITS and isinstance(value, int):
        return str(_UNITS[unit](value))
    if name in STATES:
        return state(value)
    if name.endswith('_at') or name == 'missing_since':
        return ago(value)
    if isinstance(value, dict | list):
        return _lines(value)
    return str(value)


def _lines(value: dict[str, Any] | list[Any]) -> str:
    """What is in an object or a list, each in a line."""
    if isinstance(value, dict):
        named = ((label(key), _line(one, key)) for key, one in value.items())
        return html.format_html_join('', '<div>{}: {}</div>', named)
    if all(isinstance(one, str | int) for one in value):
        return ', '.join(str(one) for one in value)
    lines = ((_line(one),) for one in value)
    return html.format_html_join('', '<div>{}</div>', lines)


def _line(value: Any, name: str = '') -> str:
    """Something within an object or a list, in one line."""
    if not value:
        return show(name, value)
    if isinstance(value, dict):
        named = ((label(key), _line(one, key)) for key, one in value.items())
        return html.format_html_join(', ', '{} {}', named)
    if isinstance(value, list):
        lines = ((_line(one),) for one in value)
        return html.format_html_join('; ', '{}', lines)
    return show(name, value)


def source(value: Any) -> str:
    """What somebody else has said, to the letter."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # The keyboard scrolls it, too.
    return html.format_html(
        '<pre class="valence-source" tabindex="0">{}</pre>', text
    )


def state(value: str, reason: str | None = None) -> safestring.SafeString:
    """A state as a coloured label, with the reason on hovering over it."""
    known = html.format_html(
        '<span class="label valence-label-{}">{}</span>',
        _COLOUR.get(value, 'default'),
        value.replace('_', ' ').capitalize(),
    )
    if not reason:
        return known
    # The keyboard reaches what the mouse hovers over.
    return html.format_html(
        '<span class="valence-reason" tabindex="0" data-toggle="tooltip"'
        ' title="{}">{}<span class="sr-only">: {}</span></span>',
        reason,
        known,
        reason,
    )


def ago(value: str | None) -> str:
    """How long ago something was, with the time itself on hovering."""
    when = dateparse.parse_datetime(value) if value else None
    if when is None:
        return NOTHING
    if timezone.now() - when < datetime.timedelta(minutes=1):
        text = _('just now')
    else:
        text = _('%s ago') % timesince.timesince(when, depth=1)
    return html.format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value,
        timezone.localtime(when).strftime('%Y-%m-%d %H:%M:%S %Z'),
        text,
    )


def bar(
    part: int, total: int, text: str, colour: str = 'info'
) -> safestring.SafeString:
    """How much of something there is, as a bar with words below."""
    percent = round(100 * part / total) if total else 0
    return html.format_html(
        '<div class="valence-bar"><div class="progress">'
        '<div class="progress-bar progress-bar-{}" style="width:{}%"></div>'
        '</div><span>{}</span></div>',
        colour,
        percent,
        text,
    )


def free(amounts: dict[str, int] | None, name: str) -> str:
    """How much is free of what there is, as a bar of what is taken.

    :param amounts: ``total`` and ``free``.
    :param name: of what, in whose unit it is told.
    """
    if not amounts or not amounts['total']:
        return NOTHING
    taken = amounts['total'] - amounts['free']
    full = taken / amounts['total']
    return bar(
        taken,
        amounts['total'],
        _('%(free)s of %(total)s free')
        % {
            'free': show(name, amounts['free']),
            'total': show(name, amounts['total']),
        },
        'danger' if full > 0.95 else 'warning' if full > 0.8 else 'info',
    )


def details(
    kind: str,
    record: dict[str, Any],
    instead: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
) -> list[dict[str, str]]:
    """All that is known of a resource, in the order of the API's document.

    :param kind: as the API's document calls it.
    :param instead: what is shown of some fields in the place of the value.
    :param without: the fields that are not shown.
    """
    instead = instead or {}
    return [
        {
            'name': name,
            'label': label(name),
            'about': field.get('description', ''),
            'value': instead.get(name) or show(name, record[name]),
        }
        for name, field in of(kind).items()
        if name in record and name not in without
    ]
