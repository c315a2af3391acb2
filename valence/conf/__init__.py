# SPDX-License-Identifier: Apache-2.0
"""Every option of Valence: one module an option group, none elsewhere.

A module has the names ``GROUP`` (None for [DEFAULT]) and ``OPTS``; it is found
by being here.
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
