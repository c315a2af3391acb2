# SPDX-License-Identifier: Apache-2.0
"""Filters by the MAC address of a network interface.

Addresses are accepted in every notation, and found by an index.
"""

from valence.api.filters import Filter
from valence.common import exception
from valence.common import identity
from valence.db import macs

NAME = 'mac_address'
DOC = (
    'Filter: MAC address of a network interface, in any notation, or with '
    'contains: a part of one.'
)
# The most addresses of a filter.
_MOST = 16


def parse(name: str, text: str) -> Filter:
    """The filter of a query parameter.

    :raises Invalid: for what is no address, or no part of one.
    """
    op, colon, rest = text.partition(':')
    # A part that is all of one is found by the index.
    if op == 'contains' and colon and identity.mac(rest) is None:
        part = identity.mac_part(rest)
        if part is None:
            raise _invalid(name, 'must be a part of a MAC address')
        return Filter(name, 'uuid', 'among', macs.having((), part))
    if not colon or op not in ('eq', 'in', 'contains'):
        op, rest = 'eq', text
    values = rest.split(',') if op == 'in' else [rest]
    if len(values) > _MOST:
        raise _invalid(name, f'must have at most {_MOST} values')
    return Filter(
        name, 'uuid', 'among', macs.having(_mac(name, one) for one in values)
    )


def _mac(name: str, text: str) -> str:
    found = identity.mac(text)
    if found is None:
        raise _invalid(name, 'must be a MAC address, or contains: and a part')
    return found


def _invalid(name: str, reason: str) -> exception.Invalid:
    return exception.Invalid(kind='query parameter', field=name, reason=reason)
