# SPDX-License-Identifier: Apache-2.0
"""All services: Horizon, Keystone, Ironic, Valence, simulated pod managers.

To use them with a browser, run ``python -m
valence_dashboard.tests.functional.stack``.
"""

import functools
import signal
import sys

import openstack
from openstack.config import loader

from valence_dashboard.tests.functional import horizon
from valence_dashboard.tests.functional import processes


class Stack:
    """Horizon, Keystone, Ironic and Valence, without pod managers.

    :ivar port: the port of Valence in the catalog.
    """

    def __init__(self) -> None:
        self.port = processes.free_port()
        url, self._directory = processes.cloud(self.port)
        options = (self._directory / 'valence.conf').read_text()
        self.valence = processes.valence(self.port, options)
        self.horizon = horizon.Horizon(url)
        self.url = self.horizon.url

    def cloud(self, name: str) -> openstack.connection.Connection:
        """Return a connection of a user."""
        config = loader.OpenStackConfig(
            config_files=[str(self._directory / 'clouds.yaml')],
            load_envvars=False,
        )
        return openstack.connection.Connection(config=config.get_one(name))


@functools.cache
def stack() -> Stack:
    """Return the services of this process."""
    return Stack()


def main() -> None:
    """Start the services and wait for Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Exit also during the start, so that the processes end.
        signal.signal(number, lambda *_: sys.exit())
    made = stack()
    pods = [processes.simulator(n, '--compose-seconds', '1') for n in (12, 90)]
    print(f'Log in at {made.url} as admin or demo, {processes.PASSWORD}')
    print('Pod managers to register, as admin:', *(pod.url for pod in pods))
    print(f'Files are in {processes.directory()}', flush=True)
    signal.pause()


if __name__ == '__main__':
    main()
