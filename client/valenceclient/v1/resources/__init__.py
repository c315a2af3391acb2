# SPDX-License-Identifier: Apache-2.0
"""The resources of the API."""

from valenceclient.v1._common import Resource
from valenceclient.v1.resources.access import Access
from valenceclient.v1.resources.capacity import Capacity
from valenceclient.v1.resources.capacity_sample import CapacitySample
from valenceclient.v1.resources.chassis import Chassis
from valenceclient.v1.resources.condition import Condition
from valenceclient.v1.resources.conductor import Conductor
from valenceclient.v1.resources.device import Device
from valenceclient.v1.resources.driver import Driver
from valenceclient.v1.resources.event import Event
from valenceclient.v1.resources.expected_part import ExpectedPart
from valenceclient.v1.resources.finding import Finding
from valenceclient.v1.resources.flavor import Flavor
from valenceclient.v1.resources.hold import Hold
from valenceclient.v1.resources.node import Node
from valenceclient.v1.resources.node_storage import NodeStorage
from valenceclient.v1.resources.operation import Operation
from valenceclient.v1.resources.period import Period
from valenceclient.v1.resources.pod_manager import PodManager
from valenceclient.v1.resources.pool import Pool
from valenceclient.v1.resources.rack import Rack
from valenceclient.v1.resources.storage import Storage
from valenceclient.v1.resources.system import System
from valenceclient.v1.resources.topology import Topology

__all__ = (
    'Resource',
    'Access',
    'Capacity',
    'CapacitySample',
    'Chassis',
    'Condition',
    'Conductor',
    'Device',
    'Driver',
    'Event',
    'ExpectedPart',
    'Finding',
    'Flavor',
    'Hold',
    'Node',
    'NodeStorage',
    'Operation',
    'Period',
    'PodManager',
    'Pool',
    'Rack',
    'Storage',
    'System',
    'Topology',
)
