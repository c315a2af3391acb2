# SPDX-License-Identifier: Apache-2.0
"""Demonstrations of Valence on simulated pod managers.

Everything but the hardware is real: the simulators are servers that require a
login, Valence runs in its embedded default, and every request goes over HTTP.
Each step prints what it does and what it gets back, and checks the result.

usage: python -m tools.demo [mixed]

A demo keeps running afterwards, until Ctrl-C, so that you can try requests of
your own. With DEMO_EXIT=1 in the environment it ends after the last step. The
exit status is 0 only if every step succeeded.
"""
