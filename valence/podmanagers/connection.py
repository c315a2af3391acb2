# SPDX-License-Identifier: Apache-2.0
"""How to reach a pod manager."""

import dataclasses

from oslo_config import cfg


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach a pod manager and log in.

    The fields are those of the object of the pod manager.
    """

    url: str
    username: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    auth_type: str = 'session'
    insecure: bool = False
    ca_cert: str | None = dataclasses.field(default=None, repr=False)
    proxy_url: str | None = None
    proxy_username: str | None = None
    proxy_password: str | None = dataclasses.field(default=None, repr=False)
    timeout: int | None = None
    max_parallel: int | None = None

    @property
    def request_timeout(self) -> float:
        """How many seconds a request may take."""
        return self.timeout or float(cfg.CONF.redfish.request_timeout)

    @property
    def status_timeout(self) -> float:
        """How many seconds all requests of a status poll may take."""
        return self.timeout or float(cfg.CONF.conductor.status_timeout)

    @property
    def parallel(self) -> int:
        """How many requests that read the inventory may be in flight."""
        return self.max_parallel or int(cfg.CONF.redfish.parallel)
