# SPDX-License-Identifier: Apache-2.0
"""Making and releasing the nodes of pools."""
