# SPDX-License-Identifier: Apache-2.0
"""The hardware of pod managers, as last observed."""

from oslo_versionedobjects import base as ovo

from valence.objects import base
from valence.objects import fields
from valence.objects import hardware
from valence.objects import parts


@ovo.VersionedObjectRegistry.register
class Chassis(base.ValenceObject):
    """A chassis: a pod, rack, drawer, sled …"""

    RESOURCE = 'chassis'
    LINKED = True
    KIND = 'chassis'
    VERSION = '1.2'
    ORDER = 'name'
    fields = hardware.observed(
        'chassis',
        ('podm_uuid', 'parent_uuid', 'type', 'health'),
        parent_uuid=fields.UUIDField(
            doc='UUID of the containing chassis.',
            api='r',
            nullable=True,
            filter=True,
        ),
        type=fields.StringField(
            doc='Type in lower case: rack, drawer, sled …',
            api='r',
            max_length=64,
            filter=True,
        ),
        location=hardware.text('Location as reported by the pod manager.'),
        rack_offset=fields.IntegerField(
            doc='Lowest rack unit that it takes, counted from 0 at the bottom '
            'of the rack; null: unknown.',
            api='r',
            nullable=True,
        ),
        rack_units=fields.IntegerField(
            doc='Height in rack units; null: unknown.',
            api='r',
            nullable=True,
        ),
        tags=hardware.tags(),
        state=hardware.operation(),
    )


@ovo.VersionedObjectRegistry.register
class System(base.ValenceObject):
    """A computer system that a node can be composed of."""

    RESOURCE = 'systems'
    LINKED = True
    KIND = 'system'
    VERSION = '1.6'
    ORDER = 'name'
    fields = hardware.observed(
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
        **hardware.location(),
        **hardware.allocation(),
        hardware_uuid=hardware.text(
            'UUID reported by the hardware.', filter=True
        ),
        type=hardware.text(
            'Type in lower case: physical, virtual, composed …',
            max_length=64,
            filter=True,
        ),
        processors=fields.ListField(
            items=parts.PROCESSOR,
            doc='The CPUs; null: not read yet.',
            api='r',
            nullable=True,
            shape=parts.shape(parts.PROCESSOR, 'threads'),
        ),
        cpu_model=hardware.text(
            'Model of the processors.', filter=True, shape=True
        ),
        cpu_architecture=hardware.text(
            'Instruction set of the processors.',
            max_length=64,
            filter=True,
            shape=True,
        ),
        cpu_sockets=fields.IntegerField(
            doc='Number of processors.', api='r', shape=True
        ),
        cpu_cores=fields.IntegerField(
            doc='Number of processor cores.',
            api='r',
            filter=True,
            sort=('podm_uuid', 'free'),
            shape=True,
        ),
        cpu_threads=fields.IntegerField(
            doc='Number of hardware threads.', api='r'
        ),
        memory_mib=fields.IntegerField(
            doc='Memory in MiB.',
            api='r',
            filter=True,
            sort=('podm_uuid', 'free'),
            shape=True,
        ),
        memory_type=hardware.text(
            'Type of the memory devices, such as DDR4.',
            max_length=64,
            shape=True,
        ),
        memory_modules=fields.ListField(
            items=parts.MEMORY_MODULE,
            doc='The memory modules; null: not read yet.',
            api='r',
            nullable=True,
            shape=parts.shape(parts.MEMORY_MODULE),
        ),
        tpm=hardware.text(
            'Type of the TPM, such as TPM2_0, if there is one.',
            max_length=64,
            shape=True,
        ),
        boot_modes=fields.ListField(
            items={'type': 'string'},
            doc='Boot modes that the system allows, such as UEFI; null: '
            'unknown.',
            api='r',
            nullable=True,
            shape=True,
        ),
        storage_gib=fields.IntegerField(
            doc='Capacity of the local drives in GiB.',
            api='r',
            filter=True,
            sort=(),
            shape=True,
        ),
        drives=fields.ListField(
            items=parts.DRIVE,
            doc='Local drives.',
            api='r',
            shape=parts.shape(parts.DRIVE),
        ),
        nics=fields.ListField(
            items=parts.NIC,
            doc='Network interfaces.',
            api='r',
            mac='mac',
            shape=parts.shape(parts.NIC),
        ),
        accelerators=fields.ListField(
            items=parts.ACCELERATOR,
            doc='GPUs, FPGAs and other processors besides the CPUs; null: not '
            'read yet.',
            api='r',
            nullable=True,
            shape=parts.shape(parts.ACCELERATOR),
        ),
        power_state=hardware.enum('Power state.', 'on', 'off', 'unknown'),
        zones=fields.ListField(
            items={'type': 'string'},
            doc='Zones whose devices can be attached; empty: all.',
            api='r',
            audience=fields.Audience.SYSTEM,
        ),
        tags=hardware.tags(shape=True),
        inherited_tags=hardware.inherited_tags(),
        state=hardware.use(),
        free=hardware.free(),
    )


@ovo.VersionedObjectRegistry.register
class Device(base.ValenceObject):
    """A pooled device that can be attached to a system."""

    RESOURCE = 'devices'
    LINKED = True
    KIND = 'device'
    VERSION = '1.6'
    ORDER = 'name'
    fields = hardware.observed(
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
        **hardware.location(),
        **hardware.allocation(),
        type=fields.StringField(
            doc='Type: drive, nic, gpu, fpga, memory, processor, pcie, '
            'resource_block …',
            api='r',
            max_length=64,
            filter=True,
            shape=True,
        ),
        media_type=hardware.text(
            'Media type of a drive: SSD, HDD …', max_length=64, shape=True
        ),
        protocol=hardware.text(
            'Transport protocol: NVMe, iSCSI, PCIe …',
            max_length=64,
            filter=True,
            shape=True,
        ),
        capacity_gib=fields.IntegerField(
            doc='Capacity of storage in GiB.',
            api='r',
            filter=True,
            sort=('type', 'free'),
            shape=True,
        ),
        memory_mib=fields.IntegerField(
            doc='Capacity of memory in MiB.',
            api='r',
            filter=True,
            shape=True,
        ),
        onboard_memory_mib=fields.IntegerField(
            doc='Memory of a GPU or another accelerator itself in MiB; null: '
            'unknown.',
            api='r',
            nullable=True,
            shape=True,
        ),
        speed_mhz=fields.IntegerField(
            doc='Clock rate of a processor or accelerator in MHz; null: '
            'unknown.',
            api='r',
            nullable=True,
            shape=True,
        ),
        rpm=fields.IntegerField(
            doc='Rotation speed of a drive; null: it does not rotate, or it '
            'is unknown.',
            api='r',
            nullable=True,
            shape=True,
        ),
        cpu_cores=fields.IntegerField(
            doc='Number of processor cores.', api='r', filter=True
        ),
        speed_mbps=fields.IntegerField(
            doc='Speed of a network interface in Mbit/s.',
            api='r',
            filter=True,
            shape=True,
        ),
        mac_addresses=fields.ListField(
            items={'type': 'string'},
            doc='MAC addresses of a network interface; null: none is known.',
            api='r',
            nullable=True,
            mac='',
        ),
        pooled_group_id=hardware.text(
            'Group of the device on the pod manager.',
            audience=fields.Audience.SYSTEM,
        ),
        max_nodes=fields.IntegerField(
            doc='Number of nodes that can share it at once; null: any number.',
            api='r',
            nullable=True,
            minimum=1,
        ),
        sharers=fields.IntegerField(
            doc='Number of nodes that share it; node_uuid is null then.',
            api='r',
            default=0,
            minimum=0,
        ),
        zones=fields.ListField(
            items={'type': 'string'},
            doc='Zones whose systems it can be attached to; empty: all, if '
            'nothing on the pod manager is in a zone.',
            api='r',
            audience=fields.Audience.SYSTEM,
        ),
        tags=hardware.tags(shape=True),
        inherited_tags=hardware.inherited_tags(),
        state=hardware.use(),
        free=hardware.free(),
    )


@ovo.VersionedObjectRegistry.register
class Storage(base.ValenceObject):
    """A storage service, or a storage pool."""

    RESOURCE = 'storages'
    LINKED = True
    KIND = 'storage'
    ORDER = 'name'
    fields = hardware.observed(
        'storage',
        ('podm_uuid', 'parent_uuid', 'type', 'health'),
        parent_uuid=fields.UUIDField(
            doc='UUID of the storage service of a pool.',
            api='r',
            nullable=True,
            filter=True,
        ),
        type=hardware.enum(
            'Whether it is a service or a pool.', 'service', 'pool'
        ),
        capacity_gib=fields.IntegerField(
            doc='Capacity in GiB.',
            api='r',
            filter=True,
            sort=('type',),
        ),
        free_gib=fields.IntegerField(
            doc='Free capacity in GiB.',
            api='r',
            filter=True,
            sort=('type',),
        ),
        state=hardware.operation(),
    )


@ovo.VersionedObjectRegistry.register
class MacAddress(base.ValenceObject):
    """An address of a system or device, by which it is found."""

    RESOURCE = 'mac_addresses'
    KIND = 'MAC address'
    fields = {
        'uuid': base.own_uuid('address'),
        'podm_uuid': base.pod_manager_uuid(),
        'resource_uuid': fields.UUIDField(doc='UUID of the system or device.'),
        'address': fields.StringField(
            doc='MAC address in lower case with colons.', max_length=17
        ),
        **base.timestamps(),
    }
