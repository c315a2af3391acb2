# SPDX-License-Identifier: Apache-2.0
"""Read many Redfish resources at once.

It handles what was seen on real services: members listed twice, wrong counts,
collections without end, links to resources that do not exist.
"""

import concurrent.futures
import urllib.parse
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import base
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.links import link

LOG = log.getLogger(__name__)

# After so many requests in a row without a response the service is given up.
_MAX_FAILURES = 64
# The longest URI of hardware that is read.
_MAX_URI = 2048
# Properties that identify a resource and describe nothing else of it.
_IDENTITY = frozenset(('Id', 'MemberId', 'Name', 'Description'))


class Crawler:
    """Reads resources in parallel, each at most once.

    It is used by one thread, which shares it with its pool only while it
    waits for that. A resource that cannot be read is recorded in ``failed``
    and does not affect others; a service that does not respond any more is
    given up.

    :ivar failed: the error by the URI of what could not be read. A collection
        that could not be read has a slash at the end: nothing is known of
        what lies below it.
    :ivar gone: the URIs of what does not exist.
    """

    def __init__(
        self, client: Client, deadline: base.Deadline, expand: bool = False
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._expand = expand
        self._pool = concurrent.futures.ThreadPoolExecutor(
            cfg.CONF.redfish.parallel, thread_name_prefix='crawler'
        )
        self._read: dict[str, JsonObject] = {}
        self.failed: dict[str, str] = {}
        self.gone: set[str] = set()
        self._failures = 0
        self._last_failure = ''
        self._rejected: exception.AuthenticationFailed | None = None

    def __enter__(self) -> 'Crawler':
        self._client.throttle.begin()
        return self

    def __exit__(self, *exc: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.throttle.end()

    def get_many(self, uris: Iterable[str]) -> dict[str, JsonObject]:
        """The resources that can be read, by URI.

        :raises PodManagerUnavailable: when the service does not respond.
        """
        wanted = [uri for uri in dict.fromkeys(uris) if self._fits(uri)]
        missing = [
            uri
            for uri in wanted
            if uri not in self._read and uri not in self.failed
        ]
        for _ in self._pool.map(self._fetch, missing):
            self._check()
        return {uri: self._read[uri] for uri in wanted if uri in self._read}

    def get(self, uri: str) -> JsonObject:
        """A single resource; an empty one if it cannot be read."""
        return self.get_many([uri]).get(uri, {})

    def get_members(self, collections: Iterable[str]) -> dict[str, list[str]]:
        """Read the members of collections; their URIs by collection."""
        found = self.members_of(collections)
        self.get_many(uri for members in found.values() for uri in members)
        return found

    def _fits(self, uri: str) -> bool:
        """Whether a URI can be stored; one that cannot is reported cut."""
        if len(uri) <= _MAX_URI:
            return True
        self.failed[f'{uri[:255]}…'] = (
            f'its URI is longer than {_MAX_URI} characters'
        )
        return False

    def _check(self) -> None:
        """Give a service up that does not respond any more."""
        if self._failures > _MAX_FAILURES:
            raise exception.PodManagerUnavailable(
                reason=f'the service stopped responding: {self._last_failure}'
            )

    def _fetch(self, uri: str) -> None:
        self._check()
        try:
            self._read[uri] = self._client.read(uri, self._deadline)
            self._failures = 0
        except exception.PodManagerError as exc:
            self.failed[uri] = str(exc)
            if isinstance(exc, exception.ResourceGone):
                self.gone.add(uri)
            elif isinstance(exc, exception.AuthenticationFailed):
                self._rejected = exc
            # A malformed response is a response nevertheless.
            elif isinstance(
                exc, exception.PodManagerUnavailable
            ) and not isinstance(exc, exception.MalformedResponse):
                self._failures += 1
                self._last_failure = str(exc)

    def roots(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of the top-level collections.

        :raises AuthenticationFailed: when the credentials are not accepted:
            that must not look like a pod without hardware.
        """
        found = self.members_of(uris)
        if self._rejected is not None:
            raise self._rejected
        return found

    @property
    def problems(self) -> list[str]:
        """What could not be read, for people; each collection once."""
        return [
            f'{uri}: {reason}'
            for uri, reason in sorted(self.failed.items())
            if not (uri.endswith('/') and uri[:-1] in self.failed)
        ]

    def lacks(self, uris: Iterable[str]) -> bool:
        """Whether some of these, or of their members, could not be read.

        What does not exist is not lacking: dead links are common.
        """
        return any(
            uri in self.failed or uri.rstrip('/') + '/' in self.failed
            for uri in uris
            if uri not in self.gone
        )

    def require_all(self, *collections: str) -> None:
        """Refuse to go on with an incomplete list of nodes or systems.

        A node that was not read would be taken for absent and composed again.

        :raises PodManagerUnavailable: when something that exists, or one of
            these collections, could not be read.
        """
        for uri, reason in self.failed.items():
            if uri not in self.gone or uri in collections:
                raise exception.PodManagerUnavailable(reason=reason)

    def members_of(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of several collections, by the collection's URI."""
        wanted = list(dict.fromkeys(uris))
        found = list(self._pool.map(self.members, wanted))
        return dict(zip(wanted, found, strict=True))

    def members(self, uri: str) -> list[str]:
        """The URIs of a collection's members, of all its pages.

        ``Members@odata.count`` is not trusted. A collection that cannot be
        read is recorded in ``failed``.
        """
        found: dict[str, None] = {}
        page, seen = uri, {uri}
        body = self._expanded(uri)
        expanded = body is not None
        try:
            while True:
                body = body or self._page(page)
                known = len(found)
                for member in _members(body, page):
                    self._add(member, found, expanded)
                if len(found) > cfg.CONF.redfish.max_members:
                    raise _unreadable(f'{uri} has too many members')
                following = _next_page(body, page)
                if following is None or following in seen:
                    break
                if len(found) == known:
                    raise _unreadable(
                        f'{page} has a next page, but nothing new on it'
                    )
                seen.add(following)
                page, body = following, None
        except exception.MalformedResponse as exc:
            self.failed[uri.rstrip('/') + '/'] = str(exc)
        return list(found)

    def _expanded(self, uri: str) -> JsonObject | None:
        """A collection with its members, where the service supports that."""
        if not self._expand:
            return None
        try:
            body = self._client.read(
                f'{uri}?$expand=.($levels=1)', self._deadline
            )
            _members(body, uri)
            return body
        except exception.PodManagerError as exc:
            # It is advertised, but does not work.
            LOG.info('No $expand on %s: %s', uri, exc)
            self._expand = False
            return None

    def _page(self, uri: str) -> JsonObject:
        """A page of a collection.

        :raises MalformedResponse: when it cannot be read.
        """
        if uri not in self._read and uri not in self.failed:
            self._fetch(uri)
        if uri in self.failed:
            raise _unreadable(self.failed[uri])
        return self._read[uri]

    def _add(
        self, member: object, found: dict[str, None], expanded: bool
    ) -> None:
        uri = link(member)
        if uri is None:
            return
        found[uri] = None
        if expanded and isinstance(member, dict) and _is_complete(member):
            self._read.setdefault(uri, member)


def _unreadable(reason: str) -> exception.MalformedResponse:
    return exception.MalformedResponse(reason=reason)


def _is_complete(member: JsonObject) -> bool:
    """Whether a member of an expanded collection has all its properties.

    Some services ignore ``$expand``, or show the identity only.
    """
    return '@odata.type' in member and any(
        name not in _IDENTITY and not name.startswith('@') for name in member
    )


def _members(body: JsonObject, page: str) -> list[object]:
    """The members on a page; a count alone lists none.

    :raises MalformedResponse: when it is no page of a collection.
    """
    members = body.get('Members')
    if isinstance(members, list):
        return members
    if 'Members@odata.count' not in body:
        raise _unreadable(f'{page} has no members')
    return []


def _next_page(body: JsonObject, page: str) -> str | None:
    """The URI of the next page, which may be relative to this one."""
    following = body.get('Members@odata.nextLink')
    if isinstance(following, dict):
        following = following.get('@odata.id')
    if not isinstance(following, str) or not following:
        return None
    try:
        return link(urllib.parse.urljoin(page, following))
    except ValueError:
        return None
