# SPDX-License-Identifier: Apache-2.0
"""Where a service points to: Location, redirects, links with a prefix."""

import urllib.parse

from valence.common import exception
from valence.common.identity import canonical_link


def path_of(
    location: str | None, uri: str, redirect: bool = False
) -> str | None:
    """The path and query of a Location header (RFC 9110, section 10.2.2).

    It may be a URL, a path, or a path whose first slash is missing, with a
    host before it or not. A single segment is the name of what was created in
    a collection; any other relative reference is resolved as usual.

    :param uri: the path that the request was sent to.
    :param redirect: whether it is where to send the request instead.
    :returns: None where it points to nothing.
    """
    if not location:
        return None
    try:
        parts = urllib.parse.urlsplit(location)
    except ValueError:
        return None
    if parts.path.startswith('/'):
        return parts.path + (f'?{parts.query}' if parts.query else '')
    if '://' in location:
        return None
    first = uri.partition('?')[0].split('/')[1]
    before, found, rest = f'/{location}'.partition(f'/{first}/')
    if first and found and '/' not in before[1:]:
        return f'{found}{rest}'
    name = not redirect and not set('/?') & set(location.rstrip('/'))
    base = f'{uri.rstrip("/")}/' if name else uri
    return urllib.parse.urljoin(base, location)


def check_scheme(location: str, origin: str) -> None:
    """Refuse a redirect to another scheme: it was not registered.

    :raises PodManagerUnavailable: naming the URL to register instead.
    """
    scheme = urllib.parse.urlsplit(location).scheme
    if scheme and not origin.startswith(f'{scheme}://'):
        raise exception.PodManagerUnavailable(
            reason=f'it redirects to {location[:255]}: register that URL'
        )


def check_same(uri: str, target: str, prefix: str) -> None:
    """Refuse to send a change to another resource than was requested.

    :param target: where a redirect leads.
    :raises RequestRejected: when that is another resource.
    """
    asked, found = (canonical_link(one, prefix) for one in (uri, target))
    if not found.endswith(asked):
        raise exception.RequestRejected(
            reason=f'it redirects a change of {uri} to {target[:255]}'
        )


def without(value: object, prefix: str) -> object:
    """JSON without a prefix of the paths in it."""
    if isinstance(value, str):
        return (
            value[len(prefix) :] if value.startswith(f'{prefix}/') else value
        )
    if isinstance(value, list):
        return [without(one, prefix) for one in value]
    if isinstance(value, dict):
        return {key: without(one, prefix) for key, one in value.items()}
    return value
