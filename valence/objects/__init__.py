# SPDX-License-Identifier: Apache-2.0
"""Versioned objects: they declare every field of every resource."""

from valence.objects.capacity import Capacity
from valence.objects.capacity import CapacitySample
from valence.objects.capacity import Count
from valence.objects.capacity import Shape
from valence.objects.condition import Condition
from valence.objects.condition import ConditionLock
from valence.objects.event import Event
from valence.objects.event import EventQueue
from valence.objects.expected import ExpectedPart
from valence.objects.finding import Finding
from valence.objects.finding import Installation
from valence.objects.flavor import Flavor
from valence.objects.history import History
from valence.objects.hold import Hold
from valence.objects.hold import Reservation
from valence.objects.inventory import Chassis
from valence.objects.inventory import Device
from valence.objects.inventory import MacAddress
from valence.objects.inventory import Storage
from valence.objects.inventory import System
from valence.objects.node import Node
from valence.objects.node import ProjectUsage
from valence.objects.operation import Allocation
from valence.objects.operation import Conductor
from valence.objects.operation import Operation
from valence.objects.operation import OperationStep
from valence.objects.operation import PendingRefresh
from valence.objects.operation import Share
from valence.objects.pod_manager import PodManager
from valence.objects.pod_manager import PodManagerAccess
from valence.objects.pool import Pool
from valence.objects.usage import UsageSpan

__all__ = (
    'Allocation',
    'Capacity',
    'CapacitySample',
    'Chassis',
    'Condition',
    'ConditionLock',
    'Conductor',
    'Count',
    'Device',
    'Event',
    'EventQueue',
    'ExpectedPart',
    'Finding',
    'Flavor',
    'History',
    'Hold',
    'Installation',
    'MacAddress',
    'Node',
    'Operation',
    'OperationStep',
    'PendingRefresh',
    'PodManager',
    'PodManagerAccess',
    'Pool',
    'ProjectUsage',
    'Reservation',
    'Shape',
    'Share',
    'Storage',
    'System',
    'UsageSpan',
)

ALL = (
    PodManager,
    PodManagerAccess,
    Chassis,
    System,
    Device,
    Shape,
    Count,
    Capacity,
    Storage,
    Flavor,
    Node,
    Hold,
    Reservation,
    ProjectUsage,
    PendingRefresh,
    Allocation,
    Share,
    Operation,
    OperationStep,
    Conductor,
    Finding,
    Installation,
    Event,
    EventQueue,
    UsageSpan,
    History,
    Condition,
    ConditionLock,
    ExpectedPart,
    Pool,
    MacAddress,
    CapacitySample,
)
