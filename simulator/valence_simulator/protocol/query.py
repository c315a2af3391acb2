# SPDX-License-Identifier: Apache-2.0
"""Query parameters (DSP0266): $expand, $select, $top, $skip and only."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from valence_simulator.protocol import errors
from valence_simulator.protocol.resources import Tree

#: The maximum depth of $expand.
MAX_LEVELS = 3
_EXPAND = re.compile(r'([*.~])(?:\(\$levels=(\d+)\))?')


@dataclasses.dataclass
class Features:
    """The query parameters that a service supports.

    :param page_size: the number of members per page; 0 for all.
    :param strict: whether to return 501 for unsupported parameters instead of
        ignoring them.
    """

    expand: bool = True
    select: bool = False
    top_skip: bool = False
    only: bool = False
    page_size: int = 0
    strict: bool = False

    def document(self) -> dict:
        """Return ProtocolFeaturesSupported of the service root."""
        return {
            'ExpandQuery': {
                'ExpandAll': self.expand,
                'Levels': self.expand,
                'Links': self.expand,
                'NoLinks': self.expand,
                **({'MaxLevels': MAX_LEVELS} if self.expand else {}),
            },
            'FilterQuery': False,
            'SelectQuery': self.select,
            **({'OnlyMemberQuery': True} if self.only else {}),
            **({'TopSkipQuery': True} if self.top_skip else {}),
        }


class Query:
    """Applies query parameters to documents of a tree."""

    def __init__(self, tree: Tree, features: Features):
        self._tree = tree
        self.features = features

    def apply(self, uri: str, query: Mapping[str, str]) -> dict:
        """Return the document of a URI for a query.

        :raises RedfishError: if a parameter is unknown or invalid.
        """
        parameters = {key: query[key] for key in query if self._offered(key)}
        if parameters.get('only'):
            raise errors.query_value('only', parameters['only'])
        document = dict(self._tree[uri].document)
        if 'only' in parameters and len(document.get('Members', ())) == 1:
            document = dict(
                self._tree[document['Members'][0]['@odata.id']].document
            )
        if 'Members' in document:
            self._page(uri, document, parameters)
        if '$expand' in parameters:
            document = self._expand(document, parameters['$expand'])
        if '$select' in parameters:
            document = _select(document, parameters['$select'].split(','))
        return document

    def _offered(self, name: str) -> bool:
        features = self.features
        offered = {
            '$expand': features.expand,
            '$select': features.select,
            '$top': features.top_skip,
            '$skip': features.top_skip or features.page_size > 0,
            'only': features.only,
        }
        if offered.get(name):
            return True
        if name.startswith('$') and (features.strict or name not in KNOWN):
            raise errors.query_not_supported(name)
        if name == 'only' and features.strict:
            raise errors.query_not_supported(name)
        return False

    def _page(self, uri: str, document: dict, parameters: dict) -> None:
        skip = _number(parameters, '$skip', 0)
        members = document['Members'][skip:]
        top = _number(parameters, '$top', len(members))
        size = min(top, self.features.page_size or top)
        document['Members'] = members[:size]
        if size < len(members) and size < top:
            follow = {**parameters, '$skip': skip + size}
            if '$top' in parameters:
                follow['$top'] = top - size
            document['Members@odata.nextLink'] = (
                f'{uri}?{urlencode(follow, safe="$*()=.~,")}'
            )

    def _expand(self, document: dict, value: str) -> dict:
        match = _EXPAND.fullmatch(value)
        if match is None:
            raise errors.query_value('$expand', value)
        levels = int(match[2] or 1)
        if not 1 <= levels <= MAX_LEVELS:
            raise RedfishLevels(levels)
        return self._inline(document, match[1], levels)

    def _inline(self, document: dict, kind: str, levels: int) -> dict:
        """Return a copy in which links are replaced by their targets.

        `.` follows links outside of Links, `~` those in Links, `*` all.
        """
        expanded = {}
        for key, value in document.items():
            in_links = key == 'Links'
            if kind == '*' or (kind == '~') == in_links:
                value = self._replace(value, kind, levels, in_links)
            expanded[key] = value
        return expanded

    def _replace(
        self, value: object, kind: str, levels: int, deep: bool
    ) -> object:
        if isinstance(value, list):
            return [self._replace(v, kind, levels, deep) for v in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and '@odata.id' in value:
            target = self._tree.get(value['@odata.id'])
            if target is None or target.render is None:
                return value
            if levels == 1:
                return target.document
            return self._inline(target.document, kind, levels - 1)
        return {
            k: self._replace(v, kind, levels, deep) for k, v in value.items()
        }


#: Parameters of the specification that a lenient service ignores.
KNOWN = frozenset(('$expand', '$select', '$top', '$skip', '$filter'))


class RedfishLevels(errors.RedfishError):
    """Return the error for an invalid $levels."""

    def __init__(self, levels: int):
        super().__init__(
            400,
            'Base.1.5.QueryParameterOutOfRange',
            f'The value {levels} of $levels is not in 1 to {MAX_LEVELS}.',
            (levels, '$levels', f'1-{MAX_LEVELS}'),
        )


def _number(parameters: dict, name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise errors.query_value(name, text)
    return int(text)


def _select(document: dict, names: list[str]) -> dict:
    """Return only the given properties and the annotations."""
    selected = {name.split('/')[0] for name in names}
    return {
        key: value
        for key, value in document.items()
        if key in selected or key.startswith('@') or key == 'Members'
    }
