# SPDX-License-Identifier: Apache-2.0
"""Enrollment of composed nodes in a provisioner, such as Ironic."""
