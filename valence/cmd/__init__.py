# SPDX-License-Identifier: Apache-2.0
"""Console scripts, one module each.

The threading backend of oslo.service must be selected before the first import
of oslo.versionedobjects, which would load the eventlet backend.
"""

import sys

from oslo_service import backend

# Some libraries use eventlet if they can import it: now they cannot.
sys.modules.setdefault('eventlet', None)  # type: ignore[arg-type]

backend.init_backend(backend.BackendType.THREADING)
