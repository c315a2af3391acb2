# SPDX-License-Identifier: Apache-2.0
"""``python -m valence_simulator`` is ``valence-simulator``."""

from valence_simulator.cli import main

raise SystemExit(main())
