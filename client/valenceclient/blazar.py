# SPDX-License-Identifier: Apache-2.0
"""The plug-in with which Blazar books composed nodes by date.

A reservation of the type ``composable:node`` is a hold from the booking on: so
what is promised is kept. When the lease of Blazar starts, a node is composed
from the hold, with a lease in Valence that ends at the same time and releases
it. A reservation is in Blazar by the UUID of its hold, and its node has a name
made of it; nothing else is stored.

Everything is done as the user of the lease, in the project of the lease.
"""

import contextlib
import datetime
import math
from collections.abc import Iterator
from typing import Any

from blazar import context
from blazar import exceptions as blazar_exceptions
from blazar.db import api as db_api
from blazar.manager import exceptions
from blazar.plugins import base
from blazar.utils.openstack import base as endpoints
from keystoneauth1 import session as ksa_session
from keystoneauth1 import token_endpoint
from openstack import connection
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg
from oslo_utils import timeutils

from valenceclient import service
from valenceclient.v1 import proxy

RESOURCE_TYPE = 'composable:node'
#: What of the values of a reservation is what to hold.
_REQUESTED = ('flavor', 'properties', 'pod_manager', 'resources', 'affinity')
_QUERIES = ('lease_id', 'reservation_id')


class NotReserved(blazar_exceptions.BlazarException):  # type: ignore[misc]
    """Valence has refused a request; its message says why."""

    msg_fmt = 'Valence: %(reason)s'


class NodePlugin(base.BasePlugin):  # type: ignore[misc]
    """Books composed nodes: one for each reservation."""

    resource_type = RESOURCE_TYPE
    title = 'Composed node plugin'
    description = 'Books nodes that Valence composes.'
    query_options = {'allocations': list(_QUERIES)}

    def get_plugin_opts(self) -> list[cfg.Opt]:
        """The options of the group ``composable:node`` in blazar.conf."""
        return [
            cfg.StrOpt(
                'endpoint',
                help='Endpoint of Valence; default: that in the catalog.',
            ),
            cfg.IntOpt(
                'late_seconds',
                default=900,
                min=60,
                help='How long hardware is kept after the start of a lease, '
                'if its node is not requested in time.',
            ),
        ]

    def get(self, resource_id: str) -> dict[str, Any]:
        """The hold of a reservation, or what a candidate is."""
        return {'id': resource_id, 'resource_type': RESOURCE_TYPE}

    def reserve_resource(
        self, reservation_id: str, values: dict[str, Any]
    ) -> str:
        """Hold the hardware of a node; returns the UUID of the hold.

        :raises NotReserved: when there is none, or not for so long.
        """
        with as_user() as valence:
            hold = valence.create_hold(
                name=f'blazar-{reservation_id}',
                seconds=_seconds(values['start_date']),
                **_requested(values),
            )
        uuid: str = hold.uuid
        return uuid

    def allocation_candidates(self, lease_values: dict[str, Any]) -> list[str]:
        """The pod managers that have hardware for a reservation now.

        :raises NotReserved: when none has.
        """
        with as_user() as valence:
            shown = valence.preview_node(**_requested(lease_values))
        if not shown['candidates'] or shown['quota']:
            short = [one['resource'] for one in shown['quota']]
            raise NotReserved(
                reason=f'the limits of {", ".join(short)} are exceeded'
                if short
                else 'no hardware is free that fits'
            )
        return [one['pod_manager'] for one in shown['candidates']]

    def update_reservation(
        self, reservation_id: str, values: dict[str, Any]
    ) -> None:
        """Keep hardware until another start, or a node until another end.

        :raises CantUpdateParameter: for other changes.
        """
        for name in _REQUESTED:
            if name in values:
                raise exceptions.CantUpdateParameter(param=name)
        reservation = db_api.reservation_get(reservation_id)
        with as_user() as valence:
            node = _node(valence, reservation['resource_id'])
            if node is not None:
                valence.update_node(
                    node.uuid, lease_until=_time(values['end_date'])
                )
                return
            valence.update_hold(
                reservation['resource_id'],
                seconds=_seconds(values['start_date']),
            )

    def on_start(self, resource_id: str) -> None:
        """Request the node; it is composed in the background."""
        (reservation,) = db_api.reservation_get_all_by_values(
            resource_id=resource_id
        )
        lease = db_api.lease_get(reservation['lease_id'])
        with as_user() as valence:
            if _node(valence, resource_id) is None:
                valence.compose_node(
                    name=_name(resource_id),
                    hold=resource_id,
                    lease_until=_time(lease['end_date']),
                    lease_end='release',
                )

    def on_end(self, resource_id: str) -> None:
        """Give back the hardware, of the hold or of the node.

        What Ironic has an instance on is left to the lease of the node, which
        is overdue then.
        """
        with as_user() as valence:
            valence.delete_hold(resource_id)
            node = _node(valence, resource_id)
            if node is not None and node.managed_by is None:
                valence.delete_node(node.uuid)

    def list_allocations(
        self, query: dict[str, Any], detail: bool = False
    ) -> list[dict[str, Any]]:
        """The reservations of this type."""
        options = self.get_query_options(query, 'allocations')
        found = self.query_allocations(None, **options)
        return [
            {'resource_id': uuid, 'reservations': reservations}
            for uuid, reservations in found.items()
        ]

    def query_allocations(
        self,
        resource_id_list: list[str] | None,
        lease_id: str | None = None,
        reservation_id: str | None = None,
    ) -> dict[str, list[dict[str, Any]]]:
        """The same by the UUID of the hold.

        :param resource_id_list: only of these; None: of all.
        """
        asked = {'lease_id': lease_id, 'id': reservation_id}
        where = {name: value for name, value in asked.items() if value}
        found: dict[str, list[dict[str, Any]]] = {}
        for row in db_api.reservation_get_all_by_values(
            resource_type=RESOURCE_TYPE, **where
        ):
            uuid = row['resource_id']
            if uuid and (resource_id_list is None or uuid in resource_id_list):
                one = {'id': row['id'], 'lease_id': row['lease_id']}
                found.setdefault(uuid, []).append(one)
        return found


@contextlib.contextmanager
def as_user() -> Iterator[proxy.Proxy]:
    """The API, as the user that Blazar works for at the moment.

    :raises NotReserved: when it refuses a request, or does not answer.
    """
    current = context.current()
    endpoint = cfg.CONF[RESOURCE_TYPE].endpoint or endpoints.url_for(
        current.service_catalog,
        service.SERVICE_TYPE,
        os_region_name=cfg.CONF.os_region_name,
    )
    auth = token_endpoint.Token(endpoint, current.auth_token)
    made = connection.Connection(session=ksa_session.Session(auth=auth))
    made.config.set_service_value(
        'endpoint_override', service.SERVICE_TYPE, endpoint
    )
    service.add_service(made)
    try:
        yield made.composable  # type: ignore[attr-defined]
    except sdk_exceptions.SDKException as exc:
        raise NotReserved(reason=str(exc)) from exc


def _requested(values: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in _REQUESTED if values.get(name)}


def _seconds(start: datetime.datetime) -> int:
    """For how long to hold what is needed at a time."""
    wait = (start - timeutils.utcnow()).total_seconds()
    late: int = cfg.CONF[RESOURCE_TYPE].late_seconds
    return math.ceil(max(wait, 0)) + late


def _time(when: datetime.datetime) -> str:
    return f'{when:%Y-%m-%dT%H:%M:%S}Z'


def _name(hold_uuid: str) -> str:
    return f'blazar-{hold_uuid}'


def _node(valence: proxy.Proxy, hold_uuid: str) -> Any:
    """The node that was requested with a hold, or None."""
    return valence.find_node(_name(hold_uuid), ignore_missing=True)
