# SPDX-License-Identifier: Apache-2.0
"""Pages of a Horizon that runs in the test process.

There is no Keystone; Valence and its pod managers are separate processes.
"""

import datetime
import urllib.parse
from unittest import mock

import fixtures
import testtools
import valenceclient
from django import test
from openstack_auth import user as auth_user

from valence_dashboard.tests.functional import processes

_NEEDED = ('valence', 'valence-api', 'valence-simulator')
MISSING = [name for name in _NEEDED if processes.command(name) is None]
_PROJECT = 'a' * 32
_ASKING = (
    'openstack_dashboard.dashboards.identity.application_credentials.panel'
    '.ApplicationCredentialsPanel'
)
_ROLES = {
    'admin': ('admin', 'member', 'reader'),
    'member': ('member', 'reader'),
    'reader': ('reader',),
}


def _user(url, roles):
    expires = datetime.datetime.now(datetime.UTC)
    token = mock.Mock(id='token', project={'id': _PROJECT, 'name': 'demo'})
    token.expires = expires + datetime.timedelta(hours=1)
    token.tenant = token.project
    endpoint = {
        'interface': 'public',
        'region': 'RegionOne',
        'region_id': 'RegionOne',
        'url': url,
    }
    service = {'type': 'composable', 'name': 'valence'}
    return auth_user.User(
        id='b' * 32,
        token=token,
        user='somebody',
        project_id=_PROJECT,
        project_name='demo',
        domain_id='default',
        enabled=True,
        service_catalog=[{**service, 'endpoints': [endpoint]}],
        roles=[{'id': name, 'name': name} for name in roles],
        authorized_tenants=[],
        services_region='RegionOne',
    )


class TestCase(testtools.TestCase, test.SimpleTestCase):
    """Requests pages as a user of the Valence at ``url``."""

    def use(self, url, role='admin'):
        user = _user(url, _ROLES[role])
        context = {'JS_CATALOG': '', 'authorized_tenants': []}
        for name, answer in (
            ('openstack_auth.utils.get_user', user),
            ('openstack_dashboard.context_processors.openstack', context),
            # This panel asks Keystone whether it is visible.
            (f'{_ASKING}.can_access', False),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(name, lambda *_, answer=answer: answer)
            )

    def page(self, path, **headers):
        """Return the text of a page."""
        return self.client.get(path, headers=headers).content.decode()

    def filter(self, path, name, text):
        """Return the page after the form of its filters was sent."""
        query = urllib.parse.urlencode({'filter': name, 'text': text})
        answer = self.client.get(f'{path}?{query}', follow=True)
        return answer.content.decode()


def connect(url):
    return valenceclient.connect(
        auth_type='none',
        endpoint=url,
        load_yaml_config=False,
        load_envvars=False,
    ).composable


def pod_manager(valence, systems):
    """Register a pod manager and wait for its inventory."""
    composable = connect(valence.url)
    simulator = processes.simulator(systems)
    made = composable.create_pod_manager(
        name='pod',
        url=simulator.url,
        username='admin',
        password=processes.PASSWORD,
        location='Room 7',
    )
    processes.wait_for(
        lambda: composable.get_pod_manager(made.id).synced_at, 'its inventory'
    )
    return composable, made.id


class NodeTestCase(TestCase):
    """Provides a Valence, a pod manager, a flavor and a node per class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.valence = processes.valence(name=cls.__name__.lower())
        cls.composable, cls.pod = pod_manager(cls.valence, 3)
        cls.composable.create_flavor(name='any', properties={})
        node = cls.composable.compose_node(
            name='one', pod_manager='pod', flavor='any'
        )
        cls.composable.wait_for_operation(node, interval=0.1)
        cls.node = node.id

    def setUp(self):
        super().setUp()
        self.use(self.valence.url)
