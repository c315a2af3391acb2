# SPDX-License-Identifier: Apache-2.0
"""Flavors in Nova."""
