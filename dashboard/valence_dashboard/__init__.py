# SPDX-License-Identifier: Apache-2.0
"""Horizon panels for Valence."""
