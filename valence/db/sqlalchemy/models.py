# SPDX-License-Identifier: Apache-2.0
"""The tables, as a database administrator reads them.

``Mapped[str | None]`` is a column that may be NULL, ``Mapped[str]`` one that
may not. Times, integers and truth values have the same column type everywhere;
all other column types are given.

The object of the same name says what a column means and what its rows are
sorted by; a test compares the two. The indexes that serve the API are created
at the end of this file, all other indexes with their tables.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column as column

from valence import objects
from valence.common.types import Allowable
from valence.common.types import ExcludedSystem
from valence.common.types import JsonObject
from valence.common.types import Requirements
from valence.db.sqlalchemy.base import UUID
from valence.db.sqlalchemy.base import Base
from valence.db.sqlalchemy.base import Table
from valence.db.sqlalchemy.base import add_index
from valence.db.sqlalchemy.base import args
from valence.db.sqlalchemy.base import cascade
from valence.db.sqlalchemy.counted import Capacity as Capacity
from valence.db.sqlalchemy.counted import CapacitySample as CapacitySample
from valence.db.sqlalchemy.counted import Count as Count
from valence.db.sqlalchemy.counted import Shape as Shape
from valence.db.sqlalchemy.held import Allocation as Allocation
from valence.db.sqlalchemy.held import Hold as Hold
from valence.db.sqlalchemy.held import Reservation as Reservation
from valence.db.sqlalchemy.held import Share as Share
from valence.db.sqlalchemy.observed import Allocatable
from valence.db.sqlalchemy.observed import MacAddress as MacAddress
from valence.db.sqlalchemy.observed import Observed
from valence.db.sqlalchemy.observed import observed_args
from valence.db.sqlalchemy.pooled import Pool as Pool
from valence.db.sqlalchemy.recorded import Event as Event
from valence.db.sqlalchemy.recorded import EventQueue as EventQueue
from valence.db.sqlalchemy.recorded import History as History
from valence.db.sqlalchemy.recorded import UsageSpan as UsageSpan
from valence.db.sqlalchemy.standing import Condition as Condition
from valence.db.sqlalchemy.standing import ConditionLock as ConditionLock
from valence.db.sqlalchemy.standing import ExpectedPart as ExpectedPart
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import String
from valence.db.sqlalchemy.types import Text
from valence.objects.baseline import Baseline
from valence.objects.drift import Drift
from valence.objects.registration import Registration


class PodManager(Table):
    __tablename__ = 'pod_managers'
    __table_args__ = args(
        sa.UniqueConstraint('name'),
        sa.UniqueConstraint('url'),
        sa.Index(
            'uniq_pod_managers0canonical_url', 'canonical_url', unique=True
        ),
    )

    name: Mapped[str] = column(Name(255))
    url: Mapped[str] = column(Name(512))
    canonical_url: Mapped[str | None] = column(Name(512))
    driver: Mapped[str | None] = column(Name(64))
    username: Mapped[str | None] = column(Name(255))
    password: Mapped[str | None] = column(sa.Text)
    auth_type: Mapped[str] = column(String(16))
    insecure: Mapped[bool]
    ca_cert: Mapped[str | None] = column(Text)
    proxy_url: Mapped[str | None] = column(Name(512))
    proxy_username: Mapped[str | None] = column(Name(255))
    proxy_password: Mapped[str | None] = column(sa.Text)
    timeout: Mapped[int | None]
    max_parallel: Mapped[int | None]
    sync_interval: Mapped[int | None]
    tags: Mapped[list[str] | None] = column(Json)
    hardware_url: Mapped[str | None] = column(Name(512))
    hardware_username: Mapped[str | None] = column(Name(255))
    hardware_password: Mapped[str | None] = column(sa.Text)
    conductor_group: Mapped[str | None] = column(Name(255))
    shard: Mapped[str | None] = column(Name(255))
    status: Mapped[str] = column(String(16))
    status_reason: Mapped[str | None] = column(String(1024))
    status_changed_at: Mapped[datetime | None]
    description: Mapped[str | None] = column(String(1024))
    location: Mapped[str | None] = column(Name(255))
    maintenance: Mapped[bool]
    condition_uuid: Mapped[str | None] = column(UUID)
    is_public: Mapped[bool]
    capabilities: Mapped[list[str]] = column(Json)
    service_uuid: Mapped[str | None] = column(Name(255))
    shares_service_uuid: Mapped[bool] = column(server_default=sa.false())
    contacted_at: Mapped[datetime | None]
    synced_at: Mapped[datetime | None]
    sync_error: Mapped[str | None] = column(String(1024))
    refusal: Mapped[str | None] = column(String(1024))
    refused_at: Mapped[datetime | None]
    deleting_at: Mapped[datetime | None]
    event_secret: Mapped[str | None] = column(sa.Text)
    event_subscription: Mapped[str | None] = column(Name(2048))


class PodManagerAccess(Table):
    __tablename__ = 'pod_manager_access'
    __table_args__ = args(sa.UniqueConstraint('podm_uuid', 'project_id'))

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    project_id: Mapped[str] = column(Name(255))


class Chassis(Observed):
    __tablename__ = 'chassis'
    __table_args__ = observed_args()

    parent_uuid: Mapped[str | None] = column(UUID)
    type: Mapped[str] = column(Name(64))
    location: Mapped[str | None] = column(Name(255))
    rack_offset: Mapped[int | None]
    rack_units: Mapped[int | None]
    tags: Mapped[list[str] | None] = column(Json)


class System(Allocatable):
    __tablename__ = 'systems'
    __table_args__ = observed_args(
        sa.Index('ix_systems_count_uuid', 'count_uuid', 'free', 'uuid'),
    )

    hardware_uuid: Mapped[str | None] = column(Name(255))
    type: Mapped[str | None] = column(Name(64))
    processors: Mapped[list[JsonObject] | None] = column(Json)
    cpu_model: Mapped[str | None] = column(Name(255))
    cpu_architecture: Mapped[str | None] = column(Name(64))
    cpu_sockets: Mapped[int]
    cpu_threads: Mapped[int]
    memory_type: Mapped[str | None] = column(String(64))
    memory_modules: Mapped[list[JsonObject] | None] = column(Json)
    tpm: Mapped[str | None] = column(String(64))
    boot_modes: Mapped[list[str] | None] = column(Json)
    storage_gib: Mapped[int] = column(sa.BigInteger)
    drives: Mapped[list[JsonObject]] = column(Json)
    nics: Mapped[list[JsonObject]] = column(Json)
    accelerators: Mapped[list[JsonObject] | None] = column(Json)
    power_state: Mapped[str] = column(String(16))


class Device(Allocatable):
    __tablename__ = 'devices'
    __table_args__ = observed_args(
        sa.Index('ix_devices_count_uuid', 'count_uuid', 'free', 'uuid'),
    )

    type: Mapped[str] = column(Name(64))
    media_type: Mapped[str | None] = column(String(64))
    protocol: Mapped[str | None] = column(Name(64))
    capacity_gib: Mapped[int] = column(sa.BigInteger)
    speed_mbps: Mapped[int]
    speed_mhz: Mapped[int | None]
    rpm: Mapped[int | None]
    onboard_memory_mib: Mapped[int | None]
    mac_addresses: Mapped[list[str] | None] = column(Json)
    pooled_group_id: Mapped[str | None] = column(Name(255))
    max_nodes: Mapped[int | None] = column(default=1, server_default='1')
    sharers: Mapped[int] = column(default=0, server_default='0')


class Storage(Observed):
    __tablename__ = 'storages'
    __table_args__ = observed_args()

    parent_uuid: Mapped[str | None] = column(UUID)
    type: Mapped[str] = column(String(16))
    capacity_gib: Mapped[int] = column(sa.BigInteger)
    free_gib: Mapped[int] = column(sa.BigInteger)


class Node(Table):
    __tablename__ = 'nodes'
    __table_args__ = args(
        sa.UniqueConstraint('scope', 'name'),
        sa.Index(
            'uniq_nodes0podm_uuid0uri_hash',
            'podm_uuid',
            'uri_hash',
            unique=True,
        ),
        sa.Index('ix_nodes_lease_due_at', 'lease_due_at'),
    )

    name: Mapped[str] = column(Name(255))
    description: Mapped[str | None] = column(String(1024))
    scope: Mapped[str] = column(Name(255))
    podm_uuid: Mapped[str | None] = column(
        UUID, sa.ForeignKey('pod_managers.uuid')
    )
    # No foreign key: a flavor can be deleted before its nodes.
    flavor_uuid: Mapped[str | None] = column(UUID)
    properties: Mapped[Requirements] = column(Json)
    index: Mapped[str | None] = column(Name(255))
    resource_uri: Mapped[str | None] = column(Name(2048))
    uri_hash: Mapped[str | None] = column(String(64))
    baseline: Mapped[Baseline | None] = column(Json)
    provision_state: Mapped[str] = column(String(16))
    power_state: Mapped[str] = column(String(16))
    drift: Mapped[Drift | None] = column(Json)
    fault: Mapped[str | None] = column(String(16))
    allowable: Mapped[Allowable | None] = column(Json)
    boot: Mapped[JsonObject | None] = column(Json)
    managed_by: Mapped[str | None] = column(Name(64))
    managed_state: Mapped[str | None] = column(String(255))
    managed_status: Mapped[JsonObject | None] = column(Json)
    managed_error: Mapped[str | None] = column(String(1024))
    resource_class: Mapped[str | None] = column(Name(255))
    registration: Mapped[Registration | None] = column(Json)
    last_error: Mapped[str | None] = column(Text)
    user_last_error: Mapped[str | None] = column(Text)
    lease_until: Mapped[datetime | None]
    lease_end: Mapped[str] = column(
        String(16), default='notify', server_default='notify'
    )
    lease_state: Mapped[str] = column(
        String(16), default='none', server_default='none'
    )
    force_at: Mapped[datetime | None]
    lease_due_at: Mapped[datetime | None]
    lease_operation: Mapped[str | None] = column(UUID)
    pool_uuid: Mapped[str | None] = column(UUID)
    pool_state: Mapped[str | None] = column(String(16))
    pool_state_at: Mapped[datetime | None]
    charged_cores: Mapped[int]
    charged_memory_mib: Mapped[int] = column(sa.BigInteger)
    charged_devices: Mapped[int]
    project_id: Mapped[str | None] = column(Name(255))
    user_id: Mapped[str | None] = column(Name(255))


class ProjectUsage(Table):
    __tablename__ = 'project_usages'
    __table_args__ = args(sa.UniqueConstraint('project_id'))

    project_id: Mapped[str] = column(Name(255))


class Flavor(Table):
    __tablename__ = 'flavors'
    __table_args__ = args(sa.UniqueConstraint('scope', 'name'))

    name: Mapped[str] = column(Name(255))
    description: Mapped[str | None] = column(String(1024))
    scope: Mapped[str] = column(Name(255))
    properties: Mapped[JsonObject] = column(Json)
    is_public: Mapped[bool]
    lease_seconds: Mapped[int | None]
    lease_max_seconds: Mapped[int | None]
    lease_end: Mapped[str | None] = column(String(16))
    published_at: Mapped[datetime | None]
    project_id: Mapped[str | None] = column(Name(255))


class PendingRefresh(Table):
    """A resource to read again because of an event."""

    __tablename__ = 'pending_refreshes'
    __table_args__ = args(sa.UniqueConstraint('podm_uuid', 'uri_hash'))

    podm_uuid: Mapped[str] = column(UUID, cascade('pod_managers.uuid'))
    uri: Mapped[str] = column(Name(2048))
    uri_hash: Mapped[str] = column(String(64))


class Finding(Table):
    __tablename__ = 'findings'
    __table_args__ = args(
        sa.UniqueConstraint('open_key'),
        # Those that are over; see db/purge.py.
        sa.Index('ix_findings_open_key', 'open_key', 'updated_at'),
        sa.Index('ix_findings_podm_uuid', 'podm_uuid', 'state', 'updated_at'),
    )

    # Findings outlive a pod manager that is removed by force.
    podm_uuid: Mapped[str | None] = column(
        UUID, sa.ForeignKey('pod_managers.uuid', ondelete='SET NULL')
    )
    kind: Mapped[str] = column(String(32))
    subject: Mapped[str] = column(Name(2048))
    resource_uri: Mapped[str | None] = column(Name(2048))
    node_uuid: Mapped[str | None] = column(UUID)
    name: Mapped[str | None] = column(Name(255))
    project_id: Mapped[str | None] = column(Name(255))
    reason: Mapped[str] = column(Text)
    details: Mapped[JsonObject] = column(Json)
    state: Mapped[str] = column(String(16))
    accepted_until: Mapped[datetime | None]
    repair: Mapped[str | None] = column(String(36))
    syncs: Mapped[int]
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    open_key: Mapped[str | None] = column(String(64))


class Installation(Table):
    """One row: the identity of this Valence."""

    __tablename__ = 'installations'


class Operation(Table):
    __tablename__ = 'operations'
    __table_args__ = args(
        sa.UniqueConstraint('lock_key'),
        sa.Index('ix_operations_state_run_after', 'state', 'run_after'),
        sa.Index('ix_operations_finished_at', 'finished_at'),
        # Whose turn it is; see conductor/queue.py. It does not begin with the
        # state, so that MySQL does not sort by it what the API lists.
        sa.Index(
            'ix_operations_turn',
            *('cancel_requested', 'state', 'action', 'podm_uuid'),
            *('project_id', 'created_at', 'uuid'),
        ),
    )

    action: Mapped[str] = column(Name(64))
    params: Mapped[JsonObject] = column(Json)
    target_type: Mapped[str] = column(String(64))
    target_uuid: Mapped[str] = column(UUID)
    # No foreign key: an operation outlives its pod manager.
    podm_uuid: Mapped[str | None] = column(UUID)
    excluded_systems: Mapped[list[ExcludedSystem] | None] = column(Json)
    state: Mapped[str] = column(String(16))
    progress: Mapped[int]
    step: Mapped[str | None] = column(String(64))
    undoing: Mapped[bool]
    attempt: Mapped[int]
    error: Mapped[str | None] = column(Text)
    user_error: Mapped[str | None] = column(Text)
    nearest: Mapped[Requirements | None] = column(Json)
    conductor: Mapped[str | None] = column(UUID, index=True)
    claim: Mapped[str | None] = column(UUID)
    cancel_requested: Mapped[bool]
    lock_key: Mapped[str | None] = column(String(255))
    run_after: Mapped[datetime | None]
    request_id: Mapped[str | None] = column(String(64))
    global_request_id: Mapped[str | None] = column(String(64))
    user_id: Mapped[str | None] = column(Name(255))
    project_id: Mapped[str | None] = column(Name(255))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class OperationStep(Table):
    __tablename__ = 'operation_steps'
    __table_args__ = args(sa.UniqueConstraint('operation_uuid', 'n'))

    operation_uuid: Mapped[str] = column(UUID, cascade('operations.uuid'))
    n: Mapped[int]
    name: Mapped[str] = column(String(64))
    intent: Mapped[JsonObject] = column(Json)
    result: Mapped[JsonObject | None] = column(Json)
    state: Mapped[str] = column(String(16))


class Conductor(Table):
    __tablename__ = 'conductors'

    hostname: Mapped[str] = column(Name(255))
    heartbeat_at: Mapped[datetime]
    drivers: Mapped[list[str]] = column(Json)


BY_RESOURCE: dict[str, type[Table]] = {
    mapper.class_.__tablename__: mapper.class_
    for mapper in Base.registry.mappers
}

OBJECTS = {BY_RESOURCE[cls.RESOURCE]: cls for cls in objects.ALL}

for _cls in objects.ALL:
    for _pair in _cls.pairs():
        add_index(BY_RESOURCE[_cls.RESOURCE].__table__, *_pair)
