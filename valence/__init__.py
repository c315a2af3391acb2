# SPDX-License-Identifier: Apache-2.0
"""One API over many pod managers of pooled, disaggregated hardware."""
