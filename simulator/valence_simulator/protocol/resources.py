# SPDX-License-Identifier: Apache-2.0
"""The tree of resources: documents and handlers by URI.

A resource is rendered on the first GET and cached as bytes until it is marked
as changed, so that a GET is a dictionary lookup.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable

from aiohttp import web

from valence_simulator import faults

ROOT = '/redfish/v1'

Render = Callable[[], dict]
View = Callable[[object], object]
When = Callable[[], bool]


@dataclasses.dataclass
class Call:
    """A changing request, for its handler."""

    request: web.BaseRequest
    resource: Resource
    body: dict
    username: str | None = None

    @property
    def failure(self) -> str | None:
        """Return the reason why the work has to fail, if it has to."""
        return self.request.get(faults.FAIL_TASK)

    @property
    def ignored(self) -> bool:
        """Return whether to report success without doing anything."""
        return faults.IGNORE in self.request

    @property
    def instead(self) -> str | None:
        """Return the URI to report instead of the created one."""
        return self.request.get(faults.STRANGER)


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


class Resource:
    """The resource at one URI.

    :param render: returns the document; None without GET.
    :param handlers: coroutines by method.
    :param public: whether it can be read without a login.
    :param etag_of: returns the ETag of a document; None without ETag.
    :param view: converts the document to its external form.
    :param when: returns whether it exists; None if it always does.
    """

    __slots__ = (
        'uri',
        'render',
        'handlers',
        'public',
        'overlay',
        'content_type',
        'etag_of',
        'view',
        'when',
        '_document',
        '_body',
        '_headers',
    )

    def __init__(
        self,
        uri: str,
        render: Render | None,
        handlers: dict[str, Handler],
        public: bool = False,
        etag_of: Callable[[dict], str] | None = None,
        view: View | None = None,
        when: When | None = None,
    ):
        self.uri = uri
        self.view = view
        self.when = when
        self.render = render
        self.handlers = handlers
        self.public = public
        self.etag_of = etag_of
        #: Properties of the control endpoint that override the rendered ones.
        self.overlay: dict = {}
        self.content_type = 'application/json'
        self.changed()

    def changed(self) -> None:
        """Discard the cached document."""
        self._document: dict | None = None
        self._body: bytes | None = None
        self._headers: dict[str, str] | None = None

    @property
    def allow(self) -> str:
        """Return the value of the Allow header."""
        reads = ['GET', 'HEAD'] if self.render else []
        writes = [method for method in self.handlers if method != 'GET']
        return ', '.join(reads + writes)

    @property
    def document(self) -> dict:
        """Return the document. The caller must not change it."""
        if self._document is None:
            document = self.render()
            if self.overlay:
                document = faults.merge(document, self.overlay)
            if self.etag_of is not None:
                document['@odata.etag'] = self.etag_of(document)
            self._document = document
        return self._document

    @property
    def body(self) -> bytes:
        if self.view is not None:
            shown = self.view(self.document)
            if shown is not self.document:
                return json.dumps(shown).encode()
        if self._body is None:
            self._body = json.dumps(self.document).encode()
        return self._body

    @property
    def etag(self) -> str | None:
        return self.document.get('@odata.etag') if self.etags else None

    @property
    def etags(self) -> bool:
        """Return whether it has an ETag."""
        return self.etag_of is not None

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a GET."""
        if self._headers is None:
            kind = self.document.get('@odata.type', '').lstrip('#')
            self._headers = {
                'OData-Version': '4.0',
                'Cache-Control': 'no-cache',
                'Allow': self.allow,
                'Link': described_by(kind),
            }
            if self.etags:
                self._headers['ETag'] = self.etag
        return self._headers


class Tree:
    """All resources of a service."""

    def __init__(self, etags: bool = False) -> None:
        self._resources: dict[str, Resource] = {}
        self._etags = etags
        #: Whether equal ETags mean identical bodies.
        self.strong = False
        #: Converts every document to its external form.
        self.view: View | None = None

    def add(
        self,
        uri: str,
        render: Render | None = None,
        public: bool = False,
        when: When | None = None,
        **handlers: Handler,
    ) -> Resource:
        """Add a resource at a URI; handlers by lowercase method."""
        resource = Resource(
            uri,
            render,
            {method.upper(): h for method, h in handlers.items()},
            public,
            self._etag_of
            if self._etags and render is not None and uri != '/redfish'
            else None,
            self._show,
            when,
        )
        self._resources[uri] = resource
        return resource

    def add_collection(
        self,
        uri: str,
        kind: str,
        name: str,
        members: Callable[[], Iterable[str]],
        when: When | None = None,
        **handlers: Handler,
    ) -> Resource:
        """Add a collection at a URI; `members` returns its members."""
        return self.add(
            uri,
            lambda: collection(uri, kind, name, members()),
            when=when,
            **handlers,
        )

    def _etag_of(self, document: dict) -> str:
        etag = etag_of(document)
        return etag.removeprefix('W/') if self.strong else etag

    def _show(self, document: object) -> object:
        return document if self.view is None else self.view(document)

    def collections(self) -> list[str]:
        """Return the URIs directly below the root."""
        return [uri for uri in self._resources if _depth(uri) == 1]

    def get(self, uri: str) -> Resource | None:
        """What is at a URI, if anything is now."""
        resource = self._resources.get(uri)
        if resource is None or resource.when is None or resource.when():
            return resource
        return None

    def __getitem__(self, uri: str) -> Resource:
        return self._resources[uri]

    def __contains__(self, uri: str) -> bool:
        return uri in self._resources

    def below(self, uri: str) -> list[str]:
        """Return the URIs below a URI."""
        return [key for key in self._resources if key.startswith(uri + '/')]

    def remove(self, uri: str) -> None:
        """Remove a resource and everything below it."""
        for key in self.below(uri):
            del self._resources[key]
        self._resources.pop(uri, None)

    def changed(self, *uris: str) -> None:
        """Mark resources as changed."""
        for uri in uris:
            resource = self._resources.get(uri)
            if resource is not None:
                resource.changed()

    def all_changed(self) -> None:
        """Mark all resources as changed."""
        self.changed(*self._resources)

    def __iter__(self) -> Iterable[str]:
        return iter(self._resources)


def _depth(uri: str) -> int:
    return uri.count('/') - ROOT.count('/')


def document(uri: str, kind: str, name: str, **properties: object) -> dict:
    """Return a resource with its annotations.

    :param kind: its type with version: `Chassis.v1_3_0.Chassis`.
    """
    schema = kind.split('.', 1)[0]
    return {
        '@odata.context': f'{ROOT}/$metadata#{schema}.{schema}',
        '@odata.id': uri,
        '@odata.type': f'#{kind}',
        'Id': uri.rsplit('/', 1)[1],
        'Name': name,
        **properties,
    }


def collection(uri: str, kind: str, name: str, members: Iterable[str]) -> dict:
    """Return a collection of links; `kind` has no version."""
    links = [link(member) for member in members]
    return {
        '@odata.context': f'{ROOT}/$metadata#{kind}.{kind}',
        '@odata.id': uri,
        '@odata.type': f'#{kind}.{kind}',
        'Name': name,
        'Members@odata.count': len(links),
        'Members': links,
    }


def link(uri: str) -> dict:
    return {'@odata.id': uri}


def links(uris: Iterable[str]) -> list[dict]:
    return [link(uri) for uri in uris]


def described_by(kind: str) -> str:
    """Return the Link header of a resource of a type (DSP0266)."""
    if kind.count('.') > 1:
        kind = kind.rsplit('.', 1)[0]
    elif kind:
        kind = kind.split('.', 1)[0]
    site = 'http://redfish.dmtf.org/schemas/v1'
    return f'<{site}/{kind or "redfish-error.v1_0_1"}.json>; rel=describedby'


def etag_of(document: dict) -> str:
    """Return a weak ETag of the content of a document."""
    return f'W/"{zlib.crc32(json.dumps(document).encode()):08X}"'
