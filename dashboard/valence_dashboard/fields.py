# SPDX-License-Identifier: Apache-2.0
"""Labels and values of API fields.

Descriptions and limits come from the OpenAPI document of the client. The
labels here apply to all fields with the same name.
"""

import datetime
import json
import re
from collections.abc import Callable
from typing import Any
from typing import cast

from django.utils import dateparse
from django.utils import formats
from django.utils import html
from django.utils import safestring
from django.utils import text
from django.utils import timesince
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from valenceclient import schema

from valence_dashboard import reasons

EMPTY = '-'
# Fields whose label is not made of the words of their name.
_NAMES = {'uuid': 'UUID', 'project_id': 'Project', 'user_id': 'User'}
_ACRONYMS = 'cpu id uuid url uri mac pci ca tpm rpm'.split()
_LABELS = {
    **{one: one.upper() for one in _ACRONYMS},
    'username': 'user name',
    'nics': 'NICs',
    'podm': 'pod manager',
    'cert': 'certificates',
    'auth': 'authentication',
    'params': 'parameters',
}


def number(value: float) -> str:
    """Return a number as the user's language writes it."""
    return cast(str, formats.number_format(f'{value:.10g}'))


def _format_mib(mib: float) -> str:
    for unit in ('MiB', 'GiB', 'TiB'):
        if mib < 1024 or unit == 'TiB':
            break
        mib /= 1024
    return f'{number(round(mib, 2))} {unit}'


def _format_mbps(mbps: int) -> str:
    if mbps >= 1000:
        return f'{number(mbps / 1000)} Gbit/s'
    return f'{mbps} Mbit/s'


# The units that names of fields end with: what labels show, and how to format
# values.
_UNITS: dict[str, tuple[str, Callable[[int], str]]] = {
    'mib': ('MiB', _format_mib),
    'gib': ('GiB', lambda value: _format_mib(value * 1024)),
    'mbps': ('Mbit/s', _format_mbps),
    'mhz': ('MHz', '{} MHz'.format),
    'gb': ('GB', '{} GB'.format),
}
# What the units of texts are in those of the fields.
_FACTORS = {
    'mib': {'mib': 1, 'gib': 1024, 'tib': 1024**2},
    'gib': {'gib': 1, 'tib': 1024},
    'mbps': {'mbit/s': 1, 'gbit/s': 1000},
}
# The colors of states; others are grey, too.
_COLORS = {
    'default': ('reserved', 'held', 'forgotten'),
    'success': ('online', 'active', 'free', 'ok', 'succeeded', 'done', 'on'),
    'danger': ('offline', 'error', 'failed', 'critical', 'unavailable')
    + ('overdue', 'unreachable'),
    'warning': (
        *('warning', 'maintenance', 'cancelled', 'undone', 'disabled'),
        *('stale', 'warned', 'ending', 'short'),
    ),
    'info': (
        *('composing', 'updating', 'adopting', 'releasing', 'deleting'),
        *('running', 'pending', 'used', 'enabled', 'draining'),
    ),
}
#: The color of each state.
COLOR = {state: color for color, states in _COLORS.items() for state in states}
# Texts of the service.
_REASONS = ('status_reason', 'last_error', 'error', 'sync_error')
STATES = (
    *('state', 'status', 'health', 'provision_state', 'power_state'),
    'lease_state',
)


def schemas(kind: str) -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the fields of a resource by name.

    :param kind: the schema name in the OpenAPI document, such as
        ``PodManager``.
    """
    components = schema.document()['components']['schemas']
    found: dict[str, dict[str, Any]] = components[kind]['properties']
    return found


def label(name: str) -> str:
    """Return the label of a field, in the language of who reads it."""
    return translated(words(name))


def label_with_unit(name: str) -> str:
    """Return the label of a field for input in its unit."""
    unit = name.rpartition('_')[2]
    if unit not in _UNITS:
        return label(name)
    return cast(str, text.format_lazy('{} ({})', label(name), _UNITS[unit][0]))


def words(name: str) -> str:
    """Return the label of a field in English."""
    if name in _NAMES:
        return _NAMES[name]
    parts = name.removeprefix('is_').removesuffix('_uuid').split('_')
    if parts[-1] in _UNITS:
        parts.pop()
    joined = ' '.join(_LABELS.get(part, part) for part in parts)
    return joined[:1].upper() + joined[1:]


def value_words(value: str) -> str:
    """Return a value of a list in the API in English.

    ``in_use`` is "In use", and ``ForceOff`` is "Force off". What has capital
    letters only at its beginning is a name.
    """
    if '_' in value or value.islower():
        return value.replace('_', ' ').capitalize()
    parts = ''.join(f' {c}' if c.isupper() else c for c in value).strip()
    return parts.capitalize() if ' ' in parts else value


def value_label(value: str) -> str:
    """Return a value of a list in the API in the language of who reads it."""
    return translated(value_words(value))


def translated(english: str) -> str:
    """Return a text of the API document in the language of who reads it.

    The catalogs contain all of them; see ``tools/messages.py``.
    """
    # An empty text would be translated to the header of the catalog.
    return gettext_lazy(english) if english else ''


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the fields of a resource by name.

    :param kind: the resource name in the proxy.
    """
    return schemas(kind.title().replace('_', ''))


def _in_unit(name: str, text: str) -> str:
    """Return a number in the unit of its field: 128 GiB of memory in MiB."""
    units = _FACTORS.get(name.rpartition('_')[2], {})

    def number(found: re.Match[str]) -> str:
        amount, unit = found.groups()
        return f'{float(amount) * units[unit.lower()]:.0f}'

    pattern = rf'(\d+(?:\.\d+)?) ?({"|".join(units)})\b'
    return re.sub(pattern, number, text, flags=re.I) if units else text


def to_api(kind: str, name: str, text: str) -> str:
    """Convert a filter text of a user to the value for the API.

    :param kind: the resource name in the proxy.
    """
    field = of_kind(kind).get(name, {})
    if 'integer' in field.get('type', ()):
        return _in_unit(name, text)
    if 'boolean' in field.get('type', ()):
        words = {_('Yes').lower(): 'true', _('No').lower(): 'false'}
        return words.get(text.lower(), text.lower())
    if 'enum' in field or name in STATES or name == 'type':
        known = field.get('enum') or COLOR
        shown = {
            str(value_label(one)).lower(): one for one in filter(None, known)
        }
        plain = re.sub(r'(?<=\w) (?=\w)', '_', text.lower())
        return shown.get(text.lower(), plain)
    return text


def render(name: str, value: Any) -> str:
    """Return the value of a field in readable form."""
    if value is None or value == '' or value == [] or value == {}:
        return EMPTY
    if isinstance(value, bool):
        return _('Yes') if value else _('No')
    unit = name.rpartition('_')[2]
    if unit in _UNITS and isinstance(value, int):
        return _UNITS[unit][1](value)
    if name in STATES:
        return state(value)
    if name.endswith('_at') or name in ('missing_since', 'lease_until'):
        return age(value)
    if isinstance(value, dict | list):
        return _lines(value)
    if name in _REASONS:
        return reasons.translated(value)
    return str(value)


def _lines(value: dict[str, Any] | list[Any]) -> str:
    """Return an object or a list with one line per item."""
    if isinstance(value, dict):
        named = ((label(key), _line(one, key)) for key, one in value.items())
        return html.format_html_join('', '<div>{}: {}</div>', named)
    if all(isinstance(one, str | int) for one in value):
        return ', '.join(str(one) for one in value)
    lines = ((_line(one),) for one in value)
    return html.format_html_join('', '<div>{}</div>', lines)


def _line(value: Any, name: str = '') -> str:
    """Return a value within an object or a list in one line."""
    if not value:
        return render(name, value)
    if isinstance(value, dict):
        named = ((label(key), _line(one, key)) for key, one in value.items())
        return html.format_html_join(', ', '{} {}', named)
    if isinstance(value, list):
        lines = ((_line(one),) for one in value)
        return html.format_html_join('; ', '{}', lines)
    return render(name, value)


def render_json(value: Any) -> str:
    """Return a value as formatted JSON."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    # Make it focusable, so that it can be scrolled with the keyboard.
    return html.format_html(
        '<pre class="valence-json" tabindex="0">{}</pre>', text
    )


def state(value: str, reason: str | None = None) -> safestring.SafeString:
    """Return a state as a colored label, with the reason as a tooltip."""
    known = html.format_html(
        '<span class="label valence-label-{}">{}</span>',
        COLOR.get(value, 'default'),
        value_label(value),
    )
    if not reason:
        return known
    reason = reasons.translated(reason)
    # Make it focusable, so that the keyboard can show the tooltip.
    return html.format_html(
        '<span class="valence-reason" tabindex="0" data-toggle="tooltip"'
        ' title="{}">{}<span class="sr-only">: {}</span></span>',
        reason,
        known,
        reason,
    )


def age(value: str | None) -> str:
    """Return how far away a time is, with the time as a tooltip."""
    when = dateparse.parse_datetime(value) if value else None
    if when is None:
        return EMPTY
    if when > timezone.now():
        text = _('in %s') % timesince.timeuntil(when, depth=1)
    elif timezone.now() - when < datetime.timedelta(minutes=1):
        text = _('just now')
    else:
        text = _('%s ago') % timesince.timesince(when, depth=1)
    return html.format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value,
        _moment(when),
        text,
    )


def _moment(when: datetime.datetime) -> str:
    """Return a time to the second."""
    local = timezone.localtime(when)
    day = formats.date_format(local, 'DATE_FORMAT')
    return f'{day} {local:%H:%M:%S %Z}'


def bar(
    part: int, total: int, text: str, color: str = 'info'
) -> safestring.SafeString:
    """Return a bar with a text below it."""
    percent = round(100 * part / total) if total else 0
    return html.format_html(
        '<div class="valence-bar"><div class="progress">'
        '<div class="progress-bar progress-bar-{}" style="width:{}%"></div>'
        '</div><span>{}</span></div>',
        color,
        percent,
        text,
    )


def capacity_bar(amounts: dict[str, int] | None, name: str) -> str:
    """Return a bar of used capacity, with the free capacity as text.

    :param amounts: ``total``, ``free`` and ``held``.
    :param name: the name of the field, which determines the unit.
    """
    if not amounts or not amounts['total']:
        return EMPTY
    used = amounts['total'] - amounts['free']
    ratio = used / amounts['total']
    held = amounts.get('held')
    text = (
        _('%(free)s of %(total)s free, %(held)s held')
        if held
        else _('%(free)s of %(total)s free')
    )
    return bar(
        used,
        amounts['total'],
        text % {key: render(name, one) for key, one in amounts.items()},
        'danger' if ratio > 0.95 else 'warning' if ratio > 0.8 else 'info',
    )


def details(
    kind: str,
    record: dict[str, Any],
    replacements: dict[str, str] | None = None,
    exclude: tuple[str, ...] = (),
) -> list[dict[str, str]]:
    """Return all fields of a resource, in the order of the OpenAPI document.

    :param kind: the schema name in the OpenAPI document.
    :param replacements: what to show instead of the values of some fields.
    :param exclude: the fields to omit.
    """
    replacements = replacements or {}
    shown = [
        {
            'name': name,
            'label': label(name),
            'about': translated(field.get('description', '')),
            'value': replacements.get(name) or render(name, record[name]),
            # For scripts of Horizon that insert it as HTML. Horizon replaces
            # this function, but not the filter force_escape, by one that
            # also hides the marks of AngularJS.
            'display': f'{html.escape(str(record[name]))}',
        }
        for name, field in schemas(kind).items()
        if name in record and name not in exclude
    ]
    return [*_conditions(record.get('conditions') or []), *shown]


def lines(texts: list[str]) -> str:
    """Return texts, one in each line."""
    return (
        html.format_html_join('', '<div>{}</div>', ((text,) for text in texts))
        or EMPTY
    )


def _conditions(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what keeps hardware from use as a field, if anything does."""
    if not found:
        return []
    texts = [
        ': '.join(
            str(one[name])
            for name in ('subject_name', 'code', 'message', 'tenant_message')
            if one.get(name)
        )
        for one in found
    ]
    return [
        {
            'name': 'conditions',
            'label': label('conditions'),
            'about': '',
            'value': lines(texts),
            'display': html.escape('; '.join(texts)),
        }
    ]
