# SPDX-License-Identifier: Apache-2.0
"""What every Redfish service has in common (DSP0266)."""
