# SPDX-License-Identifier: Apache-2.0
"""The tables, as a database administrator reads them.

What a column means is said in the object of the same name; a test holds the
two together. What it is sorted by is said there, too: the indexes that serve
the API stand at the end, all others with their tables.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from valence import objects
from valence.db.sqlalchemy.types import DateTime
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import Text

Base: Any = orm.declarative_base()
# The stubs give a column read from its class no type that compares.
Column: Any = sa.Column


class Table(Base):
    """What every table has."""

    __abstract__ = True
    __table_args__: Any = {
        'mysql_engine': 'InnoDB',
        'mysql_charset': 'utf8mb4',
    }

    uuid = Column(sa.String(36), primary_key=True)
    created_at = Column(DateTime, nullable=False)
    updated_at = Column(DateTime)


def _args(*constraints: Any) -> tuple[Any, ...]:
    return (*constraints, Table.__table_args__)


class PodManager(Table):
    __tablename__ = 'pod_managers'
    __table_args__ = _args(
        sa.UniqueConstraint('name', name='uniq_pod_managers0name'),
        sa.UniqueConstraint('url', name='uniq_pod_managers0url'),
    )

    name = Column(Name(255), nullable=False)
    url = Column(Name(512), nullable=False)
    driver = Column(Name(64))
    username = Column(Name(255))
    password = Column(sa.Text)
    auth_type = Column(sa.String(16), nullable=False)
    insecure = Column(sa.Boolean, nullable=False)
    ca_cert = Column(Text)
    hardware_url = Column(Name(512))
    hardware_username = Column(Name(255))
    hardware_password = Column(sa.Text)
    status = Column(sa.String(16), nullable=False)
    status_reason = Column(sa.String(1024))
    status_changed_at = Column(DateTime)
    description = Column(sa.String(1024))
    location = Column(Name(255))
    maintenance = Column(sa.Boolean, nullable=False)
    is_public = Column(sa.Boolean, nullable=False)
    capabilities = Column(Json, nullable=False)
    service_uuid = Column(Name(255))
    contacted_at = Column(DateTime)
    synced_at = Column(DateTime)
    sync_error = Column(sa.String(1024))
    deleting_at = Column(DateTime)
    event_secret = Column(sa.Text)
    event_subscription = Column(Name(2048))


class PodManagerAccess(Table):
    __tablename__ = 'pod_manager_access'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'podm_uuid',
            'project_id',
            name='uniq_pod_manager_access0podm_uuid0project_id',
        ),
    )

    podm_uuid = Column(
        sa.String(36),
        sa.ForeignKey('pod_managers.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    project_id = Column(Name(255), nullable=False)


class Observed(Table):
    """What every table of observed hardware has."""

    __abstract__ = True

    podm_uuid = Column(
        sa.String(36),
        sa.ForeignKey('pod_managers.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    name = Column(Name(255), nullable=False)
    manufacturer = Column(Name(255))
    model = Column(Name(255))
    serial_number = Column(Name(255))
    state = Column(sa.String(16), nullable=False)
    health = Column(sa.String(16), nullable=False)
    resource_uri = Column(Name(2048), nullable=False)
    # A unique index cannot hold a whole URI on MySQL.
    uri_hash = Column(sa.String(64), nullable=False)
    properties = Column(Json, nullable=False)
    seen_at = Column(DateTime, nullable=False)
    refreshed = Column(sa.Boolean, nullable=False, default=False)
    stale = Column(sa.Boolean, nullable=False)
    missing_since = Column(DateTime)
    missed_syncs = Column(sa.Integer, nullable=False)


def _observed_args(table: str, *constraints: Any) -> tuple[Any, ...]:
    return _args(
        sa.UniqueConstraint(
            'podm_uuid', 'uri_hash', name=f'uniq_{table}0podm_uuid0uri_hash'
        ),
        *constraints,
    )


def _is_free(context: Any) -> bool:
    """Whether new hardware can be had: nobody claims it yet."""
    return context.get_current_parameters()['state'] == 'free'


class Claimable(Observed):
    """What nodes are made of; ``valence.db.allocations`` says who has it."""

    __abstract__ = True

    chassis_uuid = Column(sa.String(36))
    rack_uuid = Column(sa.String(36))
    node_uuid = Column(sa.String(36))
    reserved_to = Column(Name(255))
    free = Column(sa.Boolean, nullable=False, default=_is_free)


class Chassis(Observed):
    __tablename__ = 'chassis'
    __table_args__ = _observed_args('chassis')

    parent_uuid = Column(sa.String(36))
    type = Column(Name(64), nullable=False)
    location = Column(Name(255))


class System(Claimable):
    __tablename__ = 'systems'
    __table_args__ = _observed_args(
        'systems',
        sa.Index('ix_systems_state_size', 'state', 'cpu_cores', 'memory_mib'),
    )

    hardware_uuid = Column(Name(255))
    type = Column(Name(64))
    cpu_model = Column(Name(255))
    cpu_architecture = Column(Name(64))
    cpu_sockets = Column(sa.Integer, nullable=False)
    cpu_cores = Column(sa.Integer, nullable=False)
    cpu_threads = Column(sa.Integer, nullable=False)
    memory_mib = Column(sa.BigInteger, nullable=False)
    memory_type = Column(sa.String(64))
    storage_gib = Column(sa.BigInteger, nullable=False)
    drives = Column(Json, nullable=False)
    nics = Column(Json, nullable=False)
    power_state = Column(sa.String(16), nullable=False)
    zones = Column(Json, nullable=False)


class Device(Claimable):
    __tablename__ = 'devices'
    __table_args__ = _observed_args('devices')

    type = Column(Name(64), nullable=False)
    media_type = Column(sa.String(64))
    protocol = Column(Name(64))
    capacity_gib = Column(sa.BigInteger, nullable=False)
    memory_mib = Column(sa.BigInteger, nullable=False)
    cpu_cores = Column(sa.Integer, nullable=False)
    speed_mbps = Column(sa.Integer, nullable=False)
    pooled_group_id = Column(Name(255))
    zones = Column(Json, nullable=False)


class Storage(Observed):
    __tablename__ = 'storages'
    __table_args__ = _observed_args('storages')

    parent_uuid = Column(sa.String(36))
    type = Column(sa.String(16), nullable=False)
    capacity_gib = Column(sa.BigInteger, nullable=False)
    free_gib = Column(sa.BigInteger, nullable=False)


class Node(Table):
    __tablename__ = 'nodes'
    __table_args__ = _args(
        sa.UniqueConstraint('scope', 'name', name='uniq_nodes0scope0name'),
    )

    name = Column(Name(255), nullable=False)
    description = Column(sa.String(1024))
    scope = Column(Name(255), nullable=False)
    podm_uuid = Column(sa.String(36), sa.ForeignKey('pod_managers.uuid'))
    # No foreign key: a flavor may go before the nodes made by it.
    flavor_uuid = Column(sa.String(36))
    properties = Column(Json, nullable=False)
    index = Column(Name(255))
    resource_uri = Column(Name(2048))
    provision_state = Column(sa.String(16), nullable=False)
    power_state = Column(sa.String(16), nullable=False)
    drift = Column(Text)
    managed_by = Column(Name(64))
    managed_state = Column(sa.String(255))
    last_error = Column(Text)
    plain_last_error = Column(Text)
    charged_cores = Column(sa.Integer, nullable=False)
    charged_memory_mib = Column(sa.BigInteger, nullable=False)
    charged_devices = Column(sa.Integer, nullable=False)
    project_id = Column(Name(255))
    user_id = Column(Name(255))


class ProjectUsage(Table):
    __tablename__ = 'project_usages'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'project_id', name='uniq_project_usages0project_id'
        ),
    )

    project_id = Column(Name(255), nullable=False)


class Flavor(Table):
    __tablename__ = 'flavors'
    __table_args__ = _args(
        sa.UniqueConstraint('scope', 'name', name='uniq_flavors0scope0name'),
    )

    name = Column(Name(255), nullable=False)
    description = Column(sa.String(1024))
    scope = Column(Name(255), nullable=False)
    properties = Column(Json, nullable=False)
    is_public = Column(sa.Boolean, nullable=False)
    project_id = Column(Name(255))


class PendingRefresh(Table):
    """A resource that an event named, until it has been read anew."""

    __tablename__ = 'pending_refreshes'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'podm_uuid',
            'uri_hash',
            name='uniq_pending_refreshes0podm_uuid0uri_hash',
        ),
    )

    podm_uuid = Column(
        sa.String(36),
        sa.ForeignKey('pod_managers.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    uri = Column(Name(2048), nullable=False)
    uri_hash = Column(sa.String(64), nullable=False)


class Allocation(Table):
    __tablename__ = 'allocations'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'resource_uuid', name='uniq_allocations0resource_uuid'
        ),
    )

    resource_uuid = Column(sa.String(36), nullable=False)
    node_uuid = Column(
        sa.String(36),
        sa.ForeignKey('nodes.uuid', ondelete='CASCADE'),
        index=True,
    )
    podm_uuid = Column(sa.String(36), nullable=False, index=True)
    reserved_to = Column(Name(255))
    observed = Column(Json)


class Operation(Table):
    __tablename__ = 'operations'
    __table_args__ = _args(
        sa.UniqueConstraint('lock_key', name='uniq_operations0lock_key'),
        sa.Index('ix_operations_state_run_after', 'state', 'run_after'),
    )

    action = Column(Name(64), nullable=False)
    params = Column(Json, nullable=False)
    target_type = Column(sa.String(64), nullable=False)
    target_uuid = Column(sa.String(36), nullable=False)
    # No foreign key: the story of an operation outlives its pod manager.
    podm_uuid = Column(sa.String(36))
    state = Column(sa.String(16), nullable=False)
    progress = Column(sa.Integer, nullable=False)
    step = Column(sa.String(64))
    undoing = Column(sa.Boolean, nullable=False)
    attempt = Column(sa.Integer, nullable=False)
    error = Column(Text)
    plain_error = Column(Text)
    conductor = Column(sa.String(36), index=True)
    claim = Column(sa.String(36))
    cancel_requested = Column(sa.Boolean, nullable=False)
    lock_key = Column(sa.String(255))
    run_after = Column(DateTime)
    request_id = Column(sa.String(64))
    user_id = Column(Name(255))
    project_id = Column(Name(255))
    started_at = Column(DateTime)
    finished_at = Column(DateTime)


class OperationStep(Table):
    __tablename__ = 'operation_steps'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'operation_uuid', 'n', name='uniq_operation_steps0operation_uuid0n'
        ),
    )

    operation_uuid = Column(
        sa.String(36),
        sa.ForeignKey('operations.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    n = Column(sa.Integer, nullable=False)
    name = Column(sa.String(64), nullable=False)
    intent = Column(Json, nullable=False)
    result = Column(Json)
    state = Column(sa.String(16), nullable=False)


class Conductor(Table):
    __tablename__ = 'conductors'

    hostname = Column(Name(255), nullable=False)
    heartbeat_at = Column(DateTime, nullable=False)
    drivers = Column(Json, nullable=False)


# A column that is read but not stored. What a reading of the inventory finds
# unchanged is not written, so its age is that of the reading.
for _model in (Chassis, System, Device, Storage):
    _reading = (
        sa.select(PodManager.synced_at)
        .where(PodManager.uuid == _model.podm_uuid)
        .scalar_subquery()
    )
    _model.synced_at = orm.column_property(
        sa.case(
            (_model.stale, _model.seen_at),
            (_reading > _model.seen_at, _reading),
            else_=_model.seen_at,
        )
    )

BY_RESOURCE = {
    mapper.class_.__tablename__: mapper.class_
    for mapper in Base.registry.mappers
}


def index_name(table: str, name: str | None, key: str) -> str:
    """The name of the index that serves a filter and a sort key."""
    return '_'.join(filter(None, ('ix', table, name, key)))


# The order ends with the UUID, so that no two rows share a place.
for _cls in objects.ALL:
    _table = BY_RESOURCE[_cls.RESOURCE].__table__
    for _name, _key in _cls.pairs():
        sa.Index(
            index_name(_cls.RESOURCE, _name if _name != _key else None, _key),
            *(
                _table.columns[name]
                for name in dict.fromkeys((_name, _key, 'uuid'))
                if name
            ),
        )
