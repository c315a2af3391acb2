# SPDX-License-Identifier: Apache-2.0
"""One short module a console script.

The threading backend of oslo.service has to be chosen before anything imports
oslo.versionedobjects, which would otherwise load the eventlet one.
"""

import warnings

from oslo_service import backend

# oslo.service brings eventlet along, and futurist looks whether it is there;
# nothing of it is used.
warnings.filterwarnings('ignore', message=r'\s*Eventlet is deprecated')
backend.init_backend(backend.BackendType.THREADING)
