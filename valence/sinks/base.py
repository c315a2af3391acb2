# SPDX-License-Identifier: Apache-2.0
"""What a sink of capacity does; other packages can add some.

One is an entry point of ``valence.capacity_sinks``: a class without
parameters.
"""

import abc
import uuid
from collections.abc import Mapping
from typing import ClassVar

from valence.common.identity import Mark
from valence.podmanagers.progress import Deadline

#: What a sink has of the pod managers of this Valence, by their UUIDs. Only
#: the sink knows what the values are.
Shown = Mapping[str, object]


class Sink(abc.ABC):
    """A service that stores how many more nodes fit on pod managers.

    It changes nothing that does not bear the mark of a pod manager.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def list(self, group: uuid.UUID, deadline: Deadline) -> Shown:
        """What the service has of this Valence.

        :param group: what identifies this Valence.
        :raises ProvisioningError: if it cannot be read.
        """

    @abc.abstractmethod
    def write(
        self,
        mark: Mark,
        fits: Mapping[str, int],
        group: uuid.UUID,
        shown: Shown,
        deadline: Deadline,
    ) -> bool:
        """Write how many nodes fit, if the service shows anything else.

        :param mark: of the pod manager.
        :param fits: the number for each flavor, by its name.
        :param shown: what was listed before.
        :returns: whether anything was written. If somebody else has written
            meanwhile, nothing is.
        :raises ProvisioningError: if it cannot be written.
        """

    @abc.abstractmethod
    def remove(self, mark: Mark, deadline: Deadline) -> bool:
        """Remove a pod manager that does not exist any more.

        :returns: whether it was removed; otherwise it bears no mark, or is
            gone already.
        :raises ProvisioningError: if it cannot be removed.
        """
