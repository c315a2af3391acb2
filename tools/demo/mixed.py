# SPDX-License-Identifier: Apache-2.0
"""The story of ``make demo-mixed``: one flavor on three kinds of hardware.

Valence detects the kinds itself: an Intel RSD pod, a DMTF composition service
and an NEC ExpEther Manager. The same flavor is composed on each, and then on
any of them until all are full.
"""

import collections
from typing import Any

from tools.demo import steps
from tools.demo import story
from tools.demo.console import say
from tools.demo.console import show
from tools.demo.deployment import Deployment
from tools.demo.deployment import Pod
from tools.demo.processes import StepFailed
from tools.demo.processes import wait

# A system with one solid-state drive.
REQUIREMENTS = {'storage': [{'type': 'SSD'}]}


def contact(deployment: Deployment) -> None:
    """Wait for the inventory, and check which drivers were detected."""
    steps.contact(deployment)
    podms = deployment.api.get('/v1/pod_managers')['pod_managers']
    detected = {podm['name']: podm['driver'] for podm in podms}
    expected = {name: pod.driver for name, pod in deployment.pods.items()}
    if detected != expected:
        raise StepFailed(f'the detected drivers are {detected}')


def show_inventory(deployment: Deployment) -> None:
    """Print the number of systems and devices of each pod manager."""
    rows = []
    for name in deployment.pods:
        query = f'?pod_manager={name}&limit=1000'
        systems = deployment.api.get(f'/v1/systems{query}')['systems']
        devices = deployment.api.get(f'/v1/devices{query}')['devices']
        count = collections.Counter(device['type'] for device in devices)
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


def create_flavor(deployment: Deployment) -> None:
    """Create the flavor of all nodes."""
    body = {'name': 'solid', 'properties': REQUIREMENTS}
    deployment.api.call('POST', '/v1/flavors', body, 201)
    say(
        'On RSD the drive is built into the system. The composition service '
        'and ExpEther attach one from their pool.'
    )


def compose_on_each(deployment: Deployment) -> None:
    """Compose a node on each pod manager."""
    for name in deployment.pods:
        deployment.compose(name=f'on-{name}', flavor='solid', pod_manager=name)
    show_nodes(deployment)


def show_nodes(deployment: Deployment) -> None:
    """Print all nodes; the simulators have to have as many."""
    rows = [
        _node_row(deployment, deployment.api.get(f'/v1/nodes/{node["uuid"]}'))
        for node in deployment.api.get('/v1/nodes?limit=1000')['nodes']
    ]
    show(rows)
    managed = collections.Counter(row['pod manager'] for row in rows)
    real = collections.Counter(
        {
            name: len(pod.state()['nodes'])
            for name, pod in deployment.pods.items()
        }
    )
    if managed != real:
        raise StepFailed(
            f'the simulators have {real} nodes, Valence has {managed}'
        )


def _node_row(deployment: Deployment, node: dict[str, Any]) -> dict[str, Any]:
    return {
        'node': node['name'],
        'pod manager': deployment.names_by_uuid[node['podm_uuid']],
        'system': ', '.join(system['name'] for system in node['systems']),
        'pooled devices': ', '.join(
            device['name'] for device in node.get('devices') or ()
        ),
        'state': node['provision_state'],
    }


def fill(deployment: Deployment) -> None:
    """Compose nodes on any pod manager until none has room."""
    say('The requests do not name a pod manager.')
    podms = []
    for n in range(100):
        node = _compose(deployment, f'more-{n}')
        if node is None:
            break
        deployment.nodes[node['name']] = node
        podms.append(deployment.names_by_uuid[node['podm_uuid']])
    say('The nodes were composed, in this order, on ' + ', '.join(podms) + '.')
    if set(podms) != set(deployment.pods):
        raise StepFailed('not every pod manager was used')

    def all_active() -> bool:
        nodes = deployment.api.get('/v1/nodes?limit=1000')['nodes']
        return all(node['provision_state'] == 'active' for node in nodes)

    wait('the failed node to be deleted', all_active)
    show_nodes(deployment)


def _compose(deployment: Deployment, name: str) -> dict[str, Any] | None:
    """Compose a node; None if no pod manager can provide the hardware."""
    api = deployment.api
    accepted = api.post('/v1/nodes', {'name': name, 'flavor': 'solid'})
    if accepted is None:
        return None
    path = f'/v1/nodes/{accepted["uuid"]}'

    def composed() -> dict[str, Any] | None:
        node: dict[str, Any] = api.get(path)
        return node if node['provision_state'] != 'composing' else None

    node = wait('the node to be composed', composed, deployment.valence)
    if node['provision_state'] != 'error':
        return node
    say(node['last_error'] or '')
    api.delete(path)
    return None


def release(deployment: Deployment) -> None:
    """Release all nodes."""
    for node in deployment.nodes.values():
        deployment.api.delete(f'/v1/nodes/{node["uuid"]}')
    wait(
        'all nodes to be released',
        lambda: not deployment.api.get('/v1/nodes')['nodes'],
        deployment.valence,
    )
    show_nodes(deployment)
    say('The simulators have no nodes any more.')


def stay(deployment: Deployment) -> None:
    """Print where everything listens, and wait for Ctrl-C."""
    story.show_access(deployment)
    story.wait_for_interrupt()


THREE_KINDS = story.Story(
    pods=(
        Pod('north', 'rsd', 'rsd', 3),
        Pod('south', 'redfish', 'redfish', 4),
        Pod('west', 'eem', 'expether', 6),
    ),
    steps=(
        ('Start a pod manager of each kind, and Valence', steps.start),
        ('Register them without naming a driver', steps.register),
        ('Wait until Valence has detected and synchronized them', contact),
        ('Show their inventory', show_inventory),
        ('Create a flavor', create_flavor),
        ('Compose a node of it on each of them', compose_on_each),
        ('Compose nodes on any of them until all are full', fill),
        ('Release everything', release),
    ),
    stay=stay,
)
