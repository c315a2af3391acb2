# SPDX-License-Identifier: Apache-2.0
"""How openstacksdk learns of Valence."""

from typing import Any

import openstack
from openstack import connection
from openstack import service_description

from valenceclient.v1 import proxy

SERVICE_TYPE = 'composable'
SERVICE: 'service_description.ServiceDescription[proxy.Proxy]' = (
    service_description.ServiceDescription(
        SERVICE_TYPE, supported_versions={'1': proxy.Proxy}
    )
)


def add_service(to: connection.Connection) -> None:
    """Give a connection the attribute ``composable``."""
    endpoint = to.config.get_auth_args().get('endpoint')
    if endpoint and not to.config.get_endpoint(SERVICE_TYPE):
        # Without Keystone there is no catalog: of HTTP basic, too, the
        # endpoint is where the versions of the API are found.
        to.config.set_service_value(
            'endpoint_override', SERVICE_TYPE, endpoint
        )
    to.add_service(SERVICE)


def connect(*args: Any, **kwargs: Any) -> connection.Connection:
    """Connect as ``openstack.connect`` does, with ``composable``."""
    made = openstack.connect(*args, **kwargs)
    add_service(made)
    return made
