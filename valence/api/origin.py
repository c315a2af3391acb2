# SPDX-License-Identifier: Apache-2.0
"""Protection of an API without authentication against web pages.

A page of any origin can send requests to the machine of the browser. With
``auth_strategy`` noauth nothing else distinguishes them from those of its
user.
"""

import ipaddress
import socket
import urllib.parse
from wsgiref.types import WSGIEnvironment

from oslo_config import cfg

from valence.common import exception


def hosts() -> frozenset[str]:
    """The names in the header Host that are accepted, in lower case."""
    options = cfg.CONF.api
    names = {'localhost', socket.gethostname(), options.host}
    names.update(options.allowed_hosts)
    if options.public_endpoint:
        names.add(urllib.parse.urlsplit(options.public_endpoint).hostname)
    return frozenset(name.lower() for name in names if name)


def check(environ: WSGIEnvironment, known: frozenset[str]) -> None:
    """Reject a request of a web page that this API did not serve.

    A page can reach the API under a name of its own, by rebinding it in the
    DNS, so that names are limited. It cannot do so under an IP address.

    :param known: see :func:`hosts`.
    :raises ForeignOrigin: for another origin or an unknown host name.
    """
    host = environ.get('HTTP_HOST', '')
    if host and not _is_known(host, known):
        raise exception.ForeignOrigin(
            reason=f'the Host {host[:255]!r} is not in [api] allowed_hosts'
        )
    given = environ.get('HTTP_ORIGIN')
    if given is not None and given.lower() not in (
        f'http://{host}'.lower(),
        f'https://{host}'.lower(),
        *(one.lower() for one in cfg.CONF.cors.allowed_origin or ()),
    ):
        raise exception.ForeignOrigin(
            reason=f'the Origin {given[:255]!r} is another one'
        )


def _is_known(host: str, known: frozenset[str]) -> bool:
    try:
        name = urllib.parse.urlsplit(f'//{host}').hostname or ''
    except ValueError:
        return False
    if name.rstrip('.') in known:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
