# SPDX-License-Identifier: Apache-2.0
"""What a demo deploys: simulated pod managers, and Valence."""

import dataclasses
import pathlib
from typing import Any

import requests

from tools.demo import api
from tools.demo import console
from tools.demo import processes
from tools.demo.processes import StepFailed

USERNAME, PASSWORD = 'demo', 'rack-and-roll'


@dataclasses.dataclass
class Pod:
    """A simulated pod manager.

    :param personality: the kind of pod manager that is simulated.
    :param driver: the driver that Valence should detect for it.
    :param systems: how many systems it has.
    """

    name: str
    personality: str
    driver: str
    systems: int
    url: str = ''
    process: processes.Process = dataclasses.field(init=False)

    def start(self, logs: pathlib.Path, port: int = 0) -> None:
        """Start the simulator; its name is the seed of its hardware."""
        self.process = processes.Process(
            self.name,
            logs,
            *('valence-simulator', '--personality', self.personality),
            *('--host', '127.0.0.1', '--port', str(port)),
            *('--systems', str(self.systems), '--seed', self.name),
            *('--username', USERNAME, '--password', PASSWORD),
        )
        self.url = self.process.wait_for_output(
            r'listening on (http://[^/\s]+)'
        )

    def state(self) -> dict[str, Any]:
        """Return the state of the hardware, read past Valence."""
        response = requests.get(f'{self.url}/_simulator/state', timeout=30)
        response.raise_for_status()
        return response.json()


class Deployment:
    """Pod managers by name, the Valence that manages them, and its nodes."""

    api: api.Api
    valence: processes.Process

    def __init__(self, directory: pathlib.Path, *pods: Pod) -> None:
        self.directory = directory
        self.pods = {pod.name: pod for pod in pods}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.names_by_uuid: dict[str, str] = {}

    def start(self) -> None:
        """Start the pod managers and Valence."""
        for pod in self.pods.values():
            pod.start(self.directory)
        config = self.directory / 'valence.conf'
        config.write_text(
            f'[DEFAULT]\nstate_path = {self.directory / "state"}\n'
            f'[api]\nport = {processes.free_port(8181)}\n'
            f'[conductor]\nstatus_interval = 2\n'
        )
        self.valence = processes.Process(
            'valence', self.directory, 'valence', '--config-file', str(config)
        )
        self.api = api.Api(
            self.valence.wait_for_output(r'The API listens on (http://\S+)')
        )

    def compose(self, **body: Any) -> None:
        """Compose a node and wait until it is active."""
        response = self.api.call('POST', '/v1/nodes', body, 202)
        self.wait_for_operation(response['operation_uuid'])
        node = self.api.call('GET', f'/v1/nodes/{body["name"]}')
        self.nodes[node['name']] = node
        console.show(
            [
                {
                    'node': node['name'],
                    'uuid': node['uuid'],
                    'pod manager': self.names_by_uuid.get(node['podm_uuid']),
                    'state': node['provision_state'],
                    'power': node['power_state'],
                }
            ]
        )
        if node['provision_state'] != 'active':
            raise StepFailed(f'the node is {node["provision_state"]}')

    def wait_for_operation(self, uuid: str) -> None:
        """Wait until an operation has succeeded, and print its steps."""
        path = f'/v1/operations/{uuid}'

        def ended() -> bool:
            return self.api.get(path)['state'] not in ('pending', 'running')

        processes.wait('the operation to end', ended, self.valence)
        operation = self.api.call('GET', path)
        console.show(
            {
                'operation': operation['action'],
                'step': step['name'],
                'state': step['state'],
            }
            for step in operation['steps']
        )
        if operation['state'] != 'succeeded':
            raise StepFailed(
                f'the operation {operation["state"]}: {operation["error"]}'
            )
