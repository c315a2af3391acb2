# SPDX-License-Identifier: Apache-2.0
"""What a test of the ownership of hardware consists of.

``pods`` has the pods and what was requested of them, ``owners`` who made what
and who may change it, ``case`` a conductor that goes step by step and dies
at the chosen point, ``machine`` all that may happen.
"""
