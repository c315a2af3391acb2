# SPDX-License-Identifier: Apache-2.0
"""The limits of the project, and what is left of them."""

from typing import Any
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from valence_dashboard import fields


class Limit(NamedTuple):
    """A limit.

    :param bar: how much of it is used and requested.
    """

    label: str
    bar: SafeString


def of(preview: dict[str, Any], count: int) -> list[Limit]:
    """Return the limits that a preview has.

    :param count: the number of nodes that are requested.
    """
    return [_limit(**one, count=count) for one in preview.get('limits', ())]


def _limit(
    resource: str, limit: int, used: int, requested: int, count: int
) -> Limit:
    more = requested * count
    name = 'memory_mib' if resource == 'memory' else resource
    texts = {
        'limit': fields.render(name, limit),
        'used': fields.render(name, used),
        'more': fields.render(name, more),
    }
    text = (
        _('%(used)s of %(limit)s used, %(more)s requested')
        if more
        else _('%(used)s of %(limit)s used')
    )
    is_over = more and used + more > limit
    return Limit(
        fields.label(resource),
        fields.bar(
            min(used + more, limit),
            limit,
            text % texts,
            'danger' if is_over else 'info',
        ),
    )
