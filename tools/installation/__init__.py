# SPDX-License-Identifier: Apache-2.0
"""Follows the pages of installation, upgrade and backup, word for word.

Each host is a Debian of its own that has just been installed, in a container
with systemd and a network of its own. The commands and files are those of the
pages; ``pages.REPLACED`` lists what a reader replaces. Needs root, Debian and
the packages debootstrap and systemd-container, and podman and runc for the
image; ``make test-install`` runs it.
"""
