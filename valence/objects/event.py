# SPDX-License-Identifier: Apache-2.0
"""Events: the stored changes of resources."""

import datetime
from collections.abc import Mapping
from typing import Any

from oslo_versionedobjects import base as ovo

from valence.common.types import JsonObject
from valence.objects import base
from valence.objects import fields
from valence.objects.fields import Audience

_PREFIX = base.ValenceObject.OBJ_SERIAL_NAMESPACE


def payload(cls: base.Kind, values: Mapping[str, Any]) -> JsonObject:
    """A resource as it is stored with an event: all that answers can have.

    :param values: its columns by name.
    """
    data = {}
    for name, field in cls.fields.items():
        if 'r' not in field.api:
            continue
        value = values[name]
        if field.convert is not None:
            value = field.convert(value)
        elif isinstance(value, datetime.datetime):
            value = f'{value.isoformat()}Z'
        data[name] = value
        if field.has_user_text:
            data[f'user_{name}'] = values[f'user_{name}']
    return {
        f'{_PREFIX}.name': f'{cls.__name__}Payload',
        f'{_PREFIX}.namespace': cls.OBJ_PROJECT_NAMESPACE,
        f'{_PREFIX}.version': cls.VERSION,
        f'{_PREFIX}.data': data,
    }


def shown(stored: JsonObject, audience: Audience) -> JsonObject:
    """What an audience can see of a stored payload.

    One of an earlier release does not have all fields.
    """
    name = stored[f'{_PREFIX}.name'].removesuffix('Payload')
    data = stored[f'{_PREFIX}.data']
    found: Any = ovo.VersionedObjectRegistry.obj_classes()[name][0]
    cls: base.Kind = found
    result = {}
    for key, field in cls.seen_by(audience).items():
        if 'r' in field.api:
            for_users = field.has_user_text and audience < Audience.SYSTEM
            column = f'user_{key}' if for_users else key
            if column in data:
                result[key] = data[column]
    return {**stored, f'{_PREFIX}.data': result}


@ovo.VersionedObjectRegistry.register
class Event(base.ValenceObject):
    """A change of a resource, stored with it."""

    VERSION = '1.2'
    RESOURCE = 'events'
    LINKED = True
    KIND = 'event'
    fields = {
        'uuid': base.own_uuid('event'),
        'event_type': fields.StringField(
            doc='What happened: the kind of the resource, for an operation '
            'its action, and what became of it, such as node.compose.end or '
            'flavor.create.',
            api='r',
            max_length=64,
            filter=True,
        ),
        'resource_type': fields.EnumField(
            [
                *('node', 'pod_manager', 'operation', 'finding', 'flavor'),
                *('hold', 'condition', 'pool'),
            ],
            doc='Kind of the resource.',
            api='r',
            filter=True,
        ),
        'resource_uuid': fields.UUIDField(
            doc='UUID of the resource.', api='r', filter=True
        ),
        'payload': fields.ObjectField(
            doc='The resource after the change, or as it was when it was '
            'deleted: the name and version of its object, and the fields '
            'that you can see.',
            api='r',
            lists=False,
        ),
        'request_id': fields.StringField(
            doc='Identifier of the API request.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'global_request_id': fields.StringField(
            doc='Identifier that the client sent as X-OpenStack-Request-ID.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        'user_id': fields.StringField(
            doc='User who requested the change; null: Valence.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        'project_id': fields.StringField(
            doc='Project that owns the resource.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        'queue': fields.IntegerField(
            doc='Queue in which the event waits for its notification; null: '
            'it is sent, or notifications are off.',
            nullable=True,
        ),
        **base.timestamps(
            sort=(
                'event_type',
                'resource_type',
                'resource_uuid',
                'project_id',
            ),
            filter=True,
        ),
    }


@ovo.VersionedObjectRegistry.register
class EventQueue(base.ValenceObject):
    """Events that one conductor at a time sends, in their order."""

    RESOURCE = 'event_queues'
    KIND = 'event queue'
    fields = {
        'uuid': base.own_uuid('queue'),
        'number': fields.IntegerField(doc='Number of the queue.'),
        'claim': fields.UUIDField(
            doc='Token of the conductor that sends.', nullable=True
        ),
        'claimed_until': fields.DateTimeField(
            doc='Until when the claim is valid.',
            nullable=True,
            tzinfo_aware=False,
        ),
        **base.timestamps(),
    }
