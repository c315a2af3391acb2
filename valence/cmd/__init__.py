# SPDX-License-Identifier: Apache-2.0
"""One short module a console script.

The threading backend of oslo.service has to be chosen before anything imports
oslo.versionedobjects, which would otherwise load the eventlet one.
"""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)
