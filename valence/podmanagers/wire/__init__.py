# SPDX-License-Identifier: Apache-2.0
"""HTTP and JSON for the drivers; nothing here knows a protocol above them."""
