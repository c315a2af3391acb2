# SPDX-License-Identifier: Apache-2.0
"""What Nova says, in its unversioned notifications, of instances without host.

Everybody who may send to the broker may have written a message: whatever is
not as Nova sends it is not understood. See
https://docs.openstack.org/nova/latest/admin/notifications.html
"""

import dataclasses
import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from oslo_utils import timeutils
from oslo_utils import uuidutils

#: The type of the notifications, which have the priority "error".
EVENT_TYPE = 'compute_task.build_instances'
# How Nova writes an exception is not specified. Those of builds that failed
# on their hosts, such as MaxRetriesExceeded, say something else.
_NO_HOST = 'No valid host was found'
_RESOURCES = 'resources:'
_MAX_SPECS = 256
_MAX_TEXT = 255


class NotUnderstood(Exception):
    """A message that is not one of Nova; what it lacks."""


@dataclasses.dataclass(frozen=True)
class Lack:
    """An instance that found no host.

    :param flavor_uuid: of its flavor in Nova; None: it is not a UUID.
    :param classes: the resource classes that the flavor requires one of.
    :param sent_at: when Nova sent that, by its own clock.
    """

    instance_uuid: str
    project_id: str | None
    flavor_uuid: str | None
    classes: frozenset[str]
    sent_at: datetime.datetime


def read(payload: object, sent_at: object) -> Lack | None:
    """What a notification says; None: hosts are not what was missing.

    :param sent_at: the time of the message.
    :raises NotUnderstood: if it is not as Nova sends it.
    """
    content = _object(payload, 'payload')
    reason = content.get('reason')
    if not isinstance(reason, (str, dict)):
        raise NotUnderstood('reason')
    if _NO_HOST not in str(reason):
        return None
    instance = content.get('instance_id')
    if not uuidutils.is_uuid_like(instance):
        raise NotUnderstood('instance_id')
    spec = _object(content.get('request_spec'), 'request_spec')
    flavor = _versioned(_object(spec.get('instance_type'), 'instance_type'))
    properties = _object(
        spec.get('instance_properties'), 'instance_properties'
    )
    return Lack(
        instance_uuid=_uuid(instance),
        project_id=_text(properties.get('project_id'), 'project_id'),
        flavor_uuid=_flavor(flavor),
        classes=_classes(flavor.get('extra_specs')),
        sent_at=_time(sent_at),
    )


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotUnderstood(name)
    return value


def _versioned(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of an object that may be wrapped as a versioned one."""
    found = value.get('nova_object.data', value)
    return _object(found, 'instance_type')


def _uuid(text: object) -> str:
    """A UUID in its canonical form."""
    return str(uuid.UUID(str(text)))


def _text(value: object, name: str) -> str | None:
    if value is not None and not (
        isinstance(value, str) and len(value) <= _MAX_TEXT
    ):
        raise NotUnderstood(name)
    return value


def _flavor(flavor: Mapping[str, Any]) -> str | None:
    found = _text(flavor.get('flavorid'), 'flavorid')
    return _uuid(found) if uuidutils.is_uuid_like(found) else None


def _classes(specs: object) -> frozenset[str]:
    """The resource classes of which a flavor requires exactly one."""
    found = _object({} if specs is None else specs, 'extra_specs')
    if len(found) > _MAX_SPECS:
        raise NotUnderstood('extra_specs')
    return frozenset(
        name.removeprefix(_RESOURCES)
        for name, amount in found.items()
        if name.startswith(f'{_RESOURCES}CUSTOM_') and amount in ('1', 1)
    )


def _time(value: object) -> datetime.datetime:
    """A time in UTC, as oslo.messaging writes it or with a time zone."""
    try:
        time = datetime.datetime.fromisoformat(str(value))
        return timeutils.normalize_time(time)
    except (ValueError, OverflowError) as exc:
        raise NotUnderstood('timestamp') from exc
