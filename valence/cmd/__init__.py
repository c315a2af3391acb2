# SPDX-License-Identifier: Apache-2.0
"""One short module a console script.

The threading backend of oslo.service has to be chosen before anything imports
oslo.versionedobjects, which would otherwise load the eventlet one.
"""

import sys
from typing import Any

from oslo_service import backend

# Libraries that load eventlet where they find it do not find it.
_modules: dict[str, Any] = sys.modules
_modules.setdefault('eventlet', None)

backend.init_backend(backend.BackendType.THREADING)
