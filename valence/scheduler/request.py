# SPDX-License-Identifier: Apache-2.0
"""What is to be placed, and what can be said of that."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be placed.

    :param wanted: requirements, as ``objects.requirements`` normalizes them.
    :param podm_uuid: look on this pod manager only.
    :param resources: UUIDs of the very systems and devices to use.
    :param affinity: ``{"scope", "with" or "against": [node UUIDs]}``.
    :param project_id: who asks: what is reserved to others is not free.
    :param excluded: systems that turned out not to do, with the reason.
    :param granted: the pod managers that are not public, but open to it;
        found out by ``rank``.
    """

    wanted: dict[str, Any]
    podm_uuid: str | None = None
    resources: tuple[str, ...] = ()
    affinity: dict[str, Any] | None = None
    project_id: str | None = None
    excluded: tuple[tuple[str, str], ...] = ()
    granted: frozenset[str] = frozenset()


@dataclasses.dataclass
class Choice:
    """Where a node can be composed, and of what.

    :param devices: URIs of pooled devices by UUID.
    """

    podm_uuid: str
    system_uuid: str
    system_uri: str
    devices: dict[str, str]


@dataclasses.dataclass
class Refusal:
    """Why a pod manager is none.

    :param filter: what sorted it out.
    :param reason: in words.
    :param nearest: the greatest request of this kind that would fit.
    """

    podm_uuid: str
    name: str
    filter: str
    reason: str
    nearest: dict[str, Any] | None = None


@dataclasses.dataclass
class Ranking:
    """All that can be said of a request: the best choice comes first."""

    choices: list[Choice] = dataclasses.field(default_factory=list)
    refusals: list[Refusal] = dataclasses.field(default_factory=list)
