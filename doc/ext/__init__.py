# SPDX-License-Identifier: Apache-2.0
"""Pages that are made from the code itself."""
