# SPDX-License-Identifier: Apache-2.0
"""Services that store how much capacity pod managers have."""
