# SPDX-License-Identifier: Apache-2.0
"""Form fields of requirements: a number or text, a range, several, or exact.

``8..16`` is a range, ``8..`` and ``..16`` have one end, ``a|b`` is any of
both, and what follows ``=`` has to be exactly so. What cannot be written like
that is shown as JSON.
"""

import argparse
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from horizon import forms
from valenceclient.osc import values

_MIB_IN_GIB = 1024
_HELP = _('Ranges: 8..16, exactly: =8, any of: =8|16.')
_TEXT_HELP = _('Any of: A|B, exactly: =A, any characters: *.')
_MAX_LENGTH = 1024


def field(name: str, types: set[str], **common: Any) -> forms.Field | None:
    """Return the form field of a requirement; None: it is a plain one."""
    if 'boolean' in types:
        choices = [('', '—'), ('true', _('Yes')), ('false', _('No'))]
        return forms.ChoiceField(choices=choices, **common)
    if name == 'traits':
        return Traits(**common)
    if types == {'array'}:
        return Names(**common)
    if 'object' not in types:
        return None
    number = 'integer' in types
    common['help_text'] = common['help_text'] or (
        _HELP if number else _TEXT_HELP
    )
    return (Amount if number else Words)(
        scale=_MIB_IN_GIB if name.endswith('_mib') else 1, **common
    )


class _Criterion(forms.CharField):
    """Text whose cleaned value is that of the API.

    :param scale: what a number is multiplied by for the API.
    """

    def __init__(self, scale: int = 1, **common: Any) -> None:
        super().__init__(max_length=_MAX_LENGTH, **common)
        self._scale = scale

    def clean(self, value: Any) -> Any:
        """Return the requirement; None without one."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return json.loads(text) if text[0] == '{' else self.parse(text)
        except ValueError:
            raise ValidationError(_('Enter a valid value.')) from None

    def parse(self, text: str) -> Any:
        """Return the requirement that a text is."""
        exact = text.startswith('=')
        listed = [
            self.one(part.strip()) for part in text.lstrip('=').split('|')
        ]
        value = listed if len(listed) > 1 else listed[0]
        return {'eq': value} if exact else value

    def one(self, text: str) -> Any:
        """Return one of several values."""
        if not text:
            raise ValueError('empty')
        return text

    def show(self, value: Any) -> Any:
        """Return the text of a requirement."""
        if value is None:
            return None
        if isinstance(value, dict) and value.keys() <= {'eq'}:
            return f'={self.show(value["eq"])}'
        if isinstance(value, dict):
            return json.dumps(value)
        if isinstance(value, list):
            return '|'.join(map(self.show, value))
        return str(value)


class Words(_Criterion):
    """Text."""


class Names(_Criterion):
    """A list of names, separated by commas."""

    def parse(self, text: str) -> Any:
        """Return the names."""
        return text.replace(',', ' ').split() or None

    def show(self, value: Any) -> Any:
        """Return the text of a list of names."""
        return None if value is None else ', '.join(value)


class Lines(forms.CharField):
    """A list of names, one per line; they may contain anything else."""

    widget = forms.Textarea(attrs={'rows': 3})

    def clean(self, value: Any) -> list[str]:
        """Return the names."""
        lines = (line.strip() for line in super().clean(value).splitlines())
        return [line for line in lines if line]

    def show(self, value: Any) -> str:
        """Return the text of a list of names."""
        return '\n'.join(value or ())


class Time(forms.CharField):
    """A time, or one from now on."""

    def __init__(self, **common: Any) -> None:
        common['help_text'] += values.TIME_HELP
        super().__init__(max_length=64, **common)

    def clean(self, value: Any) -> Any:
        """Return the time as the API has it; other texts as they are."""
        text = super().clean(value)
        try:
            return values.parse_time(text) if text else text
        except argparse.ArgumentTypeError as exc:
            raise ValidationError(str(exc)) from None


class Traits(Names):
    """Traits of a part that are required, or with ! forbidden."""

    def parse(self, text: str) -> Any:
        """Return the required and the forbidden traits."""
        names = text.replace(',', ' ').split()
        found = {
            'required': [one for one in names if not one.startswith('!')],
            'forbidden': [one[1:] for one in names if one.startswith('!')],
        }
        return {name: one for name, one in found.items() if one} or None

    def show(self, value: Any) -> Any:
        """Return the text of the traits of a part."""
        if value is None:
            return None
        refused = [f'!{name}' for name in value.get('forbidden', ())]
        return super().show([*value.get('required', ()), *refused])


class Amount(_Criterion):
    """A number; memory is shown in GiB."""

    def parse(self, text: str) -> Any:
        """Return the requirement that a text is."""
        least, dots, most = text.partition('..')
        if dots:
            limits = {'min': least.strip(), 'max': most.strip()}
            return {name: self.one(one) for name, one in limits.items() if one}
        value = super().parse(text)
        return {'eq': value} if isinstance(value, list) else value

    def one(self, text: str) -> int:
        """Return one of several numbers."""
        number = float(text) * self._scale
        if not 1 <= number < 2**31:
            raise ValueError('out of range')
        return round(number)

    def show(self, value: Any) -> Any:
        """Return the text of a requirement."""
        if (
            isinstance(value, dict)
            and value
            and value.keys() <= {'min', 'max'}
        ):
            ends = (value.get(name) for name in ('min', 'max'))
            return '..'.join('' if n is None else self.show(n) for n in ends)
        if isinstance(value, int | str):
            whole, rest = divmod(int(value), self._scale)
            return str(whole + rest / self._scale if rest else whole)
        return super().show(value)
