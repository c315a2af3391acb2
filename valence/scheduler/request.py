# SPDX-License-Identifier: Apache-2.0
"""The request to the scheduler, and its result."""

import dataclasses
import types
from collections.abc import Mapping
from typing import NamedTuple
from typing import TypedDict

from valence.common.types import DeviceCounts
from valence.common.types import Requirements

#: Place a node with, or away from, other nodes: one of ``with`` and
#: ``against`` lists their UUIDs, ``scope`` is ``rack`` or ``pod_manager``.
AffinityRule = TypedDict(
    'AffinityRule',
    {'scope': str, 'with': list[str], 'against': list[str]},
    total=False,
)


class Use(NamedTuple):
    """The counters of a pod manager.

    :param nodes: the number of systems that nodes have.
    :param zoned: the number of systems and devices that are in zones.
    :param free_systems: without those that are reserved to a project.
    :param devices: by type.
    """

    nodes: int = 0
    free_systems: int = 0
    systems: int = 0
    cpu_cores: int = 0
    free_cpu_cores: int = 0
    memory_mib: int = 0
    free_memory_mib: int = 0
    zoned: int = 0
    devices: Mapping[str, DeviceCounts] = types.MappingProxyType({})


@dataclasses.dataclass(frozen=True)
class Refused:
    """A combination of hardware that a pod manager did not compose.

    :param devices: UUIDs of the pooled devices.
    """

    system_uuid: str
    reason: str
    devices: frozenset[str] = frozenset()
    podm_uuid: str | None = None


@dataclasses.dataclass(frozen=True)
class Request:
    """What to place.

    :param requirements: normalized requirements.
    :param podm_uuid: the only pod manager to consider.
    :param resources: UUIDs of the exact systems and devices to use.
    :param affinity: the rule about other nodes.
    :param project_id: the project; reserved hardware is free for its project
        only.
    :param register: whether the node is registered with a provisioner then.
    :param refused: combinations that must not be selected again.
    :param chosen: what is chosen for other nodes of the same hold.
    :param granted: UUIDs of the pod managers that are not public and that the
        project has access to; ``rank`` sets it.
    :param conditions: the messages of the conditions that keep new nodes away
        from pod managers, by UUID, where a rejection shows them.
    :param use: the counters of pod managers, for filters; ``rank`` sets it.
    """

    requirements: Requirements
    podm_uuid: str | None = None
    resources: tuple[str, ...] = ()
    affinity: AffinityRule | None = None
    project_id: str | None = None
    register: bool = False
    refused: tuple[Refused, ...] = ()
    chosen: tuple['Choice', ...] = ()
    granted: frozenset[str] = frozenset()
    conditions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    use: Mapping[str, Use] = dataclasses.field(default_factory=dict)

    def refused_devices(self, system_uuid: str) -> set[frozenset[str]]:
        """The sets of devices that were refused for a system."""
        return {
            one.devices
            for one in self.refused
            if one.system_uuid == system_uuid
        }


@dataclasses.dataclass
class Choice:
    """The hardware of one pod manager that satisfies a request.

    :param devices: URIs of pooled devices by UUID.
    """

    podm_uuid: str
    system_uuid: str
    system_uri: str
    devices: dict[str, str]


@dataclasses.dataclass
class Rejection:
    """Why a pod manager cannot satisfy a request.

    :param filter: the filter that rejected it, or ``capacity``.
    :param nearest: the largest similar requirements that it can satisfy.
    :param nearness: how near that is, from 0 to 1.
    :param systems: how many free systems it has.
    :param shortages: how many of them lack what.
    :param kept_away: which hardware conditions keep new nodes away from.
    :param user_kept_away: the same for members of projects.
    """

    podm_uuid: str
    name: str
    filter: str
    reason: str
    nearest: Requirements | None = None
    nearness: float = 0.0
    systems: int = 0
    shortages: dict[str, int] = dataclasses.field(default_factory=dict)
    kept_away: str = ''
    user_kept_away: str = ''


@dataclasses.dataclass
class Ranking:
    """The result for all pod managers; the best choice comes first.

    :param unlisted: the UUIDs of pod managers without a suitable system that
        have no rejection of their own, because there are many like them.
    :param shortages: how many of the free systems of these lack what, if there
        is no choice.
    """

    choices: list[Choice] = dataclasses.field(default_factory=list)
    rejections: list[Rejection] = dataclasses.field(default_factory=list)
    unlisted: list[str] = dataclasses.field(default_factory=list)
    shortages: dict[str, int] = dataclasses.field(default_factory=dict)
