# SPDX-License-Identifier: Apache-2.0
"""Encryption of passwords in the database with Fernet keys.

The key repository is a directory of files, each named by a number. The highest
number encrypts, all keys decrypt. The directory is checked on each use, so
that a rotation needs no restart.
"""

import os
import pathlib
import shutil
import threading

from cryptography import fernet
from oslo_config import cfg

from valence.common import exception

_cache: tuple[tuple[str, int], fernet.MultiFernet] | None = None
_lock = threading.Lock()


class CredentialKeysMissing(exception.ValenceException):
    """The key repository has no keys."""

    code = 503
    message = (
        'There are no credential keys in %(path)s: run "valence-manage '
        'credential-keys create" or copy them from another host.'
    )


class CredentialKeysUnreadable(exception.ValenceException):
    """This process may not read the key repository."""

    code = 503
    message = (
        'The credential keys in %(path)s cannot be read: %(reason)s. They '
        'must belong to the user of this process.'
    )


class CredentialKeyUnknown(exception.ValenceException):
    """A password was encrypted with a key that is not in the repository."""

    code = 503
    message = 'A password cannot be decrypted with the keys in %(path)s.'


def _repository() -> pathlib.Path:
    return pathlib.Path(cfg.CONF.credentials.key_repository)


def _key_files() -> list[pathlib.Path]:
    """The key files, newest first."""
    path = _repository()
    files = path.iterdir() if path.is_dir() else ()
    return sorted(
        (file for file in files if file.name.isdigit()),
        key=lambda file: int(file.name),
        reverse=True,
    )


def _write_key(number: int) -> None:
    path = _repository() / str(number)
    temporary = path.with_name(f'.{number}.new')
    temporary.unlink(missing_ok=True)
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
    )
    with os.fdopen(descriptor, 'wb') as stream:
        stream.write(fernet.Fernet.generate_key())
        stream.flush()
        os.fsync(stream.fileno())
    _give_to_owner(temporary)
    temporary.rename(path)


def _give_to_owner(key: pathlib.Path) -> None:
    """Let a key that root creates belong to the owner of the repository."""
    owner, made = key.parent.stat(), key.stat()
    if (owner.st_uid, owner.st_gid) != (made.st_uid, made.st_gid):
        os.chown(key, owner.st_uid, owner.st_gid)


def create_keys(user: str | None = None, group: str | None = None) -> bool:
    """Create the key repository and its first key if there is none.

    :param user: the owner of the repository; default: that of this process.
    :param group: its group.
    :returns: whether it created a key.
    :raises LookupError: if there is no such user or group.
    :raises PermissionError: if this process may not give files to them.
    """
    repository = _repository()
    repository.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        shutil.chown(repository, user=user)
    if group:
        shutil.chown(repository, group=group)
    for key in _key_files():
        _give_to_owner(key)
    if _key_files():
        return False
    _write_key(1)
    return True


def add_key() -> None:
    """Add a new key, which encrypts from now on; all others still decrypt."""
    files = _key_files()
    if not files:
        raise CredentialKeysMissing(path=_repository())
    _write_key(int(files[0].name) + 1)


def drop_old_keys() -> None:
    """Delete the oldest keys, except [credentials] max_active_keys."""
    for file in _key_files()[cfg.CONF.credentials.max_active_keys :]:
        file.unlink()


def _keys() -> fernet.MultiFernet:
    global _cache
    path = _repository()
    try:
        stamp = (str(path), path.stat().st_mtime_ns)
        with _lock:
            if _cache is None or _cache[0] != stamp:
                _cache = (stamp, _read_keys())
            return _cache[1]
    except FileNotFoundError:
        raise CredentialKeysMissing(path=path) from None
    except (OSError, ValueError) as exc:
        # A key that is no key is a ValueError without its text.
        reason = getattr(exc, 'strerror', None) or 'a file is not a key'
        raise CredentialKeysUnreadable(path=path, reason=reason) from None


def _read_keys() -> fernet.MultiFernet:
    """Read all keys.

    :raises FileNotFoundError: if there are none.
    """
    files = _key_files()
    if not files:
        raise FileNotFoundError
    return fernet.MultiFernet(
        [fernet.Fernet(file.read_bytes()) for file in files]
    )


def encrypt(text: str | None) -> str | None:
    """Encrypt a text; returns the Fernet token."""
    if text is None:
        return None
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str | None) -> str | None:
    """Decrypt a Fernet token.

    :raises CredentialKeyUnknown: if no key of the repository decrypts it.
    """
    if token is None:
        return None
    try:
        return _keys().decrypt(token.encode()).decode()
    except fernet.InvalidToken:
        raise CredentialKeyUnknown(path=_repository()) from None


def renew(token: str) -> str:
    """Encrypt the text of a token with the newest key."""
    try:
        return _keys().rotate(token.encode()).decode()
    except fernet.InvalidToken:
        raise CredentialKeyUnknown(path=_repository()) from None
