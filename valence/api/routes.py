# SPDX-License-Identifier: Apache-2.0
"""All endpoints below ``/v1``."""

from valence.api.controllers.v1 import access
from valence.api.controllers.v1 import base
from valence.api.controllers.v1 import conditions
from valence.api.controllers.v1 import drivers
from valence.api.controllers.v1 import events
from valence.api.controllers.v1 import expected
from valence.api.controllers.v1 import feed
from valence.api.controllers.v1 import findings
from valence.api.controllers.v1 import flavors
from valence.api.controllers.v1 import history
from valence.api.controllers.v1 import holds
from valence.api.controllers.v1 import inventory
from valence.api.controllers.v1 import nodes
from valence.api.controllers.v1 import operations
from valence.api.controllers.v1 import pod_managers
from valence.api.controllers.v1 import pools
from valence.api.controllers.v1 import usage
from valence.db.sqlalchemy import models
from valence.objects import fields

_podms, _access = pod_managers.PodManagers(), access.Access()
_nodes, _operations = nodes.Nodes(), operations.Operations()
_racks, _capacity = inventory.Racks(), inventory.Capacity()
_chassis, _conditions = inventory.Chassis(), conditions.Conditions()
_systems = inventory.Allocatable(models.System)
_devices, _storages = inventory.Devices(), base.Controller(models.Storage)
_flavors, _drivers = flavors.Flavors(), drivers.Drivers()
_holds, _pools = holds.Holds(), pools.Pools()
_findings, _usage = findings.Findings(), usage.Usage()
_samples = base.Controller(models.CapacitySample)
#: Deliveries have a short path besides; see ``valence.api.deliveries``.
EVENTS = events.Events()
_expected = expected.Expected()
_feed, _conductors = feed.Feed(), base.Controller(models.Conductor)

_LIST, _SHOW = {'GET': 'list'}, {'GET': 'show'}
_CREATE, _UPDATE = {'POST': 'create'}, {'PATCH': 'update'}
_DELETE, _FREE = {'DELETE': 'delete'}, {'DELETE': 'unreserve'}
_SYNC, _ACTION = {'POST': 'sync'}, {'POST': 'action'}
_OWN = _SHOW | _UPDATE | _DELETE
_PODM = _SHOW | {'PUT': 'update'} | _UPDATE | _DELETE

# Path, resource of the policy rules, controller, verb by HTTP method.
Route = tuple[str, str, base.Endpoints, dict[str, str]]

# The parameters in paths.
PARAMETERS: dict[str, fields.Spec] = {
    'id': fields.StringField(doc='UUID or name.', max_length=255),
    'project_id': fields.StringField(
        doc='Identifier of the project.', max_length=255
    ),
    'secret': fields.StringField(
        doc='The secret that authenticates the pod manager.', max_length=255
    ),
}
# fmt: off
ROUTES: tuple[Route, ...] = (
    ('pod_managers', 'pod_manager', _podms, _LIST | _CREATE),
    ('pod_managers/{id}', 'pod_manager', _podms, _PODM),
    ('pod_manager/{id}', 'pod_manager', _podms, _PODM),
    ('pod_managers/{id}/sync', 'pod_manager', _podms, _SYNC),
    ('pod_managers/{id}/expected', 'expected_part', _expected,
     _LIST | {'PUT': 'replace'}),
    ('pod_managers/{id}/expected/snapshot', 'expected_part', _expected,
     {'POST': 'snapshot'}),
    ('pod_managers/{id}/expected/report', 'expected_part', _expected,
     {'GET': 'report'}),
    ('pod_managers/{id}/history', 'history',
     history.History(models.PodManager), _LIST),
    ('pod_managers/{id}/topology', 'pod_manager', _podms, {'GET': 'topology'}),
    ('pod_managers/{id}/access', 'pod_manager_access', _access,
     _LIST | _CREATE),
    ('pod_managers/{id}/access/{project_id}', 'pod_manager_access', _access,
     _DELETE),
    ('capacity', 'capacity', _capacity, _SHOW),
    ('capacity_samples', 'capacity_sample', _samples, _LIST),
    ('capacity_samples/{id}', 'capacity_sample', _samples, _SHOW),
    ('racks', 'rack', _racks, _LIST),
    ('racks/{id}', 'rack', _racks, _SHOW),
    ('chassis', 'chassis', _chassis, _LIST),
    ('chassis/{id}', 'chassis', _chassis, _SHOW | _UPDATE),
    ('systems', 'system', _systems, _LIST),
    ('systems/{id}', 'system', _systems, _SHOW | _UPDATE),
    ('systems/{id}/history', 'history', history.History(models.System), _LIST),
    ('systems/{id}/reservation', 'system', _systems, _FREE),
    ('devices', 'device', _devices, _LIST),
    ('devices/sync', 'device', _devices, _SYNC),
    ('devices/{id}', 'device', _devices, _SHOW | _UPDATE),
    ('devices/{id}/history', 'history', history.History(models.Device), _LIST),
    ('devices/{id}/reservation', 'device', _devices, _FREE),
    ('storages', 'storage', _storages, _LIST),
    ('storages/{id}', 'storage', _storages, _SHOW),
    ('flavors', 'flavor', _flavors, _LIST | _CREATE),
    ('flavors/{id}', 'flavor', _flavors, _OWN),
    ('flavors/choices', 'flavor', _flavors, {'GET': 'choices'}),
    ('flavors/{id}/publish', 'flavor', _flavors, {'POST': 'publish_to_nova'}),
    ('flavors/{id}/unpublish', 'flavor', _flavors,
     {'POST': 'unpublish_from_nova'}),
    ('holds', 'hold', _holds, _LIST | _CREATE),
    ('holds/{id}', 'hold', _holds, _OWN),
    ('pools', 'pool', _pools, _LIST | _CREATE),
    ('pools/{id}', 'pool', _pools, _OWN),
    ('pools/{id}/action', 'pool', _pools, _ACTION),
    ('nodes', 'node', _nodes, _LIST | _CREATE),
    ('nodes/{id}', 'node', _nodes, _OWN),
    ('nodes/preview', 'node', _nodes, {'POST': 'preview'}),
    ('nodes/manage', 'node', _nodes, {'POST': 'manage'}),
    ('nodes/{id}/action', 'node', _nodes, _ACTION),
    ('nodes/{id}/register', 'node', _nodes, {'POST': 'register'}),
    ('nodes/{id}/unregister', 'node', _nodes, {'POST': 'unregister'}),
    ('nodes/{id}/history', 'node_history', history.History(models.Node),
     _LIST),
    ('nodes/{id}/storages', 'node', _nodes, {'GET': 'storages'}),
    ('findings', 'finding', _findings, _LIST),
    ('findings/{id}', 'finding', _findings, _SHOW),
    ('findings/{id}/action', 'finding', _findings, _ACTION),
    ('conditions', 'condition', _conditions, _LIST | _CREATE),
    ('conditions/{id}', 'condition', _conditions, _SHOW | _DELETE),
    ('operations', 'operation', _operations, _LIST),
    ('operations/{id}', 'operation', _operations, _SHOW | _DELETE),
    ('events', 'event', _feed, _LIST),
    ('events/{id}', 'event', _feed, _SHOW),
    ('events/{id}/{secret}', 'event', EVENTS, _CREATE),
    ('usage', 'usage', _usage, _SHOW),
    ('conductors', 'conductor', _conductors, _LIST),
    ('drivers', 'driver', _drivers, _LIST),
)
# fmt: on
