# SPDX-License-Identifier: Apache-2.0
"""How documents and headers leave the service, and what paths come in.

Resources are rendered in one way; what services make of it before it goes
out is put on top, so that nothing else has to know of it.
"""

from __future__ import annotations

import argparse
import re

from aiohttp import web

from valence_simulator.protocol.resources import ROOT
from valence_simulator.protocol.resources import Tree

NEXT = 'Members@odata.nextLink'
#: What is made of an ETag.
_ETAGS = {
    'right': lambda etag: etag,
    'quoted': lambda etag: f'"{etag}"',
    'suffix': lambda etag: f'{etag[:-1]}-gzip"',
    'bare': lambda etag: etag.removeprefix('W/').strip('"'),
}
#: The prefix of ``prefix`` where none is given.
PREFIX = '/pod'


class Forms:
    """The view of a tree that the options ask for.

    :param tree: the resources, as they are.
    """

    def __init__(self, tree: Tree, options: argparse.Namespace):
        self._tree = tree
        self._options = options
        tree.view = self.show
        #: Scheme, host and port by which the service was last asked.
        self._origin = ''

    # What comes in

    def resolve(self, request: web.BaseRequest) -> str:
        """The path of a request as the tree has it."""
        self._origin = str(request.url.origin())
        path = request.path
        if self._prefix and path.startswith(f'{self._prefix}/'):
            path = path.removeprefix(self._prefix)
        elif self._options.prefix:
            return ''  # The proxy passes on what lies below its prefix only.
        return self._target_of(path)

    def _target_of(self, path: str) -> str:
        """Where an action is whose target is not below its resource."""
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
        wanted = 'prefix' in (options.location, options.member_links)
        return options.prefix.rstrip('/') or (PREFIX if wanted else '')

    # What goes out

    def send(self, response: web.StreamResponse) -> None:
        """Put the headers of an answer into their form."""
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
        """A URI in one of the ways to write it."""
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
        """Whether documents go out as they are."""
        options = self._options
        return (
            options.member_links,
            options.targets,
            options.members,
            options.next_link,
            options.etag_body,
        ) == ('plain', 'own', 'array', 'plain', 'right')

    def show(self, document: object) -> object:
        """A document, with all that is in it, as it goes out."""
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
        """A collection, with its members and its next page told otherwise."""
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
        """The next member of the collection that a resource lies in."""
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
    """A text with what need not be percent-encoded so encoded."""
    return re.sub(r'[-\d]', lambda found: f'%{ord(found[0]):02X}', text)


def _misspelt(name: str) -> str:
    """A name with a letter too few, as DMTF's mock-ups have one."""
    return name[:-2] + name[-1:]
