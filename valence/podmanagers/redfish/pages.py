# SPDX-License-Identifier: Apache-2.0
"""Redfish collections in every form that was seen.

The members are an array, a single object, or an object of objects; they are in
the collection or below its ``Links``. The next page is linked by either
annotation, absolute or relative. What has none of these forms is never taken
for an empty collection.
"""

import re
import urllib.parse
from collections.abc import Iterator
from typing import NamedTuple

from oslo_config import cfg

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers.redfish.links import link
from valence.podmanagers.wire.values import obj

# The property with the members: that of Redfish, and that of OData.
_MEMBERS = ('Members', 'value')
_NEXT = ('Members@odata.nextLink', '@odata.nextLink', 'nextLink')
_COUNTS = ('Members@odata.count', '@odata.count')
_COUNT = re.compile(r'[0-9]{1,9}')
# The pages of a collection that does not say how many members it has.
_MAX_PAGES = 256


class Page(NamedTuple):
    """A page of a collection.

    :param members: links, or the resources themselves.
    :param total: of all members, as the service reports it.
    :param following: the URI of the next page.
    :param problem: why a next page cannot be read.
    """

    members: list[object]
    total: int | None = None
    following: str | None = None
    problem: str | None = None


def parse(body: JsonObject, uri: str) -> Page:
    """A page of a collection.

    :param uri: of the page; a link to the next one may be relative to it.
    :raises MalformedResponse: when it is none.
    """
    count = next((n for n in _values(body, _COUNTS) if _is_count(n)), None)
    total = None if count is None else int(str(count))
    listed = next(_values(body, _MEMBERS), None)
    members = _members(listed)
    if members is None and (listed or total != 0):
        counted = '' if total is None else f', but counts {total}'
        raise unreadable(f'{uri} has no members{counted}')
    page = Page(members or [], total)
    following = next(_values(body, _NEXT), None)
    if not following:
        return page
    found = _next_uri(following, uri)
    if found is None:
        reason = f'{uri} has a malformed link to its next page'
        return page._replace(problem=reason)
    return page._replace(following=found)


def is_listing(body: JsonObject) -> bool:
    """Whether a response lists members, in any form."""
    return next(_values(body, _MEMBERS), None) is not None


def unreadable(reason: str) -> exception.MalformedResponse:
    """The error of a collection that is not understood."""
    return exception.MalformedResponse(reason=reason)


def _values(body: JsonObject, names: tuple[str, ...]) -> Iterator[object]:
    """The values that a collection, or its ``Links``, has by these names."""
    for holder in (body, obj(body.get('Links')), obj(body.get('links'))):
        for name in names:
            if holder.get(name) is not None:
                yield holder[name]


def _is_count(value: object) -> bool:
    return isinstance(value, int | str) and bool(
        _COUNT.fullmatch(str(value).strip())
    )


def _members(listed: object) -> list[object] | None:
    """The members, in any form of list; None: it lists nothing."""
    if isinstance(listed, list):
        return listed
    if link(listed) and (isinstance(listed, dict) or '/' in str(listed)):
        return [listed]
    if not isinstance(listed, dict) or not listed:
        return None
    # An object of objects, by any name or by the URI of each.
    return [
        name if name.startswith('/') and not link(inner) else inner
        for name, inner in listed.items()
    ]


def _next_uri(found: object, uri: str) -> str | None:
    """The URI of the next page; None when it is malformed."""
    if isinstance(found, dict):
        found = found.get('@odata.id')
    if not isinstance(found, str):
        return None
    # The query alone may lack its mark.
    text = f'?{found}' if found.startswith('$') else found
    try:
        return link(urllib.parse.urljoin(uri, text))
    except ValueError:
        return None


class Listing:
    """The members of a collection, gathered page by page.

    :ivar members: the links, or the resources themselves, by URI.
    :ivar malformed: a member that is none, and costs itself only.
    :ivar problem: why not all others are known.
    :ivar guessed: the URI of a page that no other page links.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.members: dict[str, object] = {}
        self.malformed: str | None = None
        self.problem: str | None = None
        self.guessed: str | None = None
        self._pages = {uri}
        self._total: int | None = None
        self._entries = 0

    def add(self, uri: str, page: Page) -> str | None:
        """Add a page.

        :returns: the URI of the page to read next.
        """
        known = len(self.members)
        for member in page.members:
            if len(self.members) > cfg.CONF.redfish.max_members:
                break
            found = link(member)
            if found is None:
                self.malformed = f'{uri} lists a member without a valid link'
            else:
                self.members.setdefault(found, member)
        self._entries += len(page.members)
        # Some services count the members of each page.
        alone = uri == self._uri and page.following is None
        if page.total is not None:
            if alone or page.total != len(page.members):
                self._total = page.total
        reason = self._why_last(uri, page, len(self.members) > known)
        if reason:
            self.problem = reason
            return None
        following = page.following
        if following is None and self._entries < (self._total or 0):
            following = self.guessed = self._rest()
        if following:
            self._pages.add(following)
        return following

    def fail(self, uri: str, reason: str) -> None:
        """Record that a page could not be read."""
        self.problem = self._lacking if uri == self.guessed else reason

    def _why_last(self, uri: str, page: Page, new: bool) -> str | None:
        """Why no further page can be read, although there is one."""
        if page.problem:
            return page.problem
        if len(self.members) > cfg.CONF.redfish.max_members:
            return f'{self._uri} has too many members'
        if page.following is None:
            # What is not linked may not exist: see ``_rest``.
            return self._lacking if uri == self.guessed and not new else None
        if page.following in self._pages:
            return f'{uri} has a next page that was read already'
        if not new:
            return f'{uri} has a next page, but nothing new on it'
        if self._total is None and len(self._pages) > _MAX_PAGES:
            return f'{self._uri} has more than {_MAX_PAGES} pages'
        if self._total is not None and len(self.members) > self._total:
            return f'{self._uri} has more members than it counts'
        return None

    @property
    def _lacking(self) -> str:
        """What the service counts and does not list."""
        return (
            f'{self._uri} lists {len(self.members)} members, but counts '
            f'{self._total}'
        )

    def _rest(self) -> str:
        """Where members may be that are counted, but linked by no page."""
        mark = '&' if '?' in self._uri else '?'
        return f'{self._uri}{mark}$skip={self._entries}'
