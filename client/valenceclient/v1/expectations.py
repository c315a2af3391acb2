# SPDX-License-Identifier: Apache-2.0
"""Methods of the proxy about the hardware that should be there."""

import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

from openstack import proxy

from valenceclient.v1 import methods
from valenceclient.v1 import resources


class Expectations(proxy.Proxy):
    """Says what should be on a pod manager, and compares."""

    def expected_parts(
        self,
        resource: resources.PodManager | str,
        max_items: int | None = None,
        **query: Any,
    ) -> Iterator[resources.ExpectedPart]:
        """Iterate over the hardware that should be on a pod manager.

        :param max_items: the maximum number of parts.
        :param query: filters and sorting of the API.
        """
        ident = resource if isinstance(resource, str) else resource.id
        return methods.list_method(resources.ExpectedPart)(
            self, max_items, pod_manager=ident, **query
        )

    def set_expected_parts(
        self,
        resource: resources.PodManager | str,
        parts: list[dict[str, Any]] | str,
    ) -> int:
        """Say what should be there, instead of what was said before.

        :param parts: of the API, or the text of a CSV file.
        :returns: how many parts are expected now.
        """
        path = _path(resource)
        if not isinstance(parts, str):
            return _count(self.put(path, json={'parts': parts}))
        headers = {'Content-Type': 'text/csv; charset=utf-8'}
        return _count(self.put(path, data=parts.encode(), headers=headers))

    def expect_what_is_there(
        self, resource: resources.PodManager | str
    ) -> int:
        """Expect the hardware that was seen last; return how many parts."""
        return _count(self.post(f'{_path(resource)}/snapshot', json={}))

    def get_expected_report(
        self, resource: resources.PodManager | str
    ) -> dict[str, list[dict[str, Any]]]:
        """Get what is missing, unexpected, different and moved."""
        answer = self.get(f'{_path(resource)}/report').json()
        report: dict[str, list[dict[str, Any]]] = answer['report']
        return report


def parse(text: str) -> list[dict[str, Any]] | str:
    """Return the parts of a file: those of JSON, or the text if it is CSV.

    :raises ValueError: if it begins like JSON, and is no list of parts.
    """
    text = text.removeprefix('\ufeff')
    if not text.lstrip().startswith(('[', '{')):
        return text
    try:
        found = json.loads(text)
    except ValueError as exc:
        raise ValueError(f'invalid JSON: {exc}') from None
    parts = found.get('parts') if isinstance(found, dict) else found
    if not isinstance(parts, list):
        raise ValueError('no list of parts')
    return parts


def _path(resource: resources.PodManager | str) -> str:
    ident = resource if isinstance(resource, str) else resource.id
    return f'/pod_managers/{urllib.parse.quote(ident, safe="")}/expected'


def _count(response: Any) -> int:
    return int(response.json()['parts'])
