# SPDX-License-Identifier: Apache-2.0
"""The provisioner Ironic."""

from valence.provisioning.ironic.driver import Ironic

__all__ = ('Ironic',)
