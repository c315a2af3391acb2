# SPDX-License-Identifier: Apache-2.0
"""All of it: Horizon, Keystone, Valence, and simulated pod managers.

``python -m valence_dashboard.tests.functional.stack`` starts it to be looked
at with a browser.
"""

import functools
import signal

from valence_dashboard.tests.functional import horizon
from valence_dashboard.tests.functional import keystone
from valence_dashboard.tests.functional import processes


class Stack:
    """Horizon, Keystone and Valence, without any pod manager."""

    def __init__(self) -> None:
        port = processes.free_port()
        self.keystone = keystone.Keystone(f'http://127.0.0.1:{port}')
        self.valence = processes.valence(port, self.keystone.options())
        self.horizon = horizon.Horizon(self.keystone.url)
        self.url = self.horizon.url


@functools.cache
def stack() -> Stack:
    """The one of this process."""
    return Stack()


def main() -> None:
    """Start it, and wait for Ctrl-C."""
    made = stack()
    pods = [processes.simulator(n, '--compose-seconds', '1') for n in (12, 90)]
    print(f'Log in at {made.url} as admin or demo, {processes.PASSWORD}')
    print('Pod managers to register, as admin:', *(pod.url for pod in pods))
    print(f'Files are in {processes.directory()}', flush=True)
    signal.sigwait([signal.SIGINT, signal.SIGTERM])


if __name__ == '__main__':
    main()
