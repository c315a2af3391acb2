# SPDX-License-Identifier: Apache-2.0
"""The driver of Intel Rack Scale Design pod managers."""
