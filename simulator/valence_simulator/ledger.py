# SPDX-License-Identifier: Apache-2.0
"""A log of compositions and of requests that change something.

A URI can be used again, so a composition is identified by a number. What the
control endpoint composes belongs to a stranger: no request of a client created
it.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import datetime
import json
import re
from collections.abc import Iterator
from collections.abc import Mapping

#: Methods that do not change anything.
SAFE = frozenset(('GET', 'HEAD', 'OPTIONS', 'TRACE'))
#: The maximum number of logged bytes of a body.
BODY = 1024 * 1024


@dataclasses.dataclass
class Composition:
    """A composition, from its creation to its end.

    :param request: the number of the request that created it; None for a
        stranger.
    :param user: the user of that request.
    :param texts: the texts that clients gave it.
    """

    id: int
    uri: str
    request: int | None
    user: str | None
    texts: dict[str, object]
    made_at: str
    gone_at: str | None = None
    #: The number of the request that ended it; None if it exists, or if a
    #: stranger ended it.
    gone_by: int | None = None

    @property
    def stranger(self) -> bool:
        return self.request is None

    def shown(self) -> dict:
        return {**dataclasses.asdict(self), 'stranger': self.stranger}


@dataclasses.dataclass
class Entry:
    """A request that changes something.

    :param resource: the URI of its composed, or composable, resource.
    :param composition: the number of the composition there at that time.
    :param made: the numbers of the compositions that it created, maybe later.
    :param status: the status of the service; None if it did not get the
        request.
    :param answered: the status that was sent; None if none was.
    """

    id: int
    time: str
    method: str
    path: str
    body: object = None
    #: The header ``X-OpenStack-Request-ID``.
    request_id: str | None = None
    user: str | None = None
    resource: str | None = None
    composition: Composition | None = None
    made: list[int] = dataclasses.field(default_factory=list)
    ended: list[int] = dataclasses.field(default_factory=list)
    status: int | None = None
    answered: int | None = None

    def shown(self) -> dict:
        shown = dict(vars(self))
        if self.composition is not None:
            shown['composition'] = self.composition.shown()
        return shown


#: The current request; delayed work inherits it.
_ENTRY: contextvars.ContextVar[Entry | None] = contextvars.ContextVar(
    'entry', default=None
)


def current() -> Entry | None:
    """Return the changing request that the code works for, if there is one."""
    return _ENTRY.get()


@contextlib.contextmanager
def as_stranger() -> Iterator[None]:
    """Within the context, nothing is attributed to a request."""
    token = _ENTRY.set(None)
    try:
        yield
    finally:
        _ENTRY.reset(token)


class Ledger:
    """All compositions and all changing requests."""

    def __init__(self) -> None:
        self.compositions: list[Composition] = []
        self.entries: list[Entry] = []
        self._alive: dict[str, Composition] = {}
        self._last_entry = 0

    @contextlib.contextmanager
    def serving(self, method: str, path: str) -> Iterator[Entry | None]:
        """Log a request if it changes something."""
        if method in SAFE:
            yield None
            return
        self._last_entry += 1
        entry = Entry(self._last_entry, _now(), method, path)
        self.entries.append(entry)
        token = _ENTRY.set(entry)
        try:
            yield entry
        finally:
            _ENTRY.reset(token)

    def at(self, uri: str | None) -> Composition | None:
        """Return the current composition at a URI."""
        return self._alive.get(uri or '')

    def made(self, uri: str, **texts: object) -> None:
        """Log a new composition; without a request it is a stranger's."""
        if uri in self._alive:
            return
        entry = current()
        made = Composition(
            id=len(self.compositions) + 1,
            uri=uri,
            request=entry.id if entry else None,
            user=entry.user if entry else None,
            texts=texts,
            made_at=_now(),
        )
        self.compositions.append(made)
        self._alive[uri] = made
        if entry is not None:
            entry.made.append(made.id)

    def renamed(self, uri: str, **texts: object) -> None:
        """Log a new text of the composition at a URI."""
        composition = self._alive.get(uri)
        if composition is not None:
            composition.texts = {**composition.texts, **texts}

    def ended(self, uri: str) -> None:
        """Log the end of the composition at a URI."""
        composition = self._alive.pop(uri, None)
        if composition is None:
            return
        composition.gone_at = _now()
        entry = current()
        if entry is not None:
            composition.gone_by = entry.id
            entry.ended.append(composition.id)

    def end_all(self) -> None:
        """End all compositions: the service was replaced."""
        for uri in list(self._alive):
            self.ended(uri)

    def forget(self) -> None:
        """Delete the requests; keep the compositions."""
        self.entries.clear()

    def find_requests(self, query: Mapping[str, str]) -> list[dict]:
        """Return the requests that match a query; see README.

        :raises ValueError, re.error: if a filter is invalid.
        """
        found = list(self.entries)
        for name, value in query.items():
            matches = _REQUESTS.get(name)
            if matches is None:
                raise ValueError(f'no such filter: {name}')
            found = [entry for entry in found if matches(entry, value)]
        return [entry.shown() for entry in found]

    def find_compositions(self, query: Mapping[str, str]) -> list[dict]:
        """Return the compositions that match a query, with their requests.

        :raises ValueError: if a filter is invalid.
        """
        found = list(self.compositions)
        for name, value in query.items():
            matches = _COMPOSITIONS.get(name)
            if matches is None:
                raise ValueError(f'no such filter: {name}')
            found = [item for item in found if matches(item, value)]
        return [
            {
                **item.shown(),
                'requests': [
                    entry.id
                    for entry in self.entries
                    if entry.composition is item
                ],
            }
            for item in found
        ]


def body_of(content: bytes) -> object:
    """Return a body for the log: as JSON if possible, without passwords."""
    if not content:
        return None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return content[:BODY].decode(errors='replace')
    if isinstance(body, dict) and 'Password' in body:
        body['Password'] = '***'  # noqa: S105
    return body


def _flag(value: str) -> bool:
    if value not in ('true', 'false'):
        raise ValueError(f'{value!r} is neither true nor false')
    return value == 'true'


def _called(composition: Composition | None, text: str) -> bool:
    return composition is not None and any(
        text in str(value) for value in composition.texts.values()
    )


_COMPOSITIONS = {
    'alive': lambda item, value: (item.gone_at is None) == _flag(value),
    'stranger': lambda item, value: item.stranger == _flag(value),
    'uri': lambda item, value: item.uri == value,
    'user': lambda item, value: item.user == value,
    'mark': _called,
}
_REQUESTS = {
    'changing': lambda entry, value: _flag(value),
    'since': lambda entry, value: entry.id > int(value),
    'method': lambda entry, value: entry.method == value.upper(),
    'path': lambda entry, value: (
        entry.path.startswith(value) or re.match(value, entry.path)
    ),
    'resource': lambda entry, value: entry.resource == value,
    'composition': lambda entry, value: (
        entry.composition is not None and entry.composition.id == int(value)
    ),
    'user': lambda entry, value: entry.user == value,
    'stranger': lambda entry, value: (
        (entry.composition is not None and entry.composition.stranger)
        == _flag(value)
    ),
    'mark': lambda entry, value: _called(entry.composition, value),
}


def _now() -> str:
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat(timespec='milliseconds')
