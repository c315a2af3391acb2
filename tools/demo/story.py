# SPDX-License-Identifier: Apache-2.0
"""The story of ``make demo``: two pod managers, from login to outage."""

import json
import pathlib
import time
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import requests

from tools.demo import processes
from tools.demo import steps
from tools.demo.console import heading
from tools.demo.console import say
from tools.demo.console import show
from tools.demo.deployment import PASSWORD
from tools.demo.deployment import USERNAME
from tools.demo.deployment import Deployment
from tools.demo.deployment import Pod
from tools.demo.processes import StepFailed
from tools.demo.processes import wait

Step = Callable[[Deployment], None]


class Story(NamedTuple):
    """A demo.

    :param pods: the pod managers to simulate.
    :param steps: title of each step, and the step.
    :param stay: what to do after the last step; it never returns.
    """

    pods: tuple[Pod, ...]
    steps: tuple[tuple[str, Step], ...]
    stay: Step

    def deploy(self, directory: pathlib.Path) -> Deployment:
        """Return the deployment of this story; nothing is started yet."""
        return Deployment(directory, *self.pods)


def start(deployment: Deployment) -> None:
    """Start all processes; the pod managers reject anonymous requests."""
    steps.start(deployment)
    for pod in deployment.pods.values():
        url = f'{pod.url}/redfish/v1/Systems'
        status = requests.get(url, timeout=30).status_code
        if status != requests.codes.unauthorized:
            raise StepFailed(f'{pod.name} returned {status} without a login')


def list_systems(deployment: Deployment) -> None:
    """Print the systems of each pod manager."""
    for name, pod in deployment.pods.items():
        response = deployment.api.call(
            'GET', f'/v1/systems?pod_manager={name}'
        )
        systems = response['systems']
        show(
            {
                'system': system['name'],
                'processors': f'{system["cpu_sockets"]} x '
                f'{system["cpu_model"]}',
                'cores': system['cpu_cores'],
                'memory': _memory(system),
                'drives': _drives(system),
                'power': system['power_state'],
                'state': system['state'],
            }
            for system in systems
        )
        if len(systems) != pod.systems:
            raise StepFailed(
                f'{name} has {len(systems)} systems instead of {pod.systems}'
            )


def compose_on_east(deployment: Deployment) -> None:
    """Compose a node on a pod manager that the request names."""
    say('The request names the pod manager; Valence selects the system.')
    deployment.compose(
        name='web',
        pod_manager='east',
        properties={
            'processor': {'total_cores': 16},
            'memory': {'capacity_mib': 32768},
        },
    )
    podm_uuid = deployment.nodes['web']['podm_uuid']
    if deployment.names_by_uuid[podm_uuid] != 'east':
        raise StepFailed('the node is not on east')


def compose_anywhere(deployment: Deployment) -> None:
    """Compose a node on whichever pod manager can satisfy the request."""
    say('The request contains only the requirements.')
    deployment.compose(
        name='database',
        properties={
            'processor': {'total_cores': 40},
            'memory': {'capacity_mib': 262144},
            'storage': [{'capacity_gib': 1000, 'type': 'ssd'}],
        },
    )


def show_hardware(deployment: Deployment) -> None:
    """Print the hardware of both nodes; compare with the simulators."""
    for name in deployment.nodes:
        node = deployment.api.call('GET', f'/v1/nodes/{name}')
        if not node['systems']:
            raise StepFailed(f'{name} shows no hardware')
        show(
            {
                'node': name,
                'system': system['name'],
                'cores': system['cpu_cores'],
                'memory': _memory(system),
                'drives': _drives(system),
                'MAC addresses': ' '.join(
                    nic['mac'] for nic in system['nics']
                ),
            }
            for system in node['systems']
        )
    say('The simulators themselves report the same nodes:')
    compare_with_simulators(
        deployment, {node['uuid'] for node in deployment.nodes.values()}
    )


def compare_with_simulators(deployment: Deployment, uuids: set[str]) -> None:
    """Print the nodes that the simulators have; they have to be these."""
    rows = [row for pod in deployment.pods.values() for row in _node_rows(pod)]
    found = {uuid for uuid in uuids for row in rows if uuid in row['json']}
    show(
        {title: row[title] for title in ('pod manager', 'node', 'system')}
        for row in rows
    )
    if found != uuids or len(rows) != len(uuids):
        raise StepFailed('the simulators have other nodes than Valence')


def _node_rows(pod: Pod) -> list[dict[str, Any]]:
    """Return the nodes of a simulator, with the system of each."""
    state = pod.state()
    return [
        {
            'pod manager': pod.name,
            'node': node['uri'],
            'system': system['uri'],
            'json': json.dumps(node),
        }
        for node in state['nodes']
        for system in state['systems']
        if system['node'] == node['uri']
    ]


def reset(deployment: Deployment) -> None:
    """Switch a node off, or on if it is off."""
    api = deployment.api
    before = api.get('/v1/nodes/web')['power_state']
    kind, expected = {'on': ('ForceOff', 'off')}.get(before, ('On', 'on'))
    response = api.call(
        'POST', '/v1/nodes/web/action', {'reset': {'Type': kind}}, 202
    )
    deployment.wait_for_operation(response['operation_uuid'])
    after = api.call('GET', '/v1/nodes/web')['power_state']
    show([{'node': 'web', 'power before': before, 'power now': after}])
    if after != expected:
        raise StepFailed(f'the node is {after} instead of {expected}')


def release(deployment: Deployment) -> None:
    """Release both nodes."""
    api = deployment.api
    for name in deployment.nodes:
        response = api.call('DELETE', f'/v1/nodes/{name}', status=202)
        deployment.wait_for_operation(response['operation_uuid'])
    left = api.call('GET', '/v1/nodes')['nodes']
    show({'node': node['name']} for node in left)
    if left:
        raise StepFailed('there are still nodes')
    say('The simulators have no nodes any more:')
    compare_with_simulators(deployment, set())


def stop_east(deployment: Deployment) -> None:
    """Stop one pod manager; the other one stays online."""
    process = deployment.pods['east'].process
    say(f'Stopping the process of east, {process.pid}.')
    status = process.stop()
    if status:
        raise StepFailed(f'it ended with status {status}')
    _wait_for_east(deployment, 'offline')
    steps.show_pod_managers(deployment)
    if not deployment.api.get('/v1/pod_managers/east')['status_reason']:
        raise StepFailed('east is offline without a reason')
    if deployment.api.get('/v1/pod_managers/west')['status'] != 'online':
        raise StepFailed('west is offline, too')


def _wait_for_east(deployment: Deployment, status: str) -> None:
    def reached() -> bool:
        podm = deployment.api.get('/v1/pod_managers/east')
        return podm['status'] == status

    wait(f'east to be {status}', reached, deployment.valence)


def stay(deployment: Deployment) -> None:
    """Start east again, suggest requests, and wait for Ctrl-C."""
    east = deployment.pods['east']
    east.start(deployment.directory, int(east.url.rpartition(':')[2]))
    _wait_for_east(deployment, 'online')
    show_access(deployment)
    url = deployment.api.url
    body = '{"name": "mine", "properties": {"memory": {}}}'
    json_type = '-H "Content-Type: application/json"'
    print(
        f'   Logs         {deployment.directory}',
        '',
        f'   curl {url}/v1/pod_managers',
        f"   curl '{url}/v1/systems?pod_manager=west&limit=2'",
        f"   curl {json_type} -d '{body}' \\\n       {url}/v1/nodes",
        f'   curl {url}/v1/nodes/mine',
        f'   curl {url}/v1/operations',
        f'   curl -X DELETE {url}/v1/nodes/mine',
        f'   curl {url}/v1/openapi.json',
        sep='\n',
    )
    wait_for_interrupt()


def show_access(deployment: Deployment) -> None:
    """Print where everything listens, and the login of the pod managers."""
    heading('The demo keeps running')
    print(f'   Valence      {deployment.api.url}')
    for name, pod in deployment.pods.items():
        print(
            f'   {name:12} {pod.url}/redfish/v1 (user {USERNAME}, password '
            f'{PASSWORD})'
        )


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C, or until a process ends unexpectedly."""
    print('\nPress Ctrl-C to stop everything.', flush=True)
    while True:
        processes.ensure_running()
        time.sleep(0.5)


def _memory(system: dict[str, Any]) -> str:
    return f'{system["memory_mib"] // 1024} GiB'


def _drives(system: dict[str, Any]) -> str:
    """Return capacity and type of the local drives."""
    return ' + '.join(
        f'{drive["capacity_gib"]:.0f} GB {drive["type"] or ""}'.strip()
        for drive in system['drives']
    )


TWO_PODS = Story(
    pods=(Pod('east', 'rsd', 'rsd', 4), Pod('west', 'rsd', 'rsd', 12)),
    steps=(
        ('Start two simulated pod managers, and Valence', start),
        ('Register both pod managers', steps.register),
        ('Wait until both are online and synchronized', steps.contact),
        ('List the systems of both', list_systems),
        ('Compose a node on a given pod manager', compose_on_east),
        ('Compose a node on any pod manager', compose_anywhere),
        ('Show the hardware of both nodes', show_hardware),
        ('Reset a node', reset),
        ('Release both nodes', release),
        ('Stop a pod manager', stop_east),
    ),
    stay=stay,
)
