# SPDX-License-Identifier: Apache-2.0
"""Calls of Placement."""

from openstack import exceptions as sdk_exceptions

from valence.common.types import JsonObject
from valence.podmanagers.progress import Deadline
from valence.provisioning import remote

PLACEMENT = remote.Service(
    name='Placement',
    group='placement',
    kind='placement',
    header='openstack-api-version',
)
# The first version in which a provider that is created is returned; those of
# aggregates have a generation since 1.19.
_VERSION = '1.20'

_proxy = remote.Proxy(PLACEMENT)
_client = _proxy.connected
forget = _proxy.forget


def send(
    method: str,
    path: str,
    deadline: Deadline,
    body: JsonObject | None = None,
    **query: str,
) -> JsonObject:
    """Send a request; what Placement responds, empty if that is nothing.

    :raises ProvisioningError: for an error of any kind.
    """
    with PLACEMENT.calling(deadline):
        response = _client().request(
            path,
            method,
            json=body,
            params=query,
            microversion=_VERSION,
            raise_exc=False,
        )
        sdk_exceptions.raise_from_response(response)
        found = response.json() if response.content else {}
        if not isinstance(found, dict):
            raise PLACEMENT.not_understood()
        return found


def find(path: str, deadline: Deadline) -> JsonObject | None:
    """Get something; None if Placement itself says that there is none."""
    with PLACEMENT.calling(deadline):
        response = _client().get(path, microversion=_VERSION, raise_exc=False)
        try:
            sdk_exceptions.raise_from_response(response)
        except sdk_exceptions.NotFoundException as exc:
            if not PLACEMENT.has_sent(exc):
                raise
            return None
        found: JsonObject = response.json()
        if not isinstance(found, dict):
            raise PLACEMENT.not_understood()
        return found


def put(path: str, deadline: Deadline, body: JsonObject) -> bool:
    """Write with a generation; False: it is not that of Placement now."""
    with PLACEMENT.calling(deadline):
        response = _client().put(
            path, json=body, microversion=_VERSION, raise_exc=False
        )
        try:
            sdk_exceptions.raise_from_response(response)
        except sdk_exceptions.ConflictException as exc:
            if not PLACEMENT.has_sent(exc):
                raise
            return False
        return True
