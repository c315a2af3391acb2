# SPDX-License-Identifier: Apache-2.0
"""Counters of hardware, from which the scheduler chooses."""

from oslo_versionedobjects import base as ovo

from valence.common import schemas
from valence.common import types
from valence.objects import base
from valence.objects import fields


def _number(doc: str, api: str = '') -> fields.IntegerField:
    return fields.IntegerField(doc=doc, api=api)


def _sums(api: str = '') -> dict[str, fields.Spec]:
    numbers = {'nodes': 'Number of systems that nodes have.'}
    for name, what, of in (
        ('systems', 'Number of', 'systems'),
        ('cpu_cores', 'Number of', 'processor cores'),
        ('memory_mib', 'MiB of', 'memory'),
    ):
        numbers[name] = f'{what} {of}.'
        numbers[f'free_{name}'] = f'{what} free {of}.'
        numbers[f'held_{name}'] = f'{what} held {of}.'
    return {
        **{name: _number(doc, api) for name, doc in numbers.items()},
        'devices': fields.ObjectField(
            doc='Numbers and capacity of devices, by type.',
            api=api,
            inner={
                'additionalProperties': schemas.of_type(types.DeviceCounts)
            },
        ),
    }


@ovo.VersionedObjectRegistry.register
class Shape(base.ValenceObject):
    """What the scheduler compares of hardware; never changed."""

    RESOURCE = 'shapes'
    KIND = 'shape'
    fields = {
        'uuid': base.own_uuid('shape'),
        'kind': fields.StringField(
            doc='Table of the hardware: systems or devices.', max_length=16
        ),
        'properties': fields.ObjectField(
            doc='Values of the fields that declare shape.'
        ),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Count(base.ValenceObject):
    """How much hardware of a pod manager is of one shape, in some zones."""

    VERSION = '1.1'
    RESOURCE = 'counts'
    KIND = 'count'
    fields = {
        'uuid': base.own_uuid('count'),
        'podm_uuid': base.pod_manager_uuid(),
        'shape_uuid': fields.UUIDField(doc='UUID of the shape.'),
        'zones': fields.ListField(
            items={'type': 'string'}, doc='Zones of all that is counted.'
        ),
        'reserved_to': fields.StringField(
            doc='Project that it is reserved for.',
            max_length=255,
            nullable=True,
        ),
        'total': _number('How much there is.'),
        'free': _number('How much of it is free, but for the reservation.'),
        'nodes': _number('How much of it nodes have.'),
        'held': _number('How much of it is held.'),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class Capacity(base.ValenceObject):
    """The sums of the counts of a pod manager."""

    VERSION = '1.1'
    RESOURCE = 'capacities'
    KIND = 'capacity'
    fields = {
        'uuid': base.own_uuid('capacity'),
        'podm_uuid': base.pod_manager_uuid(),
        'zoned': _number('Number of systems and devices in zones.'),
        **_sums(),
        **base.timestamps(),
    }


@ovo.VersionedObjectRegistry.register
class CapacitySample(base.ValenceObject):
    """The capacity of all pod managers at a time."""

    RESOURCE = 'capacity_samples'
    LINKED = True
    KIND = 'capacity sample'
    ORDER = 'taken_at'
    fields = {
        'uuid': base.own_uuid('sample'),
        'taken_at': fields.DateTimeField(
            doc='Time of the sample, a multiple of [capacity] '
            'sample_interval.',
            api='r',
            filter=True,
            sort=(),
            tzinfo_aware=False,
        ),
        **_sums('r'),
        **base.timestamps(),
    }
