# SPDX-License-Identifier: Apache-2.0
"""Read many Redfish resources at once.

It handles what was seen on real services: members listed twice, wrong counts,
collections without end, links to resources that do not exist.
"""

import concurrent.futures
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import TypeVar

from oslo_log import log

from valence.common import context
from valence.common import exception
from valence.common.types import JsonObject
from valence.podmanagers import trimming
from valence.podmanagers.progress import Deadline
from valence.podmanagers.redfish import pages
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.links import malformed

LOG = log.getLogger(__name__)

T = TypeVar('T')

# After so many requests in a row without a response the service is given up.
_MAX_FAILURES = 64
# How many requests wait for a thread. Each takes a kilobyte until it is sent,
# and a collection may list a hundred thousand members.
_AT_ONCE = 1024
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
        what is below it.
    :ivar gone: the URIs of what does not exist.
    :ivar doubts: what else is not understood, by URI.
    :ivar malformed: the names of properties with malformed links, by the URI
        of the resource that has them.
    """

    def __init__(
        self, client: Client, deadline: Deadline, expand: bool = False
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._expand = expand
        self._pool = concurrent.futures.ThreadPoolExecutor(
            client.throttle.maximum, thread_name_prefix='crawler'
        )
        self._read: dict[str, JsonObject] = {}
        self._listed: dict[str, list[str]] = {}
        self.failed: dict[str, str] = {}
        self.gone: set[str] = set()
        self.doubts: dict[str, str] = {}
        self.malformed: dict[str, set[str]] = {}
        # Collections, with a slash, of which all valid members are known.
        self._nearly: set[str] = set()
        self._failures = 0
        self._last_failure = ''
        self._rejected: exception.AuthenticationFailed | None = None
        self._stopped: str | None = None

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
        requested = [uri for uri in dict.fromkeys(uris) if self._fits(uri)]
        missing = [
            uri
            for uri in requested
            if uri not in self._read and uri not in self.failed
        ]
        for _ in self._map(context.carried(self._fetch), missing):
            self._check()
        return {uri: self._read[uri] for uri in requested if uri in self._read}

    def try_many(
        self, uris: Iterable[str], seconds: float
    ) -> dict[str, JsonObject]:
        """Resources that can be done without: no failure is recorded.

        :param seconds: how long they are waited for at most.
        """
        requested = list(uris)
        if not requested:
            return {}
        deadline = self._deadline.at_most(seconds)
        with Crawler(self._client, deadline) as other:
            try:
                return other.get_many(requested)
            except exception.PodManagerUnavailable as exc:
                LOG.info('Not all of %s can be read: %s', requested[0], exc)
            return dict(other._read)

    def get(self, uri: str) -> JsonObject:
        """A single resource; an empty one if it cannot be read."""
        return self.get_many([uri]).get(uri, {})

    def get_members(self, collections: Iterable[str]) -> dict[str, list[str]]:
        """Read the members of collections; their URIs by collection."""
        found = self.members_of(collections)
        self.get_many(uri for members in found.values() for uri in members)
        return found

    def _map(
        self, function: Callable[[str], T], uris: list[str]
    ) -> Iterator[T]:
        """The results of a function that the pool calls."""
        for begin in range(0, len(uris), _AT_ONCE):
            some = uris[begin : begin + _AT_ONCE]
            yield from self._pool.map(function, some)

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
        body = self._request(uri)
        if body is not None and _describes(body):
            self._store(uri, body)
        elif body is not None:
            self.failed[uri] = f'{uri} describes nothing'

    def _request(self, uri: str) -> JsonObject | None:
        """A response; None where there is none, which is recorded."""
        self._check()
        try:
            body = self._client.read(uri, self._deadline)
            self._failures = 0
            return body
        except exception.PodManagerError as exc:
            self.failed[uri] = str(exc)
            if isinstance(exc, exception.ResourceGone):
                self.gone.add(uri)
            elif isinstance(exc, exception.AuthenticationFailed):
                self._rejected = exc
            elif isinstance(exc, exception.BudgetSpent):
                self._stopped = str(exc)
            # A malformed response is a response nevertheless.
            elif isinstance(
                exc, exception.PodManagerUnavailable
            ) and not isinstance(exc, exception.MalformedResponse):
                self._failures += 1
                self._last_failure = str(exc)
        return None

    def _store(self, uri: str, body: JsonObject) -> None:
        """Store a resource, bounded, and record its malformed links."""
        body = trimming.trim(body)
        self._read.setdefault(uri, body)
        if trimming.omitted(body):
            names = ', '.join(sorted(trimming.omitted(body)))
            self.doubts[uri] = f'too large, not kept: {names[:255]}'
        found = malformed(body)
        if found:
            self.malformed[uri] = found

    @property
    def unread(self) -> set[str]:
        """The URIs of what could not be read, or may be behind bad links."""
        return {*self.failed, *(f'{uri}/' for uri in self.malformed)}

    def roots(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of the top-level collections.

        :raises AuthenticationFailed: when the credentials are not accepted
            for any: that must not look like a pod without hardware.
        """
        requested = list(uris)
        found = self.members_of(requested)
        if self._rejected is not None and self.failed.keys() >= set(requested):
            raise self._rejected
        return found

    @property
    def problems(self) -> list[str]:
        """What could not be read, for people; each collection once.

        First comes why the reading was stopped, which holds for many.
        """
        bad = {
            uri: f'a malformed link in {", ".join(sorted(names))}'
            for uri, names in self.malformed.items()
        }
        found = [
            f'{uri}: {reason}'
            for uri, reason in sorted(
                (bad | self.doubts | self.failed).items()
            )
            if not (uri.endswith('/') and uri[:-1] in self.failed)
            if reason != self._stopped
        ]
        return [self._stopped, *found] if self._stopped else found

    def lacks(self, uris: Iterable[str]) -> bool:
        """Whether some of these, or of their members, could not be read.

        What does not exist is not lacking: broken links are common.
        """
        return any(
            uri in self.failed or uri.rstrip('/') + '/' in self.failed
            for uri in uris
            if uri not in self.gone
        )

    def require_all(self, *collections: str) -> None:
        """Refuse to go on with an incomplete list of nodes or systems.

        A node that was not read would be taken for absent and composed again.
        A member without a valid link costs itself only.

        :raises PodManagerUnavailable: when something that exists, or one of
            these collections, could not be read.
        """
        for uri, reason in self.failed.items():
            if uri in self._nearly:
                continue
            uri = uri.rstrip('/')
            if uri not in self.gone or uri in collections:
                raise exception.PodManagerUnavailable(reason=reason)

    def members_of(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of several collections, by the collection's URI."""
        requested = list(dict.fromkeys(uris))
        found = list(self._map(self.members, requested))
        return dict(zip(requested, found, strict=True))

    def members(self, uri: str) -> list[str]:
        """The URIs of a collection's members, of all its pages.

        A collection of which not all members are known is recorded in
        ``failed``.
        """
        # Pages may be large: only what they list is kept.
        if uri not in self._listed:
            self._listed[uri] = self._list(uri)
        return self._listed[uri]

    def _list(self, uri: str) -> list[str]:
        listing = pages.Listing(uri)
        body = self._expanded(uri)
        expanded = body is not None
        page: str | None = uri
        while page is not None:
            try:
                found = pages.parse(body or self._page(page), page)
            except exception.MalformedResponse as exc:
                listing.fail(page, str(exc))
                if page == listing.guessed:
                    # It need not exist.
                    self.failed.pop(page, None)
                break
            page, body = listing.add(page, found), None
        place = uri.rstrip('/') + '/'
        if listing.problem or listing.malformed:
            self.failed[place] = listing.problem or str(listing.malformed)
        if listing.problem is None:
            self._nearly.add(place)
        for member, content in listing.members.items():
            if (
                expanded
                and isinstance(content, dict)
                and _is_complete(content)
            ):
                self._store(member, content)
        return list(listing.members)

    def _expanded(self, uri: str) -> JsonObject | None:
        """A collection with its members, where the service supports that."""
        if not self._expand:
            return None
        try:
            body = self._client.read(
                f'{uri}?$expand=.($levels=1)', self._deadline
            )
            pages.parse(body, uri)
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
        body = None if uri in self.failed else self._request(uri)
        if body is None:
            raise pages.unreadable(self.failed[uri])
        return body


def _describes(body: JsonObject) -> bool:
    """Whether a resource has properties other than a list of members.

    The names of all properties of Redfish begin with a capital.
    """
    return any(
        (name[:1].isupper() and not name.startswith('Members'))
        or name.startswith('@Redfish.')
        for name in body
    )


def _is_complete(member: JsonObject) -> bool:
    """Whether a member of an expanded collection has all its properties.

    Some services ignore ``$expand``, or show the identity only.
    """
    return '@odata.type' in member and any(
        name not in _IDENTITY and not name.startswith('@') for name in member
    )
