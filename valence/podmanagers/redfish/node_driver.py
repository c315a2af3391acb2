# SPDX-License-Identifier: Apache-2.0
"""What drivers of Redfish services do with nodes in the same way."""

from valence.podmanagers.boot import BootOverride
from valence.podmanagers.node_uri import NodeUri
from valence.podmanagers.progress import Deadline
from valence.podmanagers.progress import Progress
from valence.podmanagers.redfish import boot
from valence.podmanagers.redfish import events
from valence.podmanagers.redfish import jobs
from valence.podmanagers.redfish import power


class NodeDriver(events.EventDriver):
    """The part of a driver that changes a node as any system is changed."""

    def reset(
        self,
        uri: str,
        reset_type: str,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        node = NodeUri.parse(uri).uri
        power.reset(self._client, node, reset_type, deadline, progress)

    def set_boot(
        self,
        uri: str,
        override: BootOverride,
        deadline: Deadline,
        progress: Progress,
    ) -> str | None:
        node = NodeUri.parse(uri).uri
        return boot.set_boot(self._client, node, override, deadline, progress)

    def cancel(self, deadline: Deadline, progress: Progress) -> bool:
        return jobs.cancel(self._client, progress, deadline)
