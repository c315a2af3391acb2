# SPDX-License-Identifier: Apache-2.0
"""The steps that both demos have: start and register, and what follows."""

import json

from tools.demo.console import say
from tools.demo.console import show
from tools.demo.deployment import PASSWORD
from tools.demo.deployment import USERNAME
from tools.demo.deployment import Deployment
from tools.demo.processes import StepFailed
from tools.demo.processes import wait


def start(deployment: Deployment) -> None:
    """Start all processes."""
    deployment.start()
    say(
        'Each is a process with a port of its own. The pod managers require '
        'a login. Valence runs in its embedded default: SQLite and no '
        'message broker. It polls the pod managers every 2 seconds instead '
        'of every 30.'
    )
    show(
        [
            *(
                {
                    'process': pod.name,
                    'pid': pod.process.pid,
                    'URL': pod.url,
                    'systems': pod.systems,
                }
                for pod in deployment.pods.values()
            ),
            {
                'process': deployment.valence.name,
                'pid': deployment.valence.pid,
                'URL': deployment.api.url,
                'systems': None,
            },
        ]
    )
    show(
        {
            'version': version['id'],
            'status': version['status'],
            'microversions': f'{version["min_version"]} to '
            f'{version["version"]}',
        }
        for version in deployment.api.call('GET', '/')['versions']
    )


def register(deployment: Deployment) -> None:
    """Register all pod managers without naming a driver."""
    rows = []
    for name, pod in deployment.pods.items():
        podm = deployment.api.call(
            'POST',
            '/v1/pod_managers',
            {
                'name': name,
                'url': pod.url,
                'username': USERNAME,
                'password': PASSWORD,
                'description': f'The pod in the {name} of the hall',
            },
            201,
        )
        if PASSWORD in json.dumps(podm):
            raise StepFailed('the response contains the password')
        deployment.names_by_uuid[podm['uuid']] = name
        rows.append(podm)
    say('The password is never returned.')
    show(
        {name: row[name] for name in ('uuid', 'name', 'url', 'status')}
        for row in rows
    )


def contact(deployment: Deployment) -> None:
    """Wait until Valence has read the inventory of every pod manager."""

    def ready() -> bool:
        podms = deployment.api.get('/v1/pod_managers')['pod_managers']
        return all(
            podm['status'] == 'online' and podm['synced_at'] for podm in podms
        )

    wait(
        'the pod managers to be online',
        ready,
        deployment.valence,
        *(pod.process for pod in deployment.pods.values()),
    )
    show_pod_managers(deployment)


def show_pod_managers(deployment: Deployment) -> None:
    """Print all pod managers with their status."""
    response = deployment.api.call('GET', '/v1/pod_managers?sort_key=name')
    show(
        {
            'name': podm['name'],
            'driver': podm['driver'],
            'status': podm['status'],
            'reason': podm['status_reason'],
            'synced at': (podm['synced_at'] or '-')[:19],
        }
        for podm in response['pod_managers']
    )
