# SPDX-License-Identifier: Apache-2.0
"""The formats of text and numbers in requests."""

from oslo_utils import uuidutils

from valence.common import schemas


@schemas.format_check('resource-name', str)
def check_name(name: str) -> None:
    """Accept a name that can be used wherever a UUID can.

    It is printable, does not look like a UUID, is neither "." nor "..", and
    has no slash and no whitespace at its ends.
    """
    if not name or name != name.strip():
        raise ValueError('must not be empty, nor start or end with whitespace')
    if '/' in name:
        raise ValueError('must not contain a slash')
    if name in ('.', '..'):
        # Clients would remove it from a path, with what comes before it.
        raise ValueError('must not be . or ..')
    if not name.isprintable():
        raise ValueError('must contain printable characters only')
    if uuidutils.is_uuid_like(name):
        raise ValueError('must not look like a UUID')


@schemas.format_check('uuid', str)
def check_uuid(text: str) -> None:
    """Accept a UUID in any of its notations."""
    if not uuidutils.is_uuid_like(text):
        raise ValueError('must be a UUID')


@schemas.format_check('int64', int)
def check_int64(number: int) -> None:
    """Accept an integer that fits a signed 64-bit column."""
    if not -(2**63) <= number < 2**63:
        raise ValueError('must fit 64 bits')
