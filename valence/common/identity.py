# SPDX-License-Identifier: Apache-2.0
"""One canonical form for everything that identifies hardware.

URIs, UUIDs, serial numbers and URLs arrive in many spellings. They are
compared in the forms that the functions of this module return, and nowhere
else in the code are two of them compared as they arrived.
"""

import dataclasses
import functools
import re
import uuid

import yarl

# What most links look like: it is canonical already. No dot begins a segment,
# for that may be "..", and there is nothing to decode.
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~:@!$&'()*+,;=-][\w.~:@!$&'()*+,;=-]*)+")

# Values that vendors leave where a UUID should be, and those of published
# mock-ups. Sources: SMBIOS tables of boards as their makers ship them
# (AMI's and Intel's placeholders, also with swapped byte order), DMTF's
# mockups (DSP2043).
_SAMPLE_UUIDS = frozenset(
    (
        '03000200-0400-0500-0006-000700080009',
        '00020003-0004-0005-0006-000700080009',
        '01234567-89ab-cdef-0123-456789abcdef',
        '12345678-1234-1234-1234-123456789012',
        '12345678-1234-5678-1234-567812345678',
        '12345678-1234-5678-90ab-cddeefaabbcc',
        '78563412-3412-7856-90ab-cddeefaabbcc',
        '12345678-90ab-cdef-1234-567890abcdef',
        'deadbeef-dead-beef-dead-beefdeadbeef',
        'fefefefe-fefe-fefe-fefe-fefefefefefe',
        '92384634-2938-2342-8820-489239905423',
        '38947555-7742-3448-3784-823347823834',
        '58893887-8974-2487-2389-841168418919',
    )
)

# Placeholders of serial numbers, in lower case.
_NO_SERIALS = frozenset(
    (
        *('none', 'n/a', 'na', 'null', 'unknown', 'unspecified', 'default'),
        *('not specified', 'not available', 'not applicable', 'not present'),
        *('default string', 'system serial number', 'chassis serial number'),
        *('to be filled by o.e.m.', 'to be filled by oem', 'o.e.m.', 'oem'),
        *('serial number', 'empty', 'undefined', 'invalid', 'no asset tag'),
        *('0123456789', '123456789', '1234567890', '01234567890123456789'),
    )
)

# Paths below which the service begins; an operator may name them or not.
_WELL_KNOWN = re.compile(r'/(?:redfish(?:/v1)?|eem)$')

_SEPARATORS = re.compile(r'[:.\s-]')
_MAC = re.compile(r'[0-9a-f]{12}')
_MAC_PART = re.compile(r'[0-9a-f:]{1,17}')
# A MAC address as the EUI-64 that is derived from it (IEEE).
_EUI_64 = re.compile(r'([0-9a-f]{6})ff(?:fe|ff)([0-9a-f]{6})')
_NO_MACS = ('0' * 12, 'f' * 12)

_MARK = re.compile(
    r'valence(?::(?P<installation>[0-9a-f]{12}):|(?: node )?-?)'
    r'(?P<node>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})',
    re.IGNORECASE,
)


@functools.lru_cache(maxsize=65536)
def canonical_uri(link: str, prefix: str = '') -> str:
    """The path by which a resource of a pod manager is known.

    Scheme, host, query, fragment and trailing slash are taken off, dot
    segments and percent-encoding are normalized (RFC 3986, section 6.2.2).

    :param link: a path or a whole URL, as a service wrote it.
    :param prefix: path of the registered root, without a trailing slash; it is
        taken off, because services behind a proxy name it or not.
    :raises ValueError: when it is no URI.
    """
    if _PLAIN.fullmatch(link) and link.isascii():
        path = link
    else:
        path = _path(link)
    if prefix and (path + '/').startswith(prefix + '/'):
        path = path[len(prefix) :] or '/'
    return path


def _path(link: str) -> str:
    # A path that begins with two slashes by mistake names no host.
    if link.startswith('//redfish/'):
        link = link[1:]
    if not re.match(r'(?:[a-z][a-z0-9+.-]*:)?//', link, re.IGNORECASE):
        # Dot segments are resolved in whole URLs only.
        link = f'http://host/{link.lstrip("/")}'
    path = re.sub('/{2,}', '/', yarl.URL(link).raw_path)
    return path.rstrip('/') or '/'


@functools.lru_cache(maxsize=65536)
def canonical_link(link: str, prefix: str = '') -> str:
    """A link to follow: the canonical path, with the query unchanged.

    :raises ValueError: when it is no URI.
    """
    head, mark, query = link.partition('#')[0].partition('?')
    return canonical_uri(head or '/', prefix) + mark + query


def canonical_uuid(text: object) -> str | None:
    """A UUID in lower case with hyphens; None for what is none.

    Braces, ``urn:uuid:`` and 32 bare hexadecimal digits are accepted.
    """
    if not isinstance(text, str):
        return None
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return None


def identifying_uuid(text: object) -> str | None:
    """What a vendor calls a UUID, if it is unique to a resource.

    All zeros, all ones, any other single repeated digit, and the values that
    factories and published examples use identify nothing and give None. Text
    that is no UUID is compared without case.
    """
    if not isinstance(text, str) or not text.strip():
        return None
    known = canonical_uuid(text)
    if known is None:
        return serial(text.casefold())
    if len(set(known) - {'-'}) == 1 or known in _SAMPLE_UUIDS:
        return None
    return known


def serial(text: object) -> str | None:
    """A serial number, without surrounding space; None if it is not set."""
    if not isinstance(text, str):
        return None
    found = ' '.join(text.split())
    if found.casefold() in _NO_SERIALS or not set(found) - set('0-. xX/*?#'):
        return None
    return found


def mac(value: object) -> str | None:
    """A MAC address in lower case with colons; None for what is none.

    It may be written with hyphens, dots or nothing between its octets, or as
    an EUI-64.
    """
    if not isinstance(value, str):
        return None
    digits = _SEPARATORS.sub('', value).lower()
    wide = _EUI_64.fullmatch(digits)
    if wide is not None:
        digits = wide[1] + wide[2]
    if not _MAC.fullmatch(digits) or digits in _NO_MACS:
        return None
    return _octets(digits)


def mac_part(text: str) -> str | None:
    """A part of a MAC address in lower case with colons; None for no part.

    Digits without colons or hyphens begin with an octet.
    """
    found = text.strip().lower().replace('-', ':')
    if ':' not in found:
        found = _octets(_SEPARATORS.sub('', found))
    return found if _MAC_PART.fullmatch(found) else None


def _octets(digits: str) -> str:
    return ':'.join(digits[n : n + 2] for n in range(0, len(digits), 2))


def canonical_url(url: str) -> str:
    """The one form of the URL of a pod manager.

    Scheme and host are in lower case, a default port, a trailing slash and a
    well-known suffix (``/redfish/v1``, ``/eem``) are taken off.

    :raises ValueError: when it is no URL.
    """
    parsed = yarl.URL(url)
    path = re.sub('/{2,}', '/', parsed.raw_path).rstrip('/')
    path = _WELL_KNOWN.sub('', path).rstrip('/')
    host = (parsed.raw_host or '').rstrip('.')
    address = f'[{host}]' if ':' in host else host
    port = '' if parsed.is_default_port() else f':{parsed.port}'
    return f'{parsed.scheme}://{address}{port}{path}'


@dataclasses.dataclass(frozen=True)
class Mark:
    """What a pod manager shows of a node that Valence composed.

    :param installation: the Valence that composed it; None in the form that
        was written before installations had an identity.
    :param node: UUID of the node.
    """

    node: str
    installation: str | None = None

    def __str__(self) -> str:
        """The text that is written, 57 characters."""
        if self.installation is None:
            return f'valence-{self.node}'
        return f'valence:{self.installation}:{self.node}'

    def same_as(self, other: 'Mark | None') -> bool:
        """Whether another mark is of the same node.

        The form without an installation may be of this one.
        """
        return (
            other is not None
            and self.node == other.node
            and (
                None in (self.installation, other.installation)
                or self.installation == other.installation
            )
        )


def find_mark(text: object) -> Mark | None:
    """The mark that a text of a pod manager holds, in either form."""
    found = _MARK.search(text) if isinstance(text, str) else None
    if found is None:
        return None
    installation = found['installation']
    return Mark(
        found['node'].lower(), installation.lower() if installation else None
    )


def without_mark(text: str) -> str:
    """A text without the mark in it."""
    return ' '.join(_MARK.sub('', text).split())
