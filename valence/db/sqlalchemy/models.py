# SPDX-License-Identifier: Apache-2.0
"""The tables, as a database administrator reads them.

What a column means is said in the object of the same name; a test holds the
two together.
"""

import sqlalchemy as sa
from sqlalchemy import orm

from valence.db.sqlalchemy.types import DateTime
from valence.db.sqlalchemy.types import Json
from valence.db.sqlalchemy.types import Name
from valence.db.sqlalchemy.types import Text

Base = orm.declarative_base()


class Table(Base):
    """What every table has."""

    __abstract__ = True
    __table_args__ = {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8mb4'}

    uuid = sa.Column(sa.String(36), primary_key=True)
    created_at = sa.Column(DateTime, nullable=False)
    updated_at = sa.Column(DateTime)


def _args(*constraints):
    return (*constraints, Table.__table_args__)


class PodManager(Table):
    __tablename__ = 'pod_managers'
    __table_args__ = _args(
        sa.UniqueConstraint('name', name='uniq_pod_managers0name'),
        sa.UniqueConstraint('url', name='uniq_pod_managers0url'),
    )

    name = sa.Column(Name(255), nullable=False)
    url = sa.Column(Name(512), nullable=False)
    driver = sa.Column(sa.String(64))
    username = sa.Column(Name(255))
    password = sa.Column(sa.Text)
    auth_type = sa.Column(sa.String(16), nullable=False)
    insecure = sa.Column(sa.Boolean, nullable=False)
    ca_cert = sa.Column(Text)
    status = sa.Column(sa.String(16), nullable=False)
    status_reason = sa.Column(sa.String(1024))
    status_changed_at = sa.Column(DateTime)
    description = sa.Column(sa.String(1024))
    location = sa.Column(Name(255))
    maintenance = sa.Column(sa.Boolean, nullable=False)
    capabilities = sa.Column(Json, nullable=False)
    service_uuid = sa.Column(Name(255))
    contacted_at = sa.Column(DateTime)
    synced_at = sa.Column(DateTime)
    sync_error = sa.Column(sa.String(1024))
    deleting_at = sa.Column(DateTime)


class Observed(Table):
    """What every table of observed hardware has."""

    __abstract__ = True

    podm_uuid = sa.Column(
        sa.String(36),
        sa.ForeignKey('pod_managers.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    name = sa.Column(Name(255), nullable=False)
    manufacturer = sa.Column(Name(255))
    model = sa.Column(Name(255))
    serial_number = sa.Column(Name(255))
    state = sa.Column(sa.String(16), nullable=False)
    health = sa.Column(sa.String(16), nullable=False)
    resource_uri = sa.Column(Name(2048), nullable=False)
    # A unique index cannot hold a whole URI on MySQL.
    uri_hash = sa.Column(sa.String(64), nullable=False)
    properties = sa.Column(Json, nullable=False)
    synced_at = sa.Column(DateTime, nullable=False)
    stale = sa.Column(sa.Boolean, nullable=False)
    missing_since = sa.Column(DateTime)
    missed_syncs = sa.Column(sa.Integer, nullable=False)


def _observed_args(table, *constraints):
    return _args(
        sa.UniqueConstraint(
            'podm_uuid', 'uri_hash', name=f'uniq_{table}0podm_uuid0uri_hash'
        ),
        *constraints,
    )


class Chassis(Observed):
    __tablename__ = 'chassis'
    __table_args__ = _observed_args('chassis')

    parent_uuid = sa.Column(sa.String(36), index=True)
    type = sa.Column(sa.String(64), nullable=False)
    location = sa.Column(Name(255))


class System(Observed):
    __tablename__ = 'systems'
    __table_args__ = _observed_args(
        'systems',
        sa.Index('ix_systems_state_size', 'state', 'cpu_cores', 'memory_mib'),
    )

    chassis_uuid = sa.Column(sa.String(36), index=True)
    hardware_uuid = sa.Column(Name(255))
    type = sa.Column(sa.String(64))
    cpu_model = sa.Column(Name(255))
    cpu_architecture = sa.Column(Name(64))
    cpu_sockets = sa.Column(sa.Integer, nullable=False)
    cpu_cores = sa.Column(sa.Integer, nullable=False)
    cpu_threads = sa.Column(sa.Integer, nullable=False)
    memory_mib = sa.Column(sa.BigInteger, nullable=False)
    memory_type = sa.Column(sa.String(64))
    storage_gib = sa.Column(sa.BigInteger, nullable=False)
    drives = sa.Column(Json, nullable=False)
    nics = sa.Column(Json, nullable=False)
    power_state = sa.Column(sa.String(16), nullable=False)


class Node(Table):
    __tablename__ = 'nodes'
    __table_args__ = _args(
        sa.UniqueConstraint('scope', 'name', name='uniq_nodes0scope0name'),
    )

    name = sa.Column(Name(255), nullable=False)
    description = sa.Column(sa.String(1024))
    scope = sa.Column(Name(255), nullable=False)
    podm_uuid = sa.Column(
        sa.String(36), sa.ForeignKey('pod_managers.uuid'), index=True
    )
    properties = sa.Column(Json, nullable=False)
    index = sa.Column(Name(255))
    resource_uri = sa.Column(Name(2048))
    provision_state = sa.Column(sa.String(16), nullable=False)
    power_state = sa.Column(sa.String(16), nullable=False)
    last_error = sa.Column(Text)
    project_id = sa.Column(Name(255), index=True)
    user_id = sa.Column(Name(255))


class Allocation(Table):
    __tablename__ = 'allocations'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'resource_uuid', name='uniq_allocations0resource_uuid'
        ),
    )

    resource_uuid = sa.Column(sa.String(36), nullable=False)
    node_uuid = sa.Column(
        sa.String(36),
        sa.ForeignKey('nodes.uuid', ondelete='CASCADE'),
        nullable=False,
        index=True,
    )
    podm_uuid = sa.Column(sa.String(36), nullable=False)


class Operation(Table):
    __tablename__ = 'operations'
    __table_args__ = _args(
        sa.UniqueConstraint('lock_key', name='uniq_operations0lock_key'),
        sa.Index('ix_operations_state_run_after', 'state', 'run_after'),
    )

    action = sa.Column(sa.String(64), nullable=False)
    params = sa.Column(Json, nullable=False)
    target_type = sa.Column(sa.String(64), nullable=False)
    target_uuid = sa.Column(sa.String(36), nullable=False, index=True)
    # No foreign key: the story of an operation outlives its pod manager.
    podm_uuid = sa.Column(sa.String(36), index=True)
    state = sa.Column(sa.String(16), nullable=False)
    progress = sa.Column(sa.Integer, nullable=False)
    step = sa.Column(sa.String(64))
    undoing = sa.Column(sa.Boolean, nullable=False)
    attempt = sa.Column(sa.Integer, nullable=False)
    error = sa.Column(Text)
    conductor = sa.Column(sa.String(36), index=True)
    claim = sa.Column(sa.String(36))
    cancel_requested = sa.Column(sa.Boolean, nullable=False)
    lock_key = sa.Column(sa.String(255))
    run_after = sa.Column(DateTime)
    request_id = sa.Column(sa.String(64))
    user_id = sa.Column(Name(255))
    project_id = sa.Column(Name(255), index=True)
    started_at = sa.Column(DateTime)
    finished_at = sa.Column(DateTime)


class OperationStep(Table):
    __tablename__ = 'operation_steps'
    __table_args__ = _args(
        sa.UniqueConstraint(
            'operation_uuid', 'n', name='uniq_operation_steps0operation_uuid0n'
        ),
    )

    operation_uuid = sa.Column(
        sa.String(36),
        sa.ForeignKey('operations.uuid', ondelete='CASCADE'),
        nullable=False,
    )
    n = sa.Column(sa.Integer, nullable=False)
    name = sa.Column(sa.String(64), nullable=False)
    intent = sa.Column(Json, nullable=False)
    result = sa.Column(Json)
    state = sa.Column(sa.String(16), nullable=False)


class Conductor(Table):
    __tablename__ = 'conductors'

    hostname = sa.Column(Name(255), nullable=False)
    heartbeat_at = sa.Column(DateTime, nullable=False)
    drivers = sa.Column(Json, nullable=False)


# Columns that are read but not stored: what the claims say of the hardware.
System.node_uuid = orm.column_property(
    sa.select(Allocation.node_uuid)
    .where(Allocation.resource_uuid == System.uuid)
    .scalar_subquery()
)

BY_RESOURCE = {
    mapper.class_.__tablename__: mapper.class_
    for mapper in Base.registry.mappers
}
