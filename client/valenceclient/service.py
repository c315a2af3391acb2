# SPDX-License-Identifier: Apache-2.0
"""The service description of Valence for openstacksdk."""

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
    """Add the attribute ``composable`` to a connection."""
    endpoint = to.config.get_auth_args().get('endpoint')
    if endpoint and not to.config.get_endpoint(SERVICE_TYPE):
        # Without Keystone there is no catalog: the endpoint of the
        # authentication, also that of HTTP basic, is the endpoint of the API.
        to.config.set_service_value(
            'endpoint_override', SERVICE_TYPE, endpoint
        )
    to.add_service(SERVICE)


def connect(*args: Any, **kwargs: Any) -> connection.Connection:
    """Return a connection like ``openstack.connect``, with ``composable``."""
    made = openstack.connect(*args, **kwargs)
    add_service(made)
    return made
