# SPDX-License-Identifier: Apache-2.0
"""Random JSON in place of any response, or of any part of one.

Whatever comes, a driver raises what its contract allows or returns values that
can be stored, and hardware that was there is shown, stale, or reported.
"""

import contextlib
import copy
import random

from valence import objects
from valence.common import exception
from valence.conductor.inventory import diff
from valence.podmanagers import base as podmanagers
from valence.podmanagers.composition.driver import Redfish
from valence.podmanagers.expether.driver import ExpEther
from valence.podmanagers.progress import InProgress
from valence.podmanagers.rsd.driver import RSD
from valence.tests.contract import odd
from valence.tests.fixtures import odd_service
from valence.tests.fixtures.odd_service import BLOCKS
from valence.tests.fixtures.odd_service import ROOT
from valence.tests.fixtures.odd_service import SYSTEMS
from valence.tests.fixtures.odd_service import link

_EXAMPLES = 150
_SEED = 20140
_KINDS = {
    'chassis': objects.Chassis,
    'systems': objects.System,
    'devices': objects.Device,
    'storages': objects.Storage,
}
_RACK = f'{ROOT}/Chassis/c'
_DRIVE = f'{_RACK}/Drives/d'
_LEAVES = (
    *(None, True, False, 0, -1, 1, 7.5, 2**31, 2**53, 2**64, 10**30, 1e300),
    *('', ' ', '7', 'None', 'Enabled', 'Composed', 'CPU', '\0', '\x1b[2J'),
    *('x' * 3000, '\u202e', 'x://[bad', '//[zz]', '/a b', '../..', '?$skip=1'),
    *(BLOCKS, SYSTEMS, ROOT, f'{SYSTEMS}/1', f'{BLOCKS}/host', '#', '%zz'),
)
NAMES = (
    *('@odata.id', 'Members', 'Members@odata.count', 'Links', 'Id', 'Name'),
    *('Members@odata.nextLink', 'Status', 'State', 'Health', 'devices', 'id'),
    *('Processors', 'Memory', 'Drives', 'Storage', 'EthernetInterfaces'),
    *('ResourceBlockType', 'CompositionStatus', 'CompositionState', 'Oem'),
    *('ResourceBlocks', 'ComputerSystem', 'Zones', 'Chassis', 'status'),
    *('group_id', 'CapacityBytes', 'MACAddress', 'SystemType', 'error'),
)


def anything(rng, depth=3):
    """Random JSON of the words of the protocols."""
    kind = rng.random()
    if depth and kind < 0.3:
        return [anything(rng, depth - 1) for _ in range(rng.randrange(4))]
    if depth and kind < 0.7:
        return {
            rng.choice(NAMES): anything(rng, depth - 1)
            for _ in range(rng.randrange(5))
        }
    return rng.choice(_LEAVES)


def spoil(rng, value):
    """A copy of JSON with something random anywhere in it."""
    if rng.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return anything(rng)
    key = rng.choice(
        list(value) if isinstance(value, dict) else range(len(value))
    )
    value[key] = spoil(rng, value[key])
    return value


class RandomCase(odd.OddCase):
    driver_class = Redfish

    def setUp(self):
        if type(self) is RandomCase:
            self.skipTest('this is what others derive from')
        super().setUp()
        self.fill()
        self.whole = copy.deepcopy(
            {
                uri: page
                for uri, page in self.pages.items()
                if isinstance(page, dict)
            }
        )

    def connect(self, path='', **login):
        super().connect(path, **login)
        self.driver = self.driver_class(self.connection)
        self.addCleanup(self.driver.close)

    def fill(self):
        """Have a node and all kinds of hardware."""
        self.service.made(
            {
                'Name': str(odd.MARK),
                'Links': {
                    'ResourceBlocks': [
                        link(f'{BLOCKS}/host'),
                        link(f'{BLOCKS}/disk'),
                    ]
                },
            }
        )
        self.pages['/p'] = {'Id': 'p', 'ProcessorType': 'CPU', 'TotalCores': 8}
        self.pages[_DRIVE] = {'Id': 'd', 'CapacityBytes': 2**40}
        self.pages[_RACK] = {'Id': 'c', 'ChassisType': 'Rack'}
        self.pages[f'{BLOCKS}/host']['Processors'] = [link('/p')]
        self.pages[f'{BLOCKS}/disk']['Drives'] = [link(_DRIVE)]
        self.pages[f'{ROOT}/Chassis'] = odd_service.collection(_RACK)
        place = f'{odd.SERVICE}/Zones'
        self.pages[odd.SERVICE]['ResourceZones'] = link(place)
        self.pages[place] = odd_service.collection(f'{place}/1')
        self.pages[f'{place}/1'] = {
            'Id': '1',
            'Links': {'ResourceBlocks': [link(f'{BLOCKS}/host')]},
        }

    def calls(self):
        """All requests to a driver but the inventory."""
        request = podmanagers.ComposeRequest(
            odd.MARK, 'n', {}, f'{BLOCKS}/host', (f'{BLOCKS}/disk',)
        )
        node = f'{SYSTEMS}/1'
        yield lambda: self.driver.probe(self.soon())
        yield lambda: self.driver.list_nodes(self.soon())
        yield lambda: self.driver.find_composed(request, self.soon())
        yield lambda: self.driver.read_node(node, self.soon())
        yield lambda: self.driver.refresh([node, _RACK, _DRIVE], self.soon())

    def uris(self, seen):
        found = {one.uri for kind in _KINDS for one in getattr(seen, kind)}
        return found | {node.uri for node in seen.nodes}

    def assertStorable(self, seen):
        for kind, cls in _KINDS.items():
            for item in getattr(seen, kind):
                for name, value in item.values.items():
                    cls.fields[name].coerce(cls(), name, value)

    def test_random_json(self):
        rng = random.Random(_SEED)
        known = self.uris(self.driver.discover(self.soon()))
        for number in range(_EXAMPLES):
            uri = rng.choice(list(self.whole))
            page = spoil(rng, copy.deepcopy(self.whole[uri]))
            said = f'{number}: {uri}: {page!r:.500}'
            self.pages[uri] = page
            self.connect()
            for call in self.calls():
                with contextlib.suppress(
                    exception.PodManagerError, InProgress
                ):
                    self.run_or_say(call, said)
            with contextlib.suppress(exception.PodManagerError):
                seen = self.run_or_say(
                    lambda: self.driver.discover(self.soon()), said
                )
                self.assertStorable(seen)
                if not self.may_hide(uri, page):
                    self.assertNothingHidden(known, seen, said)
            self.pages.update(copy.deepcopy(self.whole))
            self.driver.close()

    def run_or_say(self, call, said):
        try:
            return call()
        except (exception.PodManagerError, InProgress):
            raise
        except Exception as exc:
            raise AssertionError(f'{exc!r} of {said}') from exc

    def assertNothingHidden(self, known, seen, said):
        unread = tuple(seen.unread)
        hidden = known - self.uris(seen)
        lost = {uri for uri in hidden if not diff.is_unread(uri, unread)}
        self.assertEqual(set(), lost, said)

    def may_hide(self, uri, page):
        """Whether a response says in due form that something is not there."""
        return False


class RedfishTestCase(RandomCase):
    def may_hide(self, uri, page):
        # Another list of members, a root without a link, another type.
        return uri in (ROOT, odd.SERVICE) or (
            isinstance(page, dict)
            and (
                isinstance(page.get('Members'), list | dict | str)
                or uri == f'{SYSTEMS}/1'
            )
        )


class RsdTestCase(RandomCase):
    driver_class = RSD

    def fill(self):
        super().fill()
        nodes = f'{ROOT}/Nodes'
        self.pages[ROOT]['Nodes'] = link(nodes)
        self.pages[nodes] = odd_service.collection(f'{nodes}/1')
        self.pages[f'{nodes}/1'] = {
            'Id': '1',
            'ComposedNodeState': 'Assembled',
            'Links': {'ComputerSystem': link(f'{SYSTEMS}/1')},
        }
        self.pages[_RACK]['Links'] = {'Drives': [link(_DRIVE)]}

    def may_hide(self, uri, page):
        return uri in (ROOT, _RACK) or (
            isinstance(page, dict)
            and isinstance(page.get('Members'), list | dict | str)
        )


class EemTestCase(RandomCase):
    driver_class = ExpEther

    def fill(self):
        for uri in [one for one in self.pages if ' ' not in one]:
            del self.pages[uri]
        up = {'notification_status0': ['up'], 'notification_status1': ['up']}
        self.pages['/eem/devices/detail'] = {
            'devices': [
                {'id': '1', 'status': 'eesv', 'group_id': '20', **up},
                {'id': '2', 'status': 'eeio', 'group_id': '20', **up},
            ]
        }
        self.pages['/eem/api_version'] = {'version_number': '1'}

    def may_hide(self, uri, page):
        return True
