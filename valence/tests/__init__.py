# SPDX-License-Identifier: Apache-2.0
"""The tests of the service.

``unit`` holds what needs neither sockets nor other processes, and no waiting,
``functional``
what speaks HTTP: ``api`` to the application alone, ``conductor`` to all of
Valence with simulated pod managers, ``crash`` while processes die. What tests
stand on is in ``fixtures``.
"""

import os

from valence import cmd  # noqa: F401 - chooses the threading backend first

# What is logged is shown with the tests that fail, and nowhere else.
os.environ.setdefault('OS_LOG_CAPTURE', '1')
