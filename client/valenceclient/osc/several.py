# SPDX-License-Identifier: Apache-2.0
"""Acting on several resources: an error on one does not prevent the others."""

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar

from osc_lib import exceptions

from valenceclient.osc import output

R = TypeVar('R')
LOG = logging.getLogger(__name__)


class Attempts:
    """What was attempted with several resources, and failed with some.

    :ivar names: of the resources, each once.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = list(dict.fromkeys(names))
        self._failures: dict[str, str] = {}

    def each(
        self, act: Callable[[Any], R], on: Mapping[str, Any] | None = None
    ) -> dict[str, R]:
        """Call a function for each resource.

        :param on: what to call it with, by name; by default the names.
        :returns: what it returned, by name, without those that failed.
        """
        done = {}
        for name in self.names if on is None else on:
            try:
                done[name] = act(name if on is None else on[name])
            except output.REQUEST_ERRORS as exc:
                self._failures[name] = output.error_message(exc)
        return done

    def finish(self) -> None:
        """Log each failure, unless there was only one resource.

        :raises CommandError: if there are failures.
        """
        if not self._failures:
            return
        if len(self.names) == 1:
            raise exceptions.CommandError(*self._failures.values())
        for name, message in self._failures.items():
            LOG.error('%s: %s', output.one_line(name), message)
        raise exceptions.CommandError(
            f'{len(self._failures)} of {len(self.names)} failed.'
        )
