# SPDX-License-Identifier: Apache-2.0
"""Encryption keys, and the passwords that they encrypt."""

import os
import pathlib
import stat

from valence.common import secrets
from valence.tests import base


class TestSecrets(base.TestCase):
    def setUp(self):
        super().setUp()
        self.path = pathlib.Path(self.conf.state_path) / 'credential-keys'

    def _names(self):
        return sorted(path.name for path in self.path.iterdir())

    def test_keys_are_created_once_and_private(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.assertTrue(secrets.create_keys())
        self.assertFalse(secrets.create_keys())
        self.assertEqual(['1'], self._names())
        self.assertEqual(0o700, stat.S_IMODE(self.path.stat().st_mode))
        secrets.add_key()
        for key in self.path.iterdir():
            self.assertEqual(0o600, stat.S_IMODE(key.stat().st_mode))

    def test_round_trip(self):
        secrets.create_keys()
        for text in ('', 'pass word', 'pässwörd \U0001f511', 'x' * 1024):
            token = secrets.encrypt(text)
            self.assertEqual(text, secrets.decrypt(token))
            if text:
                self.assertNotIn(text, token)

    def test_none_stays_none(self):
        self.assertIsNone(secrets.encrypt(None))
        self.assertIsNone(secrets.decrypt(None))

    def test_one_text_has_many_tokens(self):
        secrets.create_keys()
        self.assertNotEqual(secrets.encrypt('same'), secrets.encrypt('same'))

    def test_rotation(self):
        secrets.create_keys()
        old = secrets.encrypt('word')
        secrets.add_key()
        self.assertEqual('word', secrets.decrypt(old))
        renewed = secrets.renew(old)
        self.assertEqual('word', secrets.decrypt(renewed))
        (self.path / '1').unlink()
        self.assertEqual('word', secrets.decrypt(renewed))
        self.assertRaises(secrets.CredentialKeyUnknown, secrets.decrypt, old)
        self.assertRaises(secrets.CredentialKeyUnknown, secrets.renew, old)

    def test_old_keys_are_deleted(self):
        secrets.create_keys()
        for _ in range(4):
            secrets.add_key()
        secrets.drop_old_keys()
        self.assertEqual(['3', '4', '5'], self._names())

    def test_keys_are_missing(self):
        for function, value in (
            (secrets.encrypt, 'word'),
            (secrets.decrypt, 'token'),
            (secrets.renew, 'token'),
        ):
            error = self.assertRaises(
                secrets.CredentialKeysMissing, function, value
            )
            self.assertIn('credential-keys create', str(error))
        self.assertRaises(secrets.CredentialKeysMissing, secrets.add_key)
        self.path.mkdir()
        self.assertRaises(
            secrets.CredentialKeysMissing, secrets.encrypt, 'word'
        )

    def test_other_files_are_ignored(self):
        secrets.create_keys()
        (self.path / '.2.new').write_text('half a key')
        (self.path / 'README').write_text('These are keys.')
        secrets.add_key()
        token = secrets.encrypt('word')
        self.assertEqual('word', secrets.decrypt(token))

    def test_the_token_is_not_in_the_error(self):
        secrets.create_keys()
        error = self.assertRaises(
            secrets.CredentialKeyUnknown, secrets.decrypt, 't0ken'
        )
        self.assertNotIn('t0ken', str(error))

    def test_keys_that_cannot_be_read(self):
        self.path.mkdir()
        for content, reason in (
            (None, 'Is a directory'),
            (b'no', 'not a key'),
        ):
            path = self.path / '1'
            if content is None:
                path.mkdir()
            else:
                path.rmdir()
                path.write_bytes(content)
            error = self.assertRaises(
                secrets.CredentialKeysUnreadable, secrets.encrypt, 'word'
            )
            self.assertEqual(503, error.code)
            self.assertIn(reason, str(error))

    def test_keys_belong_to_the_owner_of_their_directory(self):
        if os.getuid():
            self.skipTest('only root gives files to others')
        secrets.create_keys('nobody', 'nogroup')
        secrets.add_key()
        for path in (self.path, *self.path.iterdir()):
            self.assertEqual('nobody', path.owner())
            self.assertEqual('nogroup', path.group())

    def test_keys_of_root_are_given_to_another_user(self):
        if os.getuid():
            self.skipTest('only root gives files to others')
        secrets.create_keys()
        self.assertFalse(secrets.create_keys('nobody'))
        self.assertEqual('nobody', (self.path / '1').owner())

    def test_an_unknown_user(self):
        self.assertRaises(LookupError, secrets.create_keys, 'no such user')
