# SPDX-License-Identifier: Apache-2.0
"""All options of Valence: one module per option group.

A module defines ``GROUP`` (None for [DEFAULT]) and ``OPTS``. All modules of
this package are registered.
"""

import importlib
import pkgutil

from oslo_config import cfg

CONF = cfg.CONF
MODULES = [
    importlib.import_module(f'{__name__}.{info.name}')
    for info in pkgutil.iter_modules(__path__)
    if info.name != 'opts'
]

for _module in MODULES:
    CONF.register_opts(_module.OPTS, group=_module.GROUP)
