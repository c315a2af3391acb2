#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Show Valence at work on three kinds of pod managers at once.

An Intel RSD pod, a DMTF composition service and an NEC ExpEther Manager are
registered without a word on what they are. The same flavor is composed on
each, and then again and again, until one kind after the other is full.

DEMO_EXIT=1 is as in demo.py.
"""

import collections
import signal
import sys
from typing import Any

import requests

import demo
from demo import Failed
from demo import say
from demo import show
from demo import wait

# A machine with one solid-state drive, whatever it takes to get that.
FLAVOR = {'storage': [{'type': 'SSD'}]}


class Mixed(demo.Demo):
    """Three pods of different kinds, and one Valence."""

    # Personality of each simulator, its size, and the driver for it.
    KINDS = {
        'north': ('rsd', 3, 'rsd'),
        'south': ('redfish', 4, 'redfish'),
        'west': ('eem', 6, 'expether'),
    }
    STEPS = (
        ('start', 'Start a pod manager of each kind, and Valence'),
        ('register', 'Register them, without telling of what kind they are'),
        ('contact', 'Wait until all are recognized, and their inventory in'),
        ('inventory', 'Show what they own'),
        ('flavor', 'Define a flavor'),
        ('each', 'Compose it on each of them'),
        ('fill', 'Compose it wherever there is room, until there is none'),
        ('release', 'Release everything'),
    )

    def __init__(self, directory: Any) -> None:
        super().__init__(directory)
        self.sizes = {name: kind[1] for name, kind in self.KINDS.items()}

    def start_pod(self, name: str, port: int = 0) -> None:
        pod = demo.Process(
            name,
            self.directory,
            *('valence-simulator', '--personality', self.KINDS[name][0]),
            *('--host', '127.0.0.1', '--port', str(port)),
            *('--systems', str(self.sizes[name]), '--seed', name),
            *('--username', demo.USERNAME, '--password', demo.PASSWORD),
        )
        self.pods[name] = pod
        self.urls[name] = pod.wait_for_line(r'listening on (http://[^/\s]+)')

    def contact(self) -> None:
        super().contact()
        podms = self.api.look('/v1/pod_managers')['pod_managers']
        found = {podm['name']: podm['driver'] for podm in podms}
        wanted = {name: kind[2] for name, kind in self.KINDS.items()}
        if found != wanted:
            raise Failed(f'they were taken for {found}')

    def inventory(self) -> None:
        rows = []
        for name in self.KINDS:
            where = f'?pod_manager={name}&limit=1000'
            systems = self.api.look(f'/v1/systems{where}')['systems']
            devices = self.api.look(f'/v1/devices{where}')['devices']
            count = collections.Counter(d['type'] for d in devices)
            rows.append(
                {
                    'pod manager': name,
                    'systems': len(systems),
                    'pooled devices': ', '.join(
                        f'{n} {kind}' for kind, n in sorted(count.items())
                    ),
                }
            )
        show(rows)

    def flavor(self) -> None:
        self.api.call(
            'POST',
            '/v1/flavors',
            {'name': 'solid', 'properties': FLAVOR},
            201,
        )
        say(
            'On RSD the drive is in the machine already; on the composition '
            'service and on ExpEther one is taken from the pool and joined '
            'to a machine.'
        )

    def each(self) -> None:
        for name in self.KINDS:
            self.compose(name=f'on-{name}', flavor='solid', pod_manager=name)
        self.show_all()

    def show_all(self) -> None:
        """Every node with what it is made of; the pods have to agree."""
        names = {uuid: name for name, uuid in self.uuids.items()}
        nodes = self.api.look('/v1/nodes?limit=1000')['nodes']
        rows = []
        for node in nodes:
            node = self.api.look(f'/v1/nodes/{node["uuid"]}')
            rows.append(
                {
                    'node': node['name'],
                    'on': names[node['podm_uuid']],
                    'system': ', '.join(s['name'] for s in node['systems']),
                    'pooled': ', '.join(
                        d['name'] for d in node.get('devices') or ()
                    ),
                    'state': node['provision_state'],
                }
            )
        show(rows)
        told = collections.Counter(row['on'] for row in rows)
        truth = collections.Counter(
            {
                name: len(
                    requests.get(f'{url}/_simulator/state', timeout=30).json()[
                        'nodes'
                    ]
                )
                for name, url in self.urls.items()
            }
        )
        if told != truth:
            raise Failed(f'the pods hold {truth}, Valence says {told}')

    def fill(self) -> None:
        say('No pod manager is named any more.')
        names = {uuid: name for name, uuid in self.uuids.items()}
        places = []
        for n in range(100):
            answer = requests.post(
                f'{self.api.url}/v1/nodes',
                json={'name': f'more-{n}', 'flavor': 'solid'},
                timeout=30,
            )
            if answer.status_code == 409:
                break
            node = self.settled(answer.json())
            if node['provision_state'] == 'error':
                say(node['last_error'] or '')
                requests.delete(
                    f'{self.api.url}/v1/nodes/{node["uuid"]}', timeout=30
                )
                break
            self.nodes[node['name']] = node
            places.append(names[node['podm_uuid']])
        say('They went, one after the other, to ' + ', '.join(places) + '.')
        if set(places) != set(self.KINDS):
            raise Failed('not every kind of pod manager was used')
        wait('the one without a place to be gone', self._only_active)
        self.show_all()

    def settled(self, node: dict[str, Any]) -> dict[str, Any]:
        """A node after its operation has ended."""
        path = f'/v1/nodes/{node["uuid"]}'

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.api.look(path)
            return found if found['provision_state'] != 'composing' else None

        return wait('the node to be composed', look, self.valence)

    def _only_active(self) -> bool:
        nodes = self.api.look('/v1/nodes?limit=1000')['nodes']
        return all(node['provision_state'] == 'active' for node in nodes)

    def release(self) -> None:
        for node in self.nodes.values():
            requests.delete(
                f'{self.api.url}/v1/nodes/{node["uuid"]}', timeout=30
            ).raise_for_status()
        wait(
            'all nodes to be gone',
            lambda: not self.api.look('/v1/nodes')['nodes'],
            self.valence,
        )
        self.show_all()
        say('The pods themselves hold no nodes any more.')

    def play(self) -> None:
        print(demo.paint('1', 'Yours to play with'))
        print(f'   Valence      {self.api.url}')
        for name, url in self.urls.items():
            print(f'   {name:12} {url} ({demo.USERNAME}, {demo.PASSWORD})')
        print('\nCtrl-C ends it all.', flush=True)
        signal.pause()


if __name__ == '__main__':
    demo.Demo = Mixed  # type: ignore[misc]
    sys.exit(demo.main())
