# SPDX-License-Identifier: Apache-2.0
"""Services that get to know how much capacity pod managers have."""
