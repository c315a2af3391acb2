# SPDX-License-Identifier: Apache-2.0
"""Counters of hardware, from which the scheduler chooses."""

from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields


def _number(doc: str) -> fields.IntegerField:
    return fields.IntegerField(doc=doc)


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
        'nodes': _number('Number of systems that nodes have.'),
        'zoned': _number('Number of systems and devices in zones.'),
        'systems': _number('Number of systems.'),
        'free_systems': _number('Number of free systems.'),
        'held_systems': _number('Number of held systems.'),
        'cpu_cores': _number('Number of processor cores.'),
        'free_cpu_cores': _number('Number of free processor cores.'),
        'held_cpu_cores': _number('Number of held processor cores.'),
        'memory_mib': _number('Memory in MiB.'),
        'free_memory_mib': _number('Free memory in MiB.'),
        'held_memory_mib': _number('Held memory in MiB.'),
        'devices': fields.ObjectField(
            doc='Numbers and capacity of devices, by type.'
        ),
        **base.timestamps(),
    }
