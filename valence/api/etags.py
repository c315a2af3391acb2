# SPDX-License-Identifier: Apache-2.0
"""Entity tags of resources that can be changed (RFC 9110, 13).

A tag has two parts: of the fields that clients can change, and of the content.
``If-Match`` compares the first one, so it fails if another client changed the
resource, but not if its power state did. ``If-None-Match`` compares both.
"""

import hashlib
import re

import webob

from valence.api import render
from valence.common import exception
from valence.common.cache import cached
from valence.db import api as db
from valence.db.sqlalchemy.base import Table
from valence.objects import base

_TAG = re.compile(r'(W/)?"([^"]*)"')


@cached
def changeable(cls: base.Kind) -> tuple[str, ...]:
    """The columns of a kind of resource that clients can change."""
    return tuple(
        name
        for name, one in cls.fields.items()
        if 'u' in one.api or name in cls.CHANGED
    )


def version(cls: base.Kind, row: Table) -> str:
    """The part of the tag that is about what clients can change."""
    values = db.mapping(row)
    own = [str(row.uuid), *(values[name] for name in changeable(cls))]
    return _digest(render.dumps(own))


def tag(version: str, content: bytes) -> str:
    """The tag of a response."""
    return f'"{version}-{_digest(content)}"'


def check(request: webob.Request, version: str) -> None:
    """Ensure that a resource is as the client knows it.

    :raises PreconditionFailed: if it was changed meanwhile.
    """
    given = request.headers.get('If-Match', '*')
    known = {
        text.partition('-')[0]
        for weak, text in _TAG.findall(given)
        if not weak
    }
    if given.strip() != '*' and version not in known:
        raise exception.PreconditionFailed


def is_known(request: webob.Request, tag: str) -> bool:
    """Whether the client has the content already."""
    given = request.headers.get('If-None-Match', '')
    return given.strip() == '*' or tag.strip('"') in {
        text for _, text in _TAG.findall(given)
    }


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()
