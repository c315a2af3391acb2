# SPDX-License-Identifier: Apache-2.0
"""What all drivers of Redfish services share (DSP0266)."""
