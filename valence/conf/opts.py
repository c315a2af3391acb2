# SPDX-License-Identifier: Apache-2.0
"""Options for the sample generators, and defaults for the commands."""

from oslo_config import cfg
from oslo_db import options as db_options
from oslo_middleware import cors

from valence import conf

DEFAULT_CONNECTION = 'sqlite:///$state_path/valence.sqlite'


def list_opts() -> list[tuple[cfg.OptGroup | None, list[cfg.Opt]]]:
    """Return all options by group, for the entry point oslo.config.opts."""
    return [(module.GROUP, module.OPTS) for module in conf.MODULES]


def set_defaults() -> None:
    """Set Valence's defaults of library options."""
    db_options.set_defaults(cfg.CONF, connection=DEFAULT_CONNECTION)
    cors.set_defaults(
        allow_headers=[
            *('X-Auth-Token', 'OpenStack-API-Version'),
            *('X-OpenStack-Request-ID', 'If-Match', 'If-None-Match'),
        ],
        expose_headers=[
            *('OpenStack-API-Version', 'X-OpenStack-Request-ID'),
            *('Location', 'Retry-After', 'ETag'),
        ],
        allow_methods=['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    )
