# SPDX-License-Identifier: Apache-2.0
"""Sphinx extensions for pages that are generated from the code."""
