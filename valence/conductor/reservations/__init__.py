# SPDX-License-Identifier: Apache-2.0
"""Has pod managers reserve what holds keep, and give it back."""
