# SPDX-License-Identifier: Apache-2.0
import types

import fixtures
import testtools
from keystoneauth1 import exceptions

from valence_dashboard import api
from valence_dashboard import projects

_KNOWN = {'a1': 'Alpha', 'b2': 'beta'}


class Projects(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.asked = []
        self.failure = None
        user = types.SimpleNamespace(project_id='me', project_name='mine')
        self.request = types.SimpleNamespace(user=user)
        for name in ('tenant_get', 'tenant_list'):
            path = f'openstack_dashboard.api.keystone.{name}'
            self.useFixture(fixtures.MonkeyPatch(path, getattr(self, name)))

    def tenant_get(self, request, project_id):
        self.asked.append(project_id)
        if self.failure:
            raise self.failure
        if project_id not in _KNOWN:
            raise exceptions.NotFound
        return types.SimpleNamespace(name=_KNOWN[project_id])

    def tenant_list(self, request, filters=None):
        if self.failure:
            raise self.failure
        ((how, named),) = (filters or {'name': None}).items()
        part = named.lower() if how == 'name__icontains' else None
        found = [
            types.SimpleNamespace(id=one, name=name)
            for one, name in _KNOWN.items()
            if named in (None, name) or (part and part in name.lower())
        ]
        return found, False

    def test_each_project_is_asked_for_once(self):
        ids = ('me', 'a1', 'a1', None, 'gone')
        shown = projects.names(self.request, ids)
        self.assertEqual({'me': 'mine', 'a1': 'Alpha'}, shown)
        self.assertEqual(['a1', 'gone'], self.asked)
        self.assertEqual('gone', projects.name(self.request, 'gone'))

    def test_without_keystone_ids_are_shown(self):
        self.failure = exceptions.ConnectFailure
        rows = [api.Record(project_id=one) for one in ('a1', 'b2', None)]
        projects.complete(self.request, rows)
        self.assertEqual(['a1', 'b2', None], [one.project for one in rows])
        # It does not respond: a page waits for it once.
        self.assertEqual(['a1'], self.asked)
        self.assertEqual('beta', projects.to_filter(self.request, 'beta'))

    def test_filter_by_name(self):
        for text, sent in (('beta', 'in:b2'), ('ALP', 'in:a1'), ('b2', 'b2')):
            self.assertEqual(sent, projects.to_filter(self.request, text))

    def test_choices_are_sorted(self):
        self.assertEqual([*_KNOWN.items()], projects.every(self.request))
