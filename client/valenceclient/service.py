# SPDX-License-Identifier: Apache-2.0
"""How openstacksdk learns of Valence."""

from typing import Any

import openstack
from openstack import connection
from openstack import service_description

from valenceclient.v1 import proxy

SERVICE_TYPE = 'composable'
SERVICE: service_description.ServiceDescription[proxy.Proxy] = (
    service_description.ServiceDescription(
        SERVICE_TYPE, supported_versions={'1': proxy.Proxy}
    )
)


def add_service(to: connection.Connection) -> None:
    """Give a connection the attribute ``composable``."""
    to.add_service(SERVICE)


def connect(*args: Any, **kwargs: Any) -> connection.Connection:
    """Connect as ``openstack.connect`` does, with ``composable``."""
    made = openstack.connect(*args, **kwargs)
    add_service(made)
    return made
