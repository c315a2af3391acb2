# SPDX-License-Identifier: Apache-2.0
"""Where a Location header points to (RFC 9110, section 10.2.2)."""

import urllib.parse


def path_of(
    location: str | None, uri: str, redirect: bool = False
) -> str | None:
    """The path and query of a Location header, in any form that was seen.

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
