# SPDX-License-Identifier: Apache-2.0
"""What pod managers own, as it was last seen."""

from typing import Any

from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields


def _observed(
    kind: str, paired: tuple[str, ...], **own: fields.Spec
) -> dict[str, fields.Spec]:
    """The fields of a piece of hardware: common ones around its own.

    :param paired: what can be filtered by while sorting by name.
    """
    return {
        'uuid': base.own_uuid(kind),
        'podm_uuid': base.pod_manager_uuid(),
        'name': fields.StringField(
            doc=f'Name that the pod manager gives the {kind}.',
            api='r',
            max_length=255,
            filter=True,
            sort=paired,
        ),
        **own,
        **_labels(),
        **_looks(),
        **base.timestamps(),
    }


def _text(doc: str, **more: Any) -> fields.StringField:
    return fields.StringField(
        doc=doc, api='r', nullable=True, max_length=255, **more
    )


def _labels() -> dict[str, fields.Spec]:
    """What is written on a piece of hardware, and how it is."""
    return {
        'manufacturer': _text('Who made it.'),
        'model': _text('Model.', filter=True),
        'serial_number': _text(
            'Serial number.', filter=True, audience=fields.Audience.SYSTEM
        ),
        'health': fields.EnumField(
            ['ok', 'warning', 'critical', 'unknown'],
            doc='Health as the pod manager reports it.',
            api='r',
            filter=True,
        ),
        'resource_uri': fields.StringField(
            doc='Path under which the pod manager shows it.',
            api='r',
            max_length=2048,
            audience=fields.Audience.SYSTEM,
        ),
        'properties': fields.ObjectField(
            doc="The pod manager's own words.",
            api='r',
            lists=False,
            audience=fields.Audience.ADMIN,
        ),
    }


def _looks() -> dict[str, fields.Spec]:
    """When it was looked at, and whether it was there."""
    return {
        'synced_at': fields.DateTimeField(
            doc='When it was last seen to be as it is told here: by a reading '
            'of the whole inventory, or because of an event.',
            api='r',
            tzinfo_aware=False,
        ),
        'refreshed': fields.BooleanField(
            doc='Whether it was looked at by itself since the last reading of '
            'the whole inventory: because of an event, or of what was done '
            'to it.',
            api='r',
        ),
        'seen_at': fields.DateTimeField(
            doc='When the look began that wrote it.',
            tzinfo_aware=False,
        ),
        'stale': fields.BooleanField(
            doc='Whether the last reading could not confirm it.',
            api='r',
            filter=True,
        ),
        'missing_since': fields.DateTimeField(
            doc='When it was first missed.',
            api='r',
            nullable=True,
            tzinfo_aware=False,
        ),
        'missed_syncs': fields.IntegerField(
            doc='How many complete readings have missed it.', minimum=0
        ),
    }


def _use() -> fields.EnumField:
    return fields.EnumField(
        ['free', 'used', 'unavailable'],
        doc='Whether the pod manager has it in use, or out of use.',
        api='r',
        filter=True,
    )


def _free() -> fields.BooleanField:
    return fields.BooleanField(
        doc='Whether it can be had: the pod manager has it free, and neither '
        'a node nor a project claims it.',
        api='r',
        filter=True,
        default=False,
    )


def _operation() -> fields.EnumField:
    return fields.EnumField(
        ['enabled', 'disabled', 'unknown'],
        doc='Whether it is in operation.',
        api='r',
        filter=True,
    )


def _container() -> fields.UUIDField:
    return fields.UUIDField(
        doc='UUID of the chassis that contains it.',
        api='r',
        nullable=True,
        filter=True,
        refers=('chassis', 'Chassis'),
        audience=fields.Audience.SYSTEM,
    )


def _rack() -> fields.UUIDField:
    return fields.UUIDField(
        doc='UUID of the rack that it stands in.',
        api='r',
        nullable=True,
        filter=True,
        refers=('rack', 'Chassis'),
        audience=fields.Audience.SYSTEM,
    )


def _reserved_to() -> fields.StringField:
    return fields.StringField(
        doc='Project that had it last, and to which it is reserved because '
        'nobody has erased it.',
        api='r',
        nullable=True,
        max_length=255,
    )


def _claimed_for() -> fields.UUIDField:
    return fields.UUIDField(
        doc='UUID of the node that it is claimed for.',
        api='r',
        nullable=True,
        filter=True,
        refers=('node', 'Node'),
    )


@ovo.VersionedObjectRegistry.register
class Chassis(base.ValenceObject):
    """A container of hardware: a pod, rack, drawer, sled …"""

    RESOURCE = 'chassis'
    KIND = 'chassis'
    ORDER = 'name'
    fields = _observed(
        'chassis',
        ('podm_uuid', 'parent_uuid', 'type', 'health'),
        parent_uuid=fields.UUIDField(
            doc='UUID of the chassis that contains it.',
            api='r',
            nullable=True,
            filter=True,
        ),
        type=fields.StringField(
            doc='Kind of chassis in lower case: rack, drawer, sled …',
            api='r',
            max_length=64,
            filter=True,
        ),
        location=fields.StringField(
            doc='Where it stands, as the pod manager says.',
            api='r',
            nullable=True,
            max_length=255,
        ),
        state=_operation(),
    )


@ovo.VersionedObjectRegistry.register
class System(base.ValenceObject):
    """A computer that a node can be made of."""

    RESOURCE = 'systems'
    KIND = 'system'
    ORDER = 'name'
    fields = _observed(
        'system',
        (
            'podm_uuid',
            'rack_uuid',
            'chassis_uuid',
            'health',
            'state',
            'free',
            'power_state',
            'model',
        ),
        chassis_uuid=_container(),
        rack_uuid=_rack(),
        node_uuid=_claimed_for(),
        reserved_to=_reserved_to(),
        hardware_uuid=fields.StringField(
            doc='UUID of the hardware itself.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        type=fields.StringField(
            doc='Kind of system in lower case: physical, virtual, composed …',
            api='r',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        cpu_model=fields.StringField(
            doc='Model of its processors.',
            api='r',
            nullable=True,
            max_length=255,
            filter=True,
        ),
        cpu_architecture=fields.StringField(
            doc='Instruction set of its processors.',
            api='r',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        cpu_sockets=fields.IntegerField(doc='Number of processors.', api='r'),
        cpu_cores=fields.IntegerField(
            doc='Number of processor cores.',
            api='r',
            filter=True,
            sort=('podm_uuid', 'free'),
        ),
        cpu_threads=fields.IntegerField(
            doc='Number of hardware threads.', api='r'
        ),
        memory_mib=fields.IntegerField(
            doc='Memory in MiB.',
            api='r',
            filter=True,
            sort=('podm_uuid', 'free'),
        ),
        memory_type=fields.StringField(
            doc='Type of its memory devices, such as DDR4.',
            api='r',
            nullable=True,
            max_length=64,
        ),
        storage_gib=fields.IntegerField(
            doc='Capacity of its local drives in GiB.',
            api='r',
            filter=True,
            sort=(),
        ),
        drives=fields.ListField(
            items={
                'type': 'object',
                'properties': {
                    'resource_uri': {'type': 'string'},
                    'capacity_gib': {'type': ['number', 'null']},
                    'type': {'type': ['string', 'null']},
                    'protocol': {'type': ['string', 'null']},
                },
            },
            doc='Its local drives.',
            api='r',
        ),
        nics=fields.ListField(
            items={
                'type': 'object',
                'properties': {
                    'resource_uri': {'type': 'string'},
                    'mac': {'type': ['string', 'null']},
                    'speed_mbps': {'type': ['integer', 'null']},
                },
            },
            doc='Its network interfaces.',
            api='r',
        ),
        power_state=fields.EnumField(
            ['on', 'off', 'unknown'],
            doc='Whether it is switched on.',
            api='r',
            filter=True,
        ),
        zones=fields.ListField(
            items={'type': 'string'},
            doc='Groups within which it can be joined with devices; '
            'empty: with any.',
            api='r',
            audience=fields.Audience.SYSTEM,
        ),
        state=_use(),
        free=_free(),
    )


@ovo.VersionedObjectRegistry.register
class Device(base.ValenceObject):
    """A pooled part that can be joined to a system."""

    RESOURCE = 'devices'
    KIND = 'device'
    ORDER = 'name'
    fields = _observed(
        'device',
        (
            'podm_uuid',
            'rack_uuid',
            'chassis_uuid',
            'type',
            'health',
            'state',
            'free',
        ),
        chassis_uuid=_container(),
        rack_uuid=_rack(),
        node_uuid=_claimed_for(),
        reserved_to=_reserved_to(),
        type=fields.StringField(
            doc='Kind of device: drive, nic, gpu, fpga, memory, processor, '
            'pcie, resource_block …',
            api='r',
            max_length=64,
            filter=True,
        ),
        media_type=fields.StringField(
            doc='What a drive stores on: SSD, HDD …',
            api='r',
            nullable=True,
            max_length=64,
        ),
        protocol=fields.StringField(
            doc='How it is spoken to: NVMe, iSCSI, PCIe …',
            api='r',
            nullable=True,
            max_length=64,
            filter=True,
        ),
        capacity_gib=fields.IntegerField(
            doc='Capacity of storage in GiB.',
            api='r',
            filter=True,
            sort=('type', 'free'),
        ),
        memory_mib=fields.IntegerField(
            doc='Capacity of memory in MiB.', api='r', filter=True
        ),
        cpu_cores=fields.IntegerField(
            doc='Number of processor cores.', api='r', filter=True
        ),
        speed_mbps=fields.IntegerField(
            doc='Speed of a network card in Mbit/s.', api='r', filter=True
        ),
        pooled_group_id=fields.StringField(
            doc='Group that the pod manager has put it into.',
            api='r',
            nullable=True,
            max_length=255,
            audience=fields.Audience.SYSTEM,
        ),
        zones=fields.ListField(
            items={'type': 'string'},
            doc='Groups within which it can be joined to a system; '
            'empty: with any.',
            api='r',
            audience=fields.Audience.SYSTEM,
        ),
        state=_use(),
        free=_free(),
    )


@ovo.VersionedObjectRegistry.register
class Storage(base.ValenceObject):
    """A storage service, or a pool of one."""

    RESOURCE = 'storages'
    KIND = 'storage'
    ORDER = 'name'
    fields = _observed(
        'storage',
        ('podm_uuid', 'parent_uuid', 'type', 'health'),
        parent_uuid=fields.UUIDField(
            doc='UUID of the storage service that it is a pool of.',
            api='r',
            nullable=True,
            filter=True,
        ),
        type=fields.EnumField(
            ['service', 'pool'],
            doc='Whether it is a service or a pool.',
            api='r',
            filter=True,
        ),
        capacity_gib=fields.IntegerField(
            doc='Capacity in GiB.',
            api='r',
            filter=True,
            sort=('type',),
        ),
        free_gib=fields.IntegerField(
            doc='What is left of it, in GiB.',
            api='r',
            filter=True,
            sort=('type',),
        ),
        state=_operation(),
    )
