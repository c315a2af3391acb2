# SPDX-License-Identifier: Apache-2.0
"""Simulated hardware of a pod behind real protocols."""
