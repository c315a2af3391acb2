# SPDX-License-Identifier: Apache-2.0
"""The versions of the API.

A field declares the first minor version that has it; see
``valence.objects.fields``.
"""

import microversion_parse
import webob

from valence.common import exception

SERVICE_TYPE = 'composable'
HISTORY = {
    1: 'The first release.',
}
MIN_MINOR = min(HISTORY)
MAX_MINOR = max(HISTORY)


def requested(request: webob.Request) -> int:
    """The minor version of a request; the first one by default.

    :raises NotAcceptable: for an unsupported version.
    """
    text = microversion_parse.get_version(
        request.headers, service_type=SERVICE_TYPE
    )
    if not text:
        return MIN_MINOR
    if text == 'latest':
        return MAX_MINOR
    major, _, minor = text.partition('.')
    if (
        major == '1'
        and minor.isascii()
        and minor.isdecimal()
        and len(minor) < 10
        and MIN_MINOR <= int(minor) <= MAX_MINOR
    ):
        return int(minor)
    raise exception.NotAcceptable(
        f'API version {text[:32]} is not supported; the supported versions '
        f'are 1.{MIN_MINOR} to 1.{MAX_MINOR}.'
    )


def of_error(request: webob.Request) -> int:
    """The minor version of an error; the first one if it is unsupported."""
    try:
        return requested(request)
    except exception.NotAcceptable:
        return MIN_MINOR


def headers(minor: int) -> list[tuple[str, str]]:
    """The version headers of an answer."""
    return [
        ('OpenStack-API-Version', f'{SERVICE_TYPE} 1.{minor}'),
        ('Vary', 'OpenStack-API-Version'),
    ]


def describe(base_url: str) -> dict[str, object]:
    """The entry of version 1 in a version document."""
    return {
        'id': 'v1',
        'status': 'CURRENT',
        'min_version': f'1.{MIN_MINOR}',
        'version': f'1.{MAX_MINOR}',
        'links': [{'rel': 'self', 'href': f'{base_url}/v1/'}],
    }
