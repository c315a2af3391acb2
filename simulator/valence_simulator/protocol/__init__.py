# SPDX-License-Identifier: Apache-2.0
"""Shared parts of the Redfish services (DSP0266)."""
