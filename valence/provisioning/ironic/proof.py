# SPDX-License-Identifier: Apache-2.0
"""Whether a node that Ironic does not show does not exist.

Ironic shows a user only what its policy permits: to an administrator of a
project the nodes that this project owns or leases, to an administrator of the
system all nodes. A user who is not permitted to see a node gets the same
response as for a node that does not exist.
"""

import contextlib
import threading
import uuid as uuidlib
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping

from openstack import exceptions as sdk_exceptions
from openstack.baremetal.v1 import _proxy
from openstack.baremetal.v1 import node as sdk_node
from oslo_config import cfg
from oslo_log import log

from valence.common import exception
from valence.objects.registration import Registration
from valence.provisioning import base
from valence.provisioning.ironic import calls
from valence.provisioning.ironic import versions

LOG = log.getLogger(__name__)

_PROBE = 'Probe of Valence: whether its user sees all nodes. Can be deleted.'
# For the same lost node a probe has the same UUID: one that could not be
# deleted is used again.
_SECONDS = 60.0
_TRIES = 3
_PROBING = threading.Lock()
_NAMESPACE = uuidlib.UUID('3b8d3c34-0f86-4d2e-9d5b-5f3a1e6a2c91')


def find(client: _proxy.Proxy, uuid: str) -> sdk_node.Node | None:
    """The node, or None if Ironic itself says that it has none.

    To be called within ``calls.calling``.
    """
    try:
        node = client.get_node(uuid)
    except sdk_exceptions.NotFoundException as exc:
        if not calls.is_from_ironic(exc):
            raise
        return None
    if node.id != uuid or not isinstance(node.provision_state, str):
        raise calls.not_understood()
    return node


def gone(
    client: _proxy.Proxy,
    uuids: Collection[str],
    registered: Mapping[str, Registration],
    deadline: base.Deadline,
) -> set[str]:
    """Those nodes of which it is proved that they do not exist.

    Where other nodes should exist, one of them has to be seen: all that go at
    once are not believed to be gone. What the user sees of them, or else of a
    node that is made for this purpose, has to show that it would see these.
    """
    with calls.calling(deadline):
        lost = {uuid for uuid in uuids if find(client, uuid) is None}
    if not lost:
        return set()
    others = registered.keys() - {*uuids}
    with calls.calling(deadline):
        seen = [
            node
            for node in client.nodes(
                fields=versions.Version(client).known(
                    ('uuid', 'owner', 'lessee')
                )
            )
            if node.id in others
        ]
    if (others and not seen) or (not others and len(lost) > 1):
        LOG.warning(
            'Ironic shows none of the registered nodes: that is not believed'
        )
        return set()
    if seen and _in_scope(_scopes(seen), lost, registered) == lost:
        return lost
    probe = _probe(client, min(lost), deadline)
    if probe is None:
        return set()
    return _in_scope(_scopes([*seen, probe]), lost, registered)


def _scopes(seen: Iterable[sdk_node.Node]) -> set[str]:
    """The projects to which the user's view may be limited.

    It sees all nodes if the nodes that it sees have no project in common.
    """
    common = [{node.owner, node.lessee} - {None} for node in seen]
    return set.intersection(*common)


def _in_scope(
    scopes: set[str],
    uuids: Iterable[str],
    registered: Mapping[str, Registration],
) -> set[str]:
    """The nodes that the user would see if they existed."""
    return {
        uuid
        for uuid in uuids
        if scopes
        <= {
            registered.get(uuid, {}).get('owner'),
            registered.get(uuid, {}).get('lessee'),
        }
    }


def _probe(
    client: _proxy.Proxy, lost: str, deadline: base.Deadline
) -> sdk_node.Node | None:
    """A node that was made to be seen; None if the user does not see it.

    Several threads and conductors may look for the same lost node.
    """
    uuid = str(uuidlib.uuid5(_NAMESPACE, lost))
    with _PROBING:
        for _ in range(_TRIES):
            seen = _probe_once(client, uuid, deadline)
            if seen is not None:
                return seen
    return None


def _probe_once(
    client: _proxy.Proxy, uuid: str, deadline: base.Deadline
) -> sdk_node.Node | None:
    driver = cfg.CONF.ironic.driver
    try:
        with calls.calling(deadline):
            if find(client, uuid) is None:
                # Another conductor may have created it just now.
                with contextlib.suppress(sdk_exceptions.ConflictException):
                    known = versions.Version(client).only(
                        {'driver': driver, 'description': _PROBE}
                    )
                    client.create_node(id=uuid, **known)
            return find(client, uuid)
    except (exception.ProvisioningError, base.InProgress) as exc:
        LOG.warning('The user of [ironic] may not see all nodes: %s', exc)
        return None
    finally:
        _delete(client, uuid)


def _delete(client: _proxy.Proxy, uuid: str) -> None:
    """Delete the probe, which does no harm if it stays."""
    try:
        with calls.calling(base.Deadline(_SECONDS)):
            client.delete_node(uuid)
    except (exception.ProvisioningError, base.InProgress) as exc:
        LOG.warning('The probe %s stays in Ironic: %s', uuid, exc)
