# SPDX-License-Identifier: Apache-2.0
"""Fields that several kinds of hardware share."""

from valence.objects import base
from valence.objects import fields
from valence.objects import requirements


def observed(
    kind: str,
    paired: tuple[str, ...],
    **own: fields.Spec,
) -> dict[str, fields.Spec]:
    """The fields of a kind of hardware: the common ones and its own.

    :param paired: the filters that can be combined with the sort key ``name``.
    """
    return {
        'uuid': base.own_uuid(kind),
        'podm_uuid': base.pod_manager_uuid(),
        'name': fields.StringField(
            doc=f'Name of the {kind} on the pod manager.',
            api='r',
            max_length=255,
            filter=True,
            sort=paired,
        ),
        **own,
        **_description(kind),
        **_observation(),
        **base.timestamps(),
    }


def text(
    doc: str,
    max_length: int = 255,
    filter: bool = False,
    audience: fields.Audience | None = None,
    shape: bool = False,
) -> fields.StringField:
    """A text that the pod manager may omit."""
    return fields.StringField(
        doc=doc,
        api='r',
        nullable=True,
        max_length=max_length,
        filter=filter,
        audience=audience,
        shape=shape,
    )


def enum(doc: str, *values: str) -> fields.EnumField:
    """One of a few values, by which collections can be filtered."""
    return fields.EnumField(list(values), doc=doc, api='r', filter=True)


def _description(kind: str) -> dict[str, fields.Spec]:
    # What a system is made of matters, not its own name.
    shape = kind == 'device'
    return {
        'manufacturer': text('Manufacturer.', shape=shape),
        'model': text('Model.', filter=True, shape=shape),
        'serial_number': text(
            'Serial number.', filter=True, audience=fields.Audience.SYSTEM
        ),
        'health': enum(
            'Health as reported by the pod manager.',
            *('ok', 'warning', 'critical', 'unknown'),
        ),
        'resource_uri': fields.StringField(
            doc='URI on the pod manager.',
            api='r',
            max_length=2048,
            audience=fields.Audience.SYSTEM,
        ),
        'properties': fields.ObjectField(
            doc='Raw vendor properties.',
            api='r',
            lists=False,
            audience=fields.Audience.ADMIN,
        ),
    }


def _observation() -> dict[str, fields.Spec]:
    return {
        'synced_at': fields.DateTimeField(
            doc='Time of the last observation: by a sync of the whole '
            'inventory, or because of an event.',
            api='r',
            tzinfo_aware=False,
        ),
        'refreshed': fields.BooleanField(
            doc='Whether it was read individually since the last sync of the '
            'whole inventory, because of an event or an operation.',
            api='r',
        ),
        'seen_at': fields.DateTimeField(
            doc='Start time of the observation that wrote the row.',
            tzinfo_aware=False,
        ),
        'stale': fields.BooleanField(
            doc='Whether the last sync could not confirm it.',
            api='r',
            filter=True,
        ),
        'missing_since': fields.DateTimeField(
            doc='Time of the first sync that did not find it.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'missed_syncs': fields.IntegerField(
            doc='Number of complete syncs that did not find it.', minimum=0
        ),
    }


def use() -> fields.EnumField:
    """How the pod manager uses a part."""
    return enum(
        'Whether the pod manager uses it.', 'free', 'used', 'unavailable'
    )


def free() -> fields.BooleanField:
    """Whether a node could be composed of a part."""
    return fields.BooleanField(
        doc='Whether it is available: free on the pod manager, neither '
        'allocated to a node, nor held, nor reserved for a project, and '
        'without a condition that keeps nodes away.',
        api='r',
        filter=True,
        default=False,
    )


def operation() -> fields.EnumField:
    """Whether hardware is in operation."""
    return enum(
        'Whether it is in operation.', 'enabled', 'disabled', 'unknown'
    )


def _reference(doc: str, name: str, kind: str) -> fields.UUIDField:
    return fields.UUIDField(
        doc=doc,
        api='r',
        nullable=True,
        filter=True,
        refers=(name, kind),
        audience=None if kind in ('Node', 'Hold') else fields.Audience.SYSTEM,
    )


def tags(api: str = 'ru', shape: bool = False) -> fields.ListField:
    """The traits that an administrator has given something."""
    return fields.ListField(
        items=requirements.TAG,
        inner={'maxItems': 64},
        doc='Traits that an administrator has set, which hold for all that is '
        'within; null: none.',
        api=api,
        nullable=True,
        audience=fields.Audience.SYSTEM,
        shape=shape,
    )


def inherited_tags() -> fields.ListField:
    """The traits that hold for a part because of what contains it."""
    return fields.ListField(
        items=requirements.TAG,
        doc='The tags of its pod manager, and of the chassis that contain it; '
        'null: none.',
        api='r',
        nullable=True,
        audience=fields.Audience.SYSTEM,
        shape=True,
    )


def location() -> dict[str, fields.Spec]:
    """The chassis and the rack of a part."""
    return {
        'chassis_uuid': _reference(
            'UUID of the containing chassis.', 'chassis', 'Chassis'
        ),
        'rack_uuid': _reference('UUID of the rack.', 'rack', 'Chassis'),
    }


def condition() -> fields.UUIDField:
    """What keeps new nodes away."""
    return fields.UUIDField(
        doc='UUID of the condition that keeps new nodes away from it.',
        api='r',
        nullable=True,
        filter=True,
    )


def allocation() -> dict[str, fields.Spec]:
    """Who uses a part, and why nobody may."""
    return {
        'condition_uuid': condition(),
        'node_uuid': _reference(
            'UUID of the node that it is allocated to.', 'node', 'Node'
        ),
        'hold_uuid': _reference(
            'UUID of the hold that keeps it.', 'hold', 'Hold'
        ),
        'reserved_to': text(
            'Project that used it last, if it is reserved for that project '
            'because it was not erased.'
        ),
    }
