# SPDX-License-Identifier: Apache-2.0
"""Versioned objects: the one declaration of every field of every resource."""

from valence.objects.inventory import Chassis
from valence.objects.inventory import System
from valence.objects.node import Node
from valence.objects.operation import Allocation
from valence.objects.operation import Conductor
from valence.objects.operation import Operation
from valence.objects.operation import OperationStep
from valence.objects.pod_manager import PodManager

__all__ = (
    'Allocation',
    'Chassis',
    'Conductor',
    'Node',
    'Operation',
    'OperationStep',
    'PodManager',
    'System',
)

ALL = (
    PodManager,
    Chassis,
    System,
    Node,
    Allocation,
    Operation,
    OperationStep,
    Conductor,
)
