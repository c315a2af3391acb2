# SPDX-License-Identifier: Apache-2.0
"""Search for resources by name, serial number, MAC address, UUID or model."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from typing import NamedTuple

from django import http
from django.utils.translation import gettext_lazy as _

from valence_dashboard import api
from valence_dashboard.views import detail_url

#: What is shown of each kind.
LIMIT = 10
_MAC = 'mac_address'
_SEPARATORS = re.compile(r'[:.\s-]')
_DIGITS = re.compile('[0-9a-f]{12}', re.IGNORECASE)
_PART_OF_MAC = re.compile(
    '[0-9a-f]{4,12}|(?=.*[:-])[0-9a-f:-]{4,17}', re.IGNORECASE
)


class Kind(NamedTuple):
    """A kind of resources that can be found.

    :param view: of the page of one.
    :param exact: the filters by an identifier, each of which an index serves.
    :param parts: the filters by a part of a text.
    """

    label: str
    view: str
    exact: tuple[str, ...] = ('name',)
    parts: tuple[str, ...] = ('name',)

    def identifiers(self, text: str) -> list[str]:
        """Return the filters that this identifier may be for."""
        if api.is_uuid(text):
            return ['uuid', *({*self.exact} & {'hardware_uuid'})]
        unfit = {'hardware_uuid'} if _is_mac(text) else {'hardware_uuid', _MAC}
        return [one for one in self.exact if one not in unfit]

    def texts(self, text: str) -> list[str]:
        """Return the filters that this part of a text may be for."""
        fits = _PART_OF_MAC.fullmatch(text)
        return [one for one in self.parts if fits or one != _MAC]


def _is_mac(text: str) -> bool:
    digits = _SEPARATORS.sub('', text)
    # That of a single digit is none.
    return bool(_DIGITS.fullmatch(digits)) and len({*digits.lower()}) > 1


_HARDWARE = ('name', 'serial_number')
KINDS = {
    'pod_managers': Kind(
        _('Pod manager'), 'horizon:admin:pod_managers:detail'
    ),
    'chassis': Kind(
        _('Chassis'), 'horizon:admin:chassis:detail', _HARDWARE, _HARDWARE
    ),
    'systems': Kind(
        _('System'),
        'horizon:admin:systems:detail',
        (*_HARDWARE, 'hardware_uuid', _MAC),
        (*_HARDWARE, 'model', _MAC),
    ),
    'devices': Kind(
        _('Device'),
        'horizon:admin:devices:detail',
        (*_HARDWARE, _MAC),
        (*_HARDWARE, 'model', _MAC),
    ),
    'storages': Kind(
        _('Storage'), 'horizon:admin:storages:detail', _HARDWARE, _HARDWARE
    ),
    'nodes': Kind(_('Node'), 'horizon:project:nodes:detail'),
    'flavors': Kind(_('Flavor'), 'horizon:project:flavors:detail'),
    'holds': Kind(_('Hold'), 'horizon:project:holds:detail'),
    'pools': Kind(_('Pool'), 'horizon:admin:pools:detail'),
}


class Hit(NamedTuple):
    """A resource that was found."""

    collection: str
    record: api.Record

    @property
    def label(self) -> str:
        """Return the kind of resource."""
        return KINDS[self.collection].label

    @property
    def url(self) -> str | None:
        """Return the URL of its page."""
        return detail_url(KINDS[self.collection].view, self.record.id)


def exact(
    request: http.HttpRequest, text: str, collections: Iterable[str] = KINDS
) -> list[Hit]:
    """Return what has this name, serial number, MAC address or UUID.

    The number of requests does not depend on the amount of hardware.
    """
    return _find(
        request,
        (
            (collection, name, text)
            for collection in collections
            for name in KINDS[collection].identifiers(text)
        ),
    )


def parts(
    request: http.HttpRequest, text: str, collections: Iterable[str] = KINDS
) -> list[Hit]:
    """Return the first of each kind whose texts have this text."""
    return _find(
        request,
        (
            (collection, name, f'contains:{text}')
            for collection in collections
            for name in KINDS[collection].texts(text)
        ),
    )


def _find(
    request: http.HttpRequest, filters: Iterator[tuple[str, str, str]]
) -> list[Hit]:
    found = {}
    for collection, name, text in filters:
        for one in api.list_resources(
            request, collection, LIMIT, **{name: text}
        ):
            found[one.id] = Hit(collection, one)
    return [*found.values()]
