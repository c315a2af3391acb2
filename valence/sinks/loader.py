# SPDX-License-Identifier: Apache-2.0
"""Loading of sinks."""

import functools
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log
from stevedore import named

from valence.sinks import base

LOG = log.getLogger(__name__)

NAMESPACE = 'valence.capacity_sinks'


def configured() -> list[base.Sink]:
    """The sinks of the configuration that are installed."""
    return _load(tuple(cfg.CONF.capacity.sinks))


@functools.cache
def _load(names: tuple[str, ...]) -> list[base.Sink]:
    manager: named.NamedExtensionManager[base.Sink] = (
        named.NamedExtensionManager(
            NAMESPACE,
            list(names),
            invoke_on_load=True,
            name_order=True,
            on_missing_entrypoints_callback=_missing,
        )
    )
    return [extension.obj for extension in manager if extension.obj]


def _missing(names: Iterable[str]) -> None:
    LOG.error(
        '[capacity] sinks names what is not installed: %s',
        ', '.join(sorted(names)),
    )
