# SPDX-License-Identifier: Apache-2.0
"""The driver of DMTF composition services (DSP2050)."""
