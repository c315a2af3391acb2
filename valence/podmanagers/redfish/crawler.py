# SPDX-License-Identifier: Apache-2.0
"""Reading many Redfish resources at once.

What it is careful about was seen on real services: members listed twice,
counts that lie, collections that never end, links that lead nowhere.
"""

import concurrent.futures
import urllib.parse
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.podmanagers import base
from valence.podmanagers.redfish.client import Client
from valence.podmanagers.redfish.client import link

LOG = log.getLogger(__name__)

# So many requests in a row without an answer, and the service is gone.
_GIVE_UP_AFTER = 64

# The longest URI of hardware that is read.
_LONGEST = 2048
# What tells a resource from others, and nothing else of it.
_IDENTITY = frozenset(('Id', 'MemberId', 'Name', 'Description'))


class Crawler:
    """Reads resources in parallel, each at most once.

    What cannot be read is remembered in ``failed`` and spoils nothing else;
    but a service that answers nothing any more is given up.
    """

    def __init__(
        self, client: Client, deadline: base.Deadline, expand: bool
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._expand = expand
        self._pool = concurrent.futures.ThreadPoolExecutor(
            cfg.CONF.redfish.parallel, thread_name_prefix='crawler'
        )
        self._read: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, str] = {}
        self.gone: set[str] = set()
        self._unanswered = 0
        self._last = ''
        self._refused: exception.AuthenticationFailed | None = None

    def __enter__(self) -> 'Crawler':
        self._client.throttle.begin()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.throttle.end()

    def get_many(self, uris: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The resources that can be read, by URI.

        :raises PodManagerUnavailable: when the service answers no more.
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

    def _fits(self, uri: str) -> bool:
        """Whether a URI can be kept; one that cannot is told, cut short."""
        if len(uri) <= _LONGEST:
            return True
        self.failed[f'{uri[:255]}…'] = (
            f'its URI is longer than {_LONGEST} characters'
        )
        return False

    def _check(self) -> None:
        """Give up a service that answers nothing any more."""
        if self._unanswered > _GIVE_UP_AFTER:
            raise exception.PodManagerUnavailable(
                reason=f'it stopped answering: {self._last}'
            )

    def _fetch(self, uri: str) -> None:
        self._check()
        try:
            self._read[uri] = self._client.read(uri, self._deadline)
            self._unanswered = 0
        except exception.PodManagerUnavailable as exc:
            # An answer that makes no sense is an answer nevertheless.
            if not isinstance(exc, exception.MalformedAnswer):
                self._unanswered += 1
                self._last = str(exc)
            self.failed[uri] = str(exc)
        except exception.ResourceGone as exc:
            self.gone.add(uri)
            self.failed[uri] = str(exc)
        except exception.PodManagerError as exc:
            if isinstance(exc, exception.AuthenticationFailed):
                self._refused = exc
            self.failed[uri] = str(exc)

    def roots(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of the collections that everything else lies below.

        :raises AuthenticationFailed: when they are not for us to read: a
            login that is not taken is not an empty pod.
        """
        found = self.members_of(uris)
        if self._refused is not None:
            raise self._refused
        for uri, members in found.items():
            self._note_ending(uri, members)
        return found

    @property
    def problems(self) -> list[str]:
        """What could not be read, in words; of a collection once."""
        return [
            f'{uri}: {reason}'
            for uri, reason in sorted(self.failed.items())
            if not (uri.endswith('/') and uri[:-1] in self.failed)
        ]

    def lacks(self, uris: Iterable[str]) -> bool:
        """Whether some of these, or of their members, could not be read.

        What is not there is not lacking: links that lead nowhere are many.
        """
        return any(
            uri in self.failed or uri.rstrip('/') + '/' in self.failed
            for uri in uris
            if uri not in self.gone
        )

    def members_of(self, uris: Iterable[str]) -> dict[str, list[str]]:
        """The members of several collections, by the collection's URI."""
        wanted = list(dict.fromkeys(uris))
        found = list(self._pool.map(self.members, wanted))
        return dict(zip(wanted, found, strict=True))

    def members(self, uri: str) -> list[str]:
        """The URIs of a collection's members: counted, not believed.

        A collection that cannot be read is noted with a slash behind its
        URI: nothing is known of what lies below it.
        """
        found: dict[str, None] = {}
        page, seen = uri, {uri}
        body = self._expanded(uri)
        whole = body is not None
        try:
            while True:
                body = body or self._page(page)
                known = len(found)
                for member in _members(body, page):
                    self._keep(member, found, whole)
                if len(found) > cfg.CONF.redfish.max_members:
                    raise _unreadable(f'{uri} has too many members')
                following = _following(body, page)
                if following is None or following in seen:
                    break
                if len(found) == known:
                    raise _unreadable(f'{page} leads on, to nothing new')
                seen.add(following)
                page, body = following, None
        except exception.MalformedAnswer as exc:
            self.failed[uri.rstrip('/') + '/'] = str(exc)
        return list(found)

    def ending(self, uri: str) -> str:
        """What the members of a collection have at the end of their URIs.

        Those that others name, as events do, may have a slash there or not.
        """
        if uri not in self._client.endings:
            self._note_ending(uri, self.members(uri))
        return self._client.endings.get(uri, '')

    def _note_ending(self, uri: str, members: list[str]) -> None:
        if members:
            slash = any(member.endswith('/') for member in members)
            self._client.endings[uri] = '/' if slash else ''

    def _expanded(self, uri: str) -> dict[str, Any] | None:
        """A collection with its members, where that is to be had."""
        if not self._expand:
            return None
        try:
            body = self._client.read(
                f'{uri}?$expand=.($levels=1)', self._deadline
            )
            _members(body, uri)
            return body
        except exception.PodManagerError as exc:
            # It was promised, but does not work: never ask again.
            LOG.info('No $expand on %s: %s', uri, exc)
            self._expand = False
            return None

    def _page(self, uri: str) -> dict[str, Any]:
        """A page of a collection.

        :raises MalformedAnswer: when it cannot be read, or is none.
        """
        if uri not in self._read and uri not in self.failed:
            self._fetch(uri)
        if uri in self.failed:
            raise _unreadable(self.failed[uri])
        return self._read[uri]

    def _keep(
        self, member: Any, found: dict[str, None], expanded: bool
    ) -> None:
        uri = link(member)
        if uri is None:
            return
        found[uri] = None
        if expanded and _is_whole(member):
            self._read.setdefault(uri, member)


def _unreadable(reason: str) -> exception.MalformedAnswer:
    return exception.MalformedAnswer(reason=reason)


def _is_whole(member: Any) -> bool:
    """Whether a member that came with its collection is all of itself.

    Some services ignore what they are asked for, or tell but what it is.
    """
    return (
        isinstance(member, dict)
        and '@odata.type' in member
        and any(
            name not in _IDENTITY and not name.startswith('@')
            for name in member
        )
    )


def _members(body: dict[str, Any], page: str) -> list[Any]:
    """What a page lists; a count alone tells of nothing.

    :raises MalformedAnswer: when it is no page of a collection.
    """
    members = body.get('Members')
    if isinstance(members, list):
        return members
    if 'Members@odata.count' not in body:
        raise _unreadable(f'{page} has no members')
    return []


def _following(body: dict[str, Any], page: str) -> str | None:
    """The URI of the next page, which may be told as seen from this one."""
    following = link(body.get('Members@odata.nextLink'))
    return urllib.parse.urljoin(page, following) if following else None
