# SPDX-License-Identifier: Apache-2.0
"""What the generators of sample files and the commands ask for."""

from oslo_config import cfg
from oslo_db import options as db_options

from valence import conf

DEFAULT_CONNECTION = 'sqlite:///$state_path/valence.sqlite'


def list_opts() -> list[tuple[cfg.OptGroup | None, list[cfg.Opt]]]:
    """Every option by group, as the entry point ``oslo.config.opts`` wants."""
    return [(module.GROUP, module.OPTS) for module in conf.MODULES]


def set_defaults() -> None:
    """Give other libraries' options the defaults that Valence wants."""
    db_options.set_defaults(cfg.CONF, connection=DEFAULT_CONNECTION)
