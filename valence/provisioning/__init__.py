# SPDX-License-Identifier: Apache-2.0
"""Handing composed nodes to what provisions them, such as Ironic."""
