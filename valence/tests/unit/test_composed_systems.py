# SPDX-License-Identifier: Apache-2.0
"""Which system is what a task of a composition service has composed."""

from valence.common.identity import Mark
from valence.podmanagers import base
from valence.podmanagers.composition.lookup import Lookup
from valence.tests import base as tests

_URI = '/redfish/v1/Systems/1'
_BLOCK = '/redfish/v1/CompositionService/ResourceBlocks/1'
_MARK = Mark('00000000-0000-4000-8000-000000000001', 'ffffffffffff')
_REQUEST = base.ComposeRequest(_MARK, 'n', {}, _BLOCK, ())


class _Client:
    def __init__(self, **body):
        self._body = {'Links': {'ResourceBlocks': [{'@odata.id': _BLOCK}]}}
        self._body |= body

    def get(self, uri, deadline):
        return self._body


class TestIsOf(tests.TestCase):
    def is_of(self, *existing, **body):
        lookup = Lookup(_Client(**body), None)
        return lookup.is_of(_REQUEST, _URI, existing, None)

    def test_new_system_of_its_blocks(self):
        self.assertTrue(self.is_of('/redfish/v1/Systems/2'))

    def test_system_that_existed_before(self):
        self.assertFalse(self.is_of(_URI))

    def test_system_with_its_mark(self):
        self.assertTrue(self.is_of(_URI, Description=str(_MARK)))
