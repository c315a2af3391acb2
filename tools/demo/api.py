# SPDX-License-Identifier: Apache-2.0
"""A client of Valence's REST API that prints requests and responses."""

import json
import textwrap
from typing import Any

import requests

from tools.demo import console
from tools.demo.processes import StepFailed

TIMEOUT = 30  # seconds for one request


class Api:
    """The REST API at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        status: int = 200,
    ) -> Any:
        """Send a request, print it and its response, return the JSON body.

        :param status: the expected HTTP status.
        :raises StepFailed: if the status is another one.
        """
        print(console.paint(console.CYAN, f'   > {method} {self.url}{path}'))
        if body is not None:
            text = json.dumps(body)
            lines = textwrap.wrap(text, 72, break_on_hyphens=False)
            print(textwrap.indent('\n'.join(lines), '     '))
        response = self._session.request(
            method, self.url + path, json=body, timeout=TIMEOUT
        )
        _print_response(response)
        if response.status_code != status:
            raise StepFailed(
                f'{method} {path} returned {response.status_code} instead of '
                f'{status}: {response.text}'
            )
        return response.json()

    def get(self, path: str) -> Any:
        """Return the JSON at a path without printing anything."""
        response = self._session.get(self.url + path, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Send a POST without printing anything; None if it is a conflict."""
        response = self._session.post(
            self.url + path, json=body, timeout=TIMEOUT
        )
        if response.status_code == requests.codes.conflict:
            return None
        response.raise_for_status()
        return response.json()

    def delete(self, path: str) -> None:
        """Send a DELETE without printing anything."""
        self._session.delete(
            self.url + path, timeout=TIMEOUT
        ).raise_for_status()


def _print_response(response: requests.Response) -> None:
    status = f'   < {response.status_code} {response.reason}'
    location = response.headers.get('Location')
    print(
        console.paint(console.GREEN, status)
        + (f', Location: {location}' if location else ''),
        flush=True,
    )
