# SPDX-License-Identifier: Apache-2.0
"""Filters and sorting of lists: the query of their URL.

A parameter is named as in the API; its value is what the list shows, such as
``?provision_state=Active&pod_manager=east``, or a filter of the API. Texts are
found by a part of them, in upper or lower case.
"""

from urllib import parse

from django import http
from valenceclient import schema
from valenceclient.v1.methods import OPERATOR

from valence_dashboard import api
from valence_dashboard import fields
from valence_dashboard import projects

#: What the form sends: the name of a filter, and its text.
NAME, TEXT = 'filter', 'text'
#: The columns that the list shows; see ``valence_dashboard.columns``.
COLUMNS = 'columns'
#: What sorts.
ORDER = ('sort_key', 'sort_dir')
# Filters by a reference: the collection it is in.
_REFERENCES = {
    'pod_manager': ('podm_uuid', 'pod_managers'),
    'flavor': ('flavor_uuid', 'flavors'),
    'pool': ('pool_uuid', 'pools'),
}
# No more UUIDs fit in one filter of the API.
_MOST = 16
# No resource has it.
_NOBODY = '00000000-0000-0000-0000-000000000000'
_MAX_FIRST = 10**9


class Filters:
    """What the query of a list asks for.

    :param kind: the resource name in the proxy.
    :param collection: the collection name in the proxy.
    :param names: the filters that the list offers.
    :ivar given: the text of each filter, by name.
    :ivar order: ``sort_key`` and ``sort_dir``, if the user chose them.
    """

    def __init__(
        self,
        request: http.HttpRequest,
        kind: str,
        collection: str,
        names: tuple[str, ...],
    ) -> None:
        self._request = request
        self._kind = kind
        self.names = names
        self._known = schema.parameters('get', collection)
        found = {name: self._text(name) for name in names}
        if 'provision_state' in names and not found['provision_state']:
            found['provision_state'] = self._text('state')
        self.given = {name: text for name, text in found.items() if text}
        self.order = self._order()

    def _text(self, name: str) -> str:
        return str(self._request.GET.get(name, '')).strip()

    def _order(self) -> dict[str, str]:
        key = self._text('sort_key')
        if key not in self.keys():
            return {}
        direction = self._text('sort_dir')
        return {'sort_key': key} | (
            {'sort_dir': direction} if direction in ('asc', 'desc') else {}
        )

    def keys(self) -> list[str]:
        """Return the sort keys of the API."""
        found: list[str] = self._known['sort_key']['schema']['enum']
        return found

    @property
    def kept(self) -> dict[str, str]:
        """Return the parameters that links and the form keep."""
        columns = self._text(COLUMNS)
        shown = {COLUMNS: columns} if columns else {}
        return {**self.given, **self.order, **shown}

    def url(self, **changes: str | None) -> str:
        """Return the query of the first page with some parameters changed.

        :param changes: the new value of each; None: without it.
        """
        new = {**self.kept, **changes}
        return '?' + parse.urlencode(
            {name: text for name, text in new.items() if text}
        )

    @property
    def csv(self) -> str:
        """Return the URL of the list as a file."""
        return self.url(format='csv')

    def choices(self) -> list[dict[str, str]]:
        """Return the filters to choose from."""
        chosen = self._request.GET.get(NAME) or next(iter(self.given), '')
        return [
            {
                'name': name,
                'label': fields.label_with_unit(name),
                'about': fields.translated(
                    self._known[name].get('description', '')
                ),
                'selected': name == chosen,
            }
            for name in self.names
        ]

    def chips(self) -> list[dict[str, str]]:
        """Return the filters in use, each with the URL without it."""
        return [
            {
                'label': fields.label(name),
                'text': text,
                'url': self.url(**{name: None}),
            }
            for name, text in self.given.items()
        ]

    def redirect(self) -> str | None:
        """Return the URL of the filter that the form has sent, if it has."""
        name = self._request.GET.get(NAME)
        if name not in self.names:
            return None
        return self._request.path + self.url(**{name: self._text(TEXT)})

    def link(self, key: str) -> dict[str, str] | None:
        """Return the URL that sorts by a key, and how it is sorted now."""
        if key not in self.keys():
            return None
        now = None
        if self.order.get('sort_key') == key:
            now = self.order.get('sort_dir', 'asc')
        turned = 'desc' if now == 'asc' else 'asc'
        return {
            'url': self.url(sort_key=key, sort_dir=turned),
            'now': {'asc': 'ascending', 'desc': 'descending'}.get(
                now or '', 'none'
            ),
        }

    def to_api(self) -> dict[str, str]:
        """Return the filters for the API."""
        return dict(
            self._to_api(name, text) for name, text in self.given.items()
        )

    def _to_api(self, name: str, text: str) -> tuple[str, str]:
        if name == 'project_id':
            return name, projects.to_filter(self._request, text)
        if name in _REFERENCES:
            return self._reference(*_REFERENCES[name], text)
        operator = OPERATOR.match(text)
        if operator or not self._is_text(name):
            return name, fields.to_api(self._kind, name, text)
        return name, f'contains:{text}'

    def _is_text(self, name: str) -> bool:
        """Return whether a filter finds a part of the text."""
        if name == 'mac_address':
            return True
        field = fields.of_kind(self._kind).get(name, {})
        return (
            'string' in field.get('type', ())
            and 'enum' not in field
            and field.get('format') not in ('uuid', 'date-time')
            and name not in (*fields.STATES, 'type')
        )

    def _reference(
        self, field: str, collection: str, text: str
    ) -> tuple[str, str]:
        """Return the filter for what refers to what has this name."""
        found = api.list_resources(
            self._request,
            collection,
            _MOST,
            fields='uuid,name',
            **({'uuid': text} if api.is_uuid(text) else {'name': _part(text)}),
        )
        same = [one for one in found if one.name == text]
        uuids = ','.join(one.id for one in same or found)
        return field, f'in:{uuids or _NOBODY}'


def _part(text: str) -> str:
    return text if OPERATOR.match(text) else f'contains:{text}'


def first(request: http.HttpRequest, name: str) -> int:
    """Return the number of the first row of a page, from its URL."""
    text = request.GET.get(name, '')
    if not (text.isascii() and text.isdecimal()):
        return 1
    return max(1, min(int(text[:10]), _MAX_FIRST))
