# SPDX-License-Identifier: Apache-2.0
"""A pod of simulated hardware behind the real wire protocols."""
