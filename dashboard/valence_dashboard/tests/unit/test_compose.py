# SPDX-License-Identifier: Apache-2.0
"""The form that composes nodes, filled from requests and other nodes."""

import json

import fixtures
from django.core.files import uploadedfile

from valence_dashboard.project.nodes import composing
from valence_dashboard.tests.unit import fakes

_COMPOSE = '/project/nodes/compose/'
_FILL = '/project/nodes/compose/fill/'
_POD, _FLAVOR, _NODE, _OTHER = (
    f'00000000-0000-4000-8000-00000000000{n}' for n in range(4)
)
_FAILED = {
    'uuid': _NODE,
    'name': 'web',
    'description': 'A server.',
    'provision_state': 'error',
    'power_state': 'unknown',
    'properties': {'processor': {'total_cores': 8}},
    'podm_uuid': _POD,
    'lease_end': 'release',
    'systems': [],
    'devices': [],
}
_NAMED = {'uuid': _OTHER, 'name': 'other'}
_MET = {'memory': {'capacity_mib': 2048}, 'storage': [{'count': 1}]}
_UNMET = {'processor': {'total_cores': 99, 'model': 'X'}}


_BODY = {
    'name': 'web',
    'description': 'A server.',
    'flavor': 'small',
    'pod_manager': _POD,
    'lease_end': 'release',
    'lease_until': '2030-01-01T00:00:00Z',
    'affinity': {'scope': 'rack', 'against': ['other']},
    'register': True,
    'resources': ['a', 'b'],
    'properties': {
        'memory': {'capacity_mib': 2048},
        'storage': [{'type': 'SSD'}, {}, {'capacity_gib': 5}],
    },
}


class ComposeCase(fakes.TestCase):
    def setUp(self):
        super().setUp()
        self.useFixture(fixtures.MonkeyPatch('time.sleep', lambda _: None))
        self.answers |= {
            'flavors/choices': {'choices': {}},
            'flavors': {'flavors': [{'uuid': _FLAVOR, 'name': 'small'}]},
            'pod_managers': {'pod_managers': [{'uuid': _POD, 'name': 'pod'}]},
            'nodes': {'nodes': [{**_FAILED, **_NAMED}]},
            'nodes/preview': self.preview(),
            f'nodes/{_NODE}': _FAILED,
            f'nodes/{_OTHER}': {**_FAILED, **_NAMED},
        }

    @staticmethod
    def preview(*rejections):
        candidates = [] if rejections else [{'pod_manager': 'pod'}]
        return {
            'candidates': candidates,
            'rejections': [*rejections],
            'quota': [],
            'limits': [],
        }

    def reads(self, answer, text):
        self.assertTrue(text in answer.content.decode(), text)

    def lacks(self, answer, text):
        self.assertFalse(text in answer.content.decode(), text)

    def shown(self, answer):
        """Return the values that a page shows, by field."""
        forms = answer.context['workflow'].forms()
        return {
            name: form[name].value()
            for form in forms
            for name in form.fields
            if form[name].value()
        }

    def fill(self, body, **more):
        text = body if isinstance(body, str) else json.dumps(body)
        return self.client.post(_FILL, {'request': text, **more})


class TestFill(ComposeCase):
    def test_everything(self):
        answer = self.fill(_BODY, count=3)
        self.assertEqual(
            {
                'name': 'web',
                'description': 'A server.',
                'count': '3',
                'flavor': _FLAVOR,
                'pod_manager': _POD,
                'lease_end': 'release',
                'lease_until': '2030-01-01T00:00:00Z',
                'relation': 'against:rack',
                'others': [_OTHER],
                'register': True,
                'resources': 'a\nb',
                'memory__capacity_mib': '2',
                'storage__0__type': 'SSD',
                'storage__2__capacity_gib': '5',
            },
            self.shown(answer),
        )
        self.lacks(answer, 'does not show')
        # Only what a preview knows was checked, and nothing composed.
        ((_method, path, sent),) = self.sent
        self.assertEqual('nodes/preview', path)
        self.assertNotIn('name', sent)
        self.assertIn('affinity', sent)

    def test_a_file(self):
        file = uploadedfile.SimpleUploadedFile('a.json', b'{"name": "web"}')
        answer = self.client.post(_FILL, {'request': '', 'file': file})
        self.assertEqual('web', self.shown(answer)['name'])

    def test_errors(self):
        for text, error in (
            ('{"name"', 'Invalid JSON'),
            ('', 'Invalid JSON'),
            ('[]', 'The request is not a JSON object.'),
            ('[' * 100_000, 'Invalid JSON'),
            (r'{"name": "\ud800"}', 'Invalid JSON'),
            ('{"name": 5}', 'name is not a text.'),
        ):
            self.reads(self.fill(text), error)
        for content, error in (
            (b'\xff', 'Invalid JSON'),
            (b'{}'.ljust(2**20 + 1), 'more than 1 MiB'),
        ):
            file = uploadedfile.SimpleUploadedFile('a.json', content)
            self.reads(self.client.post(_FILL, {'file': file}), error)
        self.assertEqual([], self.sent)

    def test_what_the_api_rejects(self):
        self.answers['nodes/preview'] = 400
        answer = self.fill('{"colour": "<b>"}')
        self.reads(answer, 'The service returned 400.')
        # What was pasted can be changed.
        self.reads(answer, '{&quot;colour&quot;: &quot;&lt;b&gt;')
        self.assertEqual({'colour': '<b>'}, self.sent[0][2])

    def test_what_the_form_does_not_show(self):
        answer = self.fill(
            {'name': 'web', 'flavor': 'gone', 'register': {'traits': ['A']}}
        )
        self.reads(answer, 'does not show: flavor, register.')


class TestOtherNodes(ComposeCase):
    def test_clone(self):
        answer = self.client.get(f'{_COMPOSE}?clone={_NODE}')
        self.assertEqual(
            {
                'count': 1,
                'description': 'A server.',
                'lease_end': 'release',
                'processor__total_cores': '8',
            },
            self.shown(answer),
        )

    def test_clone_by_flavor(self):
        self.answers[f'nodes/{_NODE}'] = {**_FAILED, 'flavor_uuid': _FLAVOR}
        answer = self.client.get(f'{_COMPOSE}?clone={_NODE}')
        self.assertEqual(_FLAVOR, self.shown(answer)['flavor'])

    def test_retry(self):
        answer = self.client.get(f'{_COMPOSE}?replaces={_NODE}')
        shown = self.shown(answer)
        self.assertEqual(('web', _NODE), (shown['name'], shown['replaces']))
        self.assertEqual(_POD, shown['pod_manager'])
        self.reads(answer, 'The failed node is deleted before')

    def test_what_only_the_operation_knows(self):
        params = {
            'affinity': {'scope': 'rack', 'against': [_POD]},
            'register': {},
            'resources': [_FLAVOR],
        }
        self.answers['operations'] = {
            'operations': [{'uuid': _POD, 'params': params}]
        }
        shown = self.shown(self.client.get(f'{_COMPOSE}?replaces={_NODE}'))
        self.assertEqual('against:rack', shown['relation'])
        self.assertEqual([_POD], shown['others'])
        self.assertTrue(shown['register'])
        self.assertEqual(_FLAVOR, shown['resources'])
        # Another node has this hardware.
        self.answers[f'nodes/{_NODE}'] = _FAILED | {'power_state': 'on'}
        shown = self.shown(self.client.get(f'{_COMPOSE}?clone={_NODE}'))
        self.assertEqual('against:rack', shown['relation'])
        self.assertNotIn('resources', shown)
        self.answers['operations'] = 404
        shown = self.shown(self.client.get(f'{_COMPOSE}?clone={_NODE}'))
        self.assertNotIn('relation', shown)

    def test_a_node_that_is_gone(self):
        self.answers[f'nodes/{_NODE}'] = 404
        for name in ('clone', 'replaces'):
            answer = self.client.get(f'{_COMPOSE}?{name}={_NODE}')
            self.reads(answer, 'The service returned 404.')


class TestCompose(ComposeCase):
    """Nodes are composed, except those that are ``refused``."""

    refused = ()

    def setUp(self):
        super().setUp()
        self.composed = []

    def answer(self, proxy, url, method='GET', **options):
        path = url.strip('/')
        if (method, path) == ('POST', 'nodes'):
            name = options['json']['name']
            self.composed.append(name)
            return self.respond(
                path, 409 if name in self.refused else {'uuid': _OTHER}
            )
        if method == 'DELETE':
            self.answers[path] = 404
            return self.respond(path, {'uuid': _NODE})
        return super().answer(proxy, url, method, **options)

    def send(self, **data):
        data = {'name': 'web', 'lease_end': '', **data}
        return self.client.post(_COMPOSE, data, follow=True)

    def test_one(self):
        for count in ({}, {'count': 1}):
            answer = self.send(**count)
            ((url, _code),) = answer.redirect_chain
            self.assertEqual(f'/project/nodes/{_OTHER}/', url)
        self.assertEqual(['web', 'web'], self.composed)

    def test_several(self):
        self.refused = ('web-2', 'web-3')
        answer = self.send(count=4)
        self.assertEqual(['web-1', 'web-2', 'web-3', 'web-4'], self.composed)
        self.reads(answer, 'Composing 2 nodes.')
        self.reads(answer, 'web-2, web-3: The service returned 409.')
        self.assertEqual('/project/nodes/', answer.redirect_chain[0][0])

    def test_none_of_several(self):
        self.refused = ('web-1', 'web-2')
        answer = self.send(count=2)
        self.assertEqual([], answer.redirect_chain)
        self.reads(answer, 'The service returned 409.')

    def test_too_many(self):
        for count in (0, composing.MOST + 1, 'x'):
            answer = self.send(count=count)
            self.assertIn(
                'count', answer.context['workflow'].forms()[0].errors
            )
        self.assertEqual([], self.composed)

    def test_instead_of_a_failed_one(self):
        self.send(replaces=_NODE)
        self.assertEqual(404, self.answers[f'nodes/{_NODE}'])
        # Nor is it a problem that it is gone.
        self.send(replaces=_NODE)
        self.assertEqual(['web', 'web'], self.composed)

    def test_a_node_with_hardware_is_not_replaced(self):
        for change in (
            {'provision_state': 'active'},
            {'power_state': 'on'},
            {'fault': 'missing'},
            {'systems': [{'name': 's'}]},
        ):
            self.answers[f'nodes/{_NODE}'] = {**_FAILED, **change}
            answer = self.send(replaces=_NODE)
            self.reads(answer, 'web has hardware: release it.')
        self.assertEqual([], self.composed)

    def test_a_node_that_stays(self):
        self.useFixture(
            fixtures.MonkeyPatch(
                'valence_dashboard.project.nodes.composing._PATIENCE', 0
            )
        )
        state = {**_FAILED, 'provision_state': 'releasing'}
        self.answers[f'nodes/{_NODE}'] = state
        answer = self.send(replaces=_NODE)
        self.reads(answer, 'web is being deleted.')
        self.assertEqual([], self.composed)


class TestWhyNot(ComposeCase):
    def rejection(self, **more):
        return {
            'podm_uuid': _POD,
            'name': 'pod',
            'filter': 'capacity',
            'reason': 'too small',
            'met': _MET,
            'unmet': _UNMET,
            **more,
        }

    def table(self, *rejections):
        self.answers['nodes/preview'] = self.preview(*rejections)
        data = {'name': 'web', 'count': '2', 'processor__total_cores': '99'}
        answer = self.client.post('/project/nodes/preview/', data)
        return answer, answer.context['shortage']

    def test_members(self):
        answer, shortage = self.table(
            self.rejection(name='far', unmet={**_UNMET, **_MET}, met={}),
            self.rejection(),
            {'name': 'x', 'filter': 'status', 'reason': 'it is offline'},
        )
        self.assertEqual('pod', shortage.pod_manager)
        self.assertEqual(
            [
                ('Processor: Total cores', '99', False, ''),
                ('Processor: Model', 'X', False, ''),
                ('Memory: Capacity (GiB)', '2', True, ''),
                ('Storage', 'Count 1', True, ''),
            ],
            [tuple(row) for row in shortage.rows],
        )
        # The rest of the request stays.
        fit = json.loads(shortage.fit)
        self.assertEqual({'name': 'web', 'properties': _MET}, fit)
        self.reads(answer, 'name="count" value="2"')
        self.reads(answer, 'it is offline')

    def test_those_who_may_choose(self):
        near = {**_MET, 'processor': {'total_cores': 24}}
        answer, shortage = self.table(self.rejection(nearest=near, systems=3))
        self.assertEqual('24', shortage.rows[0].nearest)
        self.assertEqual(near, json.loads(shortage.fit)['properties'])
        self.reads(answer, 'with 3 free systems')

    def test_nothing_fits(self):
        answer, shortage = self.table(self.rejection(met={}))
        self.assertIsNone(shortage.fit)
        self.lacks(answer, 'Use what fits')

    def test_other_reasons(self):
        other = {'name': 'x', 'filter': 'status', 'reason': 'it is offline'}
        answer, shortage = self.table(other)
        self.assertIsNone(shortage)
        self.reads(answer, 'it is offline')


class TestLimits(ComposeCase):
    def limits(self, *limits, count=1):
        preview = {**self.preview(), 'limits': [*limits]}
        self.answers['nodes/preview'] = preview
        data = {'name': 'web', 'count': count}
        return self.client.post('/project/nodes/preview/', data)

    def test_limits(self):
        answer = self.limits(
            {'resource': 'nodes', 'limit': 10, 'used': 3, 'requested': 1},
            {
                'resource': 'memory',
                'limit': 65536,
                'used': 1024,
                'requested': 2048,
            },
            {'resource': 'holds', 'limit': 0, 'used': 0, 'requested': 0},
            count=4,
        )
        self.reads(answer, '3 of 10 used, 4 requested')
        self.reads(answer, 'style="width:70%"')
        self.reads(answer, '1 GiB of 64 GiB used, 8 GiB requested')
        self.reads(answer, '0 of 0 used<')
        self.lacks(answer, 'progress-bar-danger')

    def test_too_many(self):
        answer = self.limits(
            {'resource': 'nodes', 'limit': 4, 'used': 3, 'requested': 1},
            count=2,
        )
        self.reads(answer, 'progress-bar-danger')
        self.reads(answer, 'style="width:100%"')

    def test_none(self):
        self.reads(self.limits(), 'The project has no limits.')
