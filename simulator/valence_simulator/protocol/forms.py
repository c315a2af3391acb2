# SPDX-License-Identifier: Apache-2.0
"""The external form of documents, headers and paths.

Resources are rendered in one form. Options then change it for the client, so
that no other module has to consider them.
"""

from __future__ import annotations

import argparse
import re

from aiohttp import web

from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Tree

NEXT = 'Members@odata.nextLink'
#: Forms of an ETag.
_ETAGS = {
    'right': lambda etag: etag,
    'quoted': lambda etag: f'"{etag}"',
    'suffix': lambda etag: f'{etag[:-1]}-gzip"',
    'bare': lambda etag: etag.removeprefix('W/').strip('"'),
}
#: The default prefix of the form ``prefix``.
PREFIX = '/pod'


class Forms:
    """The view of a tree that the options specify.

    :param tree: the resources in their internal form.
    """

    def __init__(self, tree: Tree, options: argparse.Namespace):
        self._tree = tree
        self._options = options
        tree.view = self.show
        #: Scheme, host and port of the last request.
        self._origin = ''

    # Requests

    def resolve(self, request: web.BaseRequest) -> str:
        """Return the internal path of a request."""
        self._origin = str(request.url.origin())
        path = request.path
        if self._prefix and path.startswith(f'{self._prefix}/'):
            path = path.removeprefix(self._prefix)
        elif self._options.prefix:
            return ''  # The proxy passes on what lies below its prefix only.
        return self._target_of(path)

    def _target_of(self, path: str) -> str:
        """Return the path of an action with another target."""
        how = self._options.targets
        outside = re.fullmatch(rf'{ROOT}/Actions/(.+)/([^/]+)', path)
        if how == 'outside' and outside is not None:
            return f'{ROOT}/{outside[1]}/Actions/{outside[2]}'
        if how == 'misspelt':
            head, slash, rest = path.removeprefix(f'{ROOT}/').partition('/')
            for uri in self._tree.collections():
                name = uri.removeprefix(f'{ROOT}/')
                if head == _misspelt(name):
                    return f'{ROOT}/{name}{slash}{rest}'
        return path

    @property
    def _prefix(self) -> str:
        options = self._options
        spelt = (options.location, options.member_links, options.origins)
        prefixed = 'prefix' in spelt
        return options.prefix.rstrip('/') or (PREFIX if prefixed else '')

    # Responses

    def send(self, response: web.StreamResponse) -> None:
        """Convert the headers of a response."""
        headers = response.headers
        uri, etag = headers.get('Location'), headers.get('ETag')
        if uri is not None and uri.startswith('/'):
            headers['Location'] = self.spell(uri, self._options.location)
        if etag is None:
            return
        form = self._options.etag_header
        if form == 'missing':
            del headers['ETag']
        else:
            headers['ETag'] = _ETAGS[form](etag)

    def spell(self, uri: str, how: str) -> str:
        """Return a URI in one of the notations."""
        if how == 'slash':
            return f'{uri}/'
        if how == 'absolute':
            return f'{self._origin}{uri}'
        if how == 'prefix':
            return f'{self._prefix}{uri}'
        if how == 'encoded':
            head, _, last = uri.rpartition('/')
            return f'{head}/{_encoded(last)}'
        return uri

    @property
    def plain(self) -> bool:
        """Return whether documents are sent unchanged."""
        options = self._options
        return (
            options.member_links,
            options.targets,
            options.members,
            options.next_link,
            options.etag_body,
        ) == ('plain', 'own', 'array', 'plain', 'right')

    def show(self, document: object) -> object:
        """Return the external form of a document."""
        if self.plain:
            return document
        return self._shown(document)

    def _shown(self, value: object) -> object:
        if isinstance(value, list):
            return [self._shown(item) for item in value]
        if not isinstance(value, dict):
            return value
        shown = {key: self._shown(item) for key, item in value.items()}
        if '@odata.etag' in shown:
            self._show_etag(shown)
        if isinstance(shown.get('Members'), list):
            shown['Members'] = list(map(self._member, shown['Members']))
            shown = self._collection(shown)
        if isinstance(shown.get('Actions'), dict) and '@odata.id' in shown:
            shown['Actions'] = self._actions(
                shown['@odata.id'], shown['Actions']
            )
        return shown

    def _show_etag(self, shown: dict) -> None:
        form = self._options.etag_body
        if form == 'missing':
            del shown['@odata.etag']
        else:
            shown['@odata.etag'] = _ETAGS[form](shown['@odata.etag'])

    def _collection(self, shown: dict) -> dict:
        """Return a collection with other forms of members and next page."""
        link = shown.pop(NEXT, None)
        if link is not None:
            name, value = self._next_link(link)
            shown[name] = value
        members = shown['Members']
        if self._options.members == 'object' and len(members) == 1:
            shown['Members'] = members[0]
        if self._options.members == 'links':
            below = {k: v for k, v in shown.items() if 'Members' in k}
            shown = {k: v for k, v in shown.items() if k not in below}
            shown['Links'] = below
        return shown

    def _next_link(self, link: str) -> tuple[str, object]:
        how = self._options.next_link
        if how == 'absolute':
            return NEXT, f'{self._origin}{link}'
        if how == 'relative':
            return NEXT, f'?{link.partition("?")[2]}'
        if how == 'object':
            return NEXT, {'@odata.id': link}
        return ('@odata.nextLink' if how == 'unprefixed' else NEXT), link

    def _member(self, member: object) -> object:
        how = self._options.member_links
        if isinstance(member, dict) and set(member) == {'@odata.id'}:
            return {'@odata.id': self.spell(member['@odata.id'], how)}
        return member

    def _actions(self, uri: str, actions: dict) -> dict:
        return {
            name: {**action, 'target': self._target(uri, action['target'])}
            if 'target' in action
            else action
            for name, action in actions.items()
        }

    def _target(self, uri: str, target: str) -> str:
        how = self._options.targets
        if how == 'absolute':
            return f'{self._origin}{target}'
        if how == 'misspelt':
            head, slash, rest = target.removeprefix(f'{ROOT}/').partition('/')
            return f'{ROOT}/{_misspelt(head)}{slash}{rest}'
        if how == 'outside':
            below, _, action = target.removeprefix(f'{ROOT}/').partition(
                '/Actions/'
            )
            return f'{ROOT}/Actions/{below}/{action}'
        if how == 'foreign':
            return target.replace(uri, self._sibling(uri), 1)
        return target

    def _sibling(self, uri: str) -> str:
        """Return the next member of the collection of a resource."""
        collection = self._tree.get(uri.rpartition('/')[0])
        if collection is None or collection.render is None:
            return uri
        members = [
            member['@odata.id']
            for member in collection.document.get('Members', ())
        ]
        if uri not in members:
            return uri
        return members[(members.index(uri) + 1) % len(members)]


def _encoded(text: str) -> str:
    """Percent-encode characters that do not need it."""
    return re.sub(r'[-\d]', lambda found: f'%{ord(found[0]):02X}', text)


def _misspelt(name: str) -> str:
    """Remove a letter of a name, as in one of DMTF's mockups."""
    return name[:-2] + name[-1:]
