# SPDX-License-Identifier: Apache-2.0
"""A versioned object whose fields change gets a new VERSION."""

import ast
import copy
import pathlib
import subprocess

from oslo_versionedobjects import fixture as ovo_fixture

from valence import objects
from valence.tests import base
from valence.tests.unit import fingerprints

_FILE = pathlib.Path(fingerprints.__file__)


def _fingerprint(cls):
    """The VERSION and the fingerprint of a class."""
    name = cls.obj_name()
    checker = ovo_fixture.ObjectVersionChecker({name: [cls]})
    return tuple(checker.get_hashes()[name].split('-'))


def _changed_entries(old, new):
    """The entries of one revision that another one has changed.

    An object may be removed; its versions may not. An entry without a
    fingerprint is none yet.
    """
    return {
        (name, version)
        for name in old.keys() & new.keys()
        for version, fingerprint in old[name].items()
        if fingerprint and new[name].get(version) != fingerprint
    }


def _parse(source):
    """``BY_VERSION`` in a revision of the file; empty if it has none."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == 'BY_VERSION':
            return ast.literal_eval(node.value)
    return {}


class TestFingerprints(base.TestCase):
    def test_each_object_has_the_entry_of_its_version(self):
        for cls in objects.ALL:
            name = cls.obj_name()
            version, fingerprint = _fingerprint(cls)
            self.assertEqual(
                fingerprints.BY_VERSION.get(name, {}).get(version),
                fingerprint,
                f'The fields of {name} changed: set its VERSION to a new '
                f'value, and add that with {fingerprint!r} to {_FILE.name}',
            )

    def test_no_other_object_has_entries(self):
        self.assertLessEqual(
            fingerprints.BY_VERSION.keys(),
            {cls.obj_name() for cls in objects.ALL},
        )

    def test_every_object_is_listed(self):
        self.assertEqual(
            {name for name in objects.__all__},
            {cls.__name__ for cls in objects.ALL},
        )


class TestHistory(base.TestCase):
    """An entry that was committed is not changed any more."""

    def git(self, *arguments):
        done = subprocess.run(
            ['git', *arguments],
            cwd=_FILE.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return done.stdout if done.returncode == 0 else ''

    def test_no_entry_was_changed(self):
        try:
            revisions = self.git('log', '--format=%H', '--', _FILE.name)
        except FileNotFoundError:
            self.skipTest('git is not installed')
        if not revisions:
            self.skipTest('this is not a git checkout')
        for revision in revisions.split():
            old = _parse(self.git('show', f'{revision}:./{_FILE.name}'))
            self.assertEqual(
                set(),
                _changed_entries(old, fingerprints.BY_VERSION),
                f'Restore these entries of {revision[:7]}, and give the '
                'objects new versions',
            )

    def test_which_changes_are_found(self):
        old = {'Node': {'1.0': 'a', '1.1': 'b'}, 'Rack': {'1.0': 'c'}}
        for new, found in (
            (old, set()),
            ({}, set()),
            ({'Node': {**old['Node'], '1.2': 'd'}}, set()),
            ({'Node': {'1.0': 'a', '1.1': 'x'}}, {('Node', '1.1')}),
            ({'Node': {'1.1': 'b'}}, {('Node', '1.0')}),
        ):
            self.assertEqual(found, _changed_entries(old, new))
        begun = {'Node': {'1.0': ''}}
        self.assertEqual(set(), _changed_entries(begun, old))

    def test_parse(self):
        self.assertEqual(fingerprints.BY_VERSION, _parse(_FILE.read_text()))
        self.assertEqual({}, _parse("KNOWN = {'Node': '1.0-a'}"))


class TestWhatCounts(base.TestCase):
    def _changed(self, **changes):
        class Other(objects.PodManager):
            fields = copy.deepcopy(objects.PodManager.fields)

        Other.__name__ = 'PodManager'
        for name, value in changes.items():
            setattr(Other.fields['location'], name, value)
        return _fingerprint(Other)

    def test_descriptions_and_limits_do_not_count(self):
        same = _fingerprint(objects.PodManager)
        self.assertEqual(same, self._changed())
        self.assertEqual(same, self._changed(doc='In other words.'))
        self.assertEqual(same, self._changed(filter=False, api='r'))

    def test_nullability_counts(self):
        self.assertNotEqual(
            _fingerprint(objects.PodManager), self._changed(_nullable=False)
        )
