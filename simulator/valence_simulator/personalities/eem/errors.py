# SPDX-License-Identifier: Apache-2.0
"""Errors in the format of the manager."""

from __future__ import annotations


class EemError(Exception):
    """A code and a message; the codes are the simulator's own."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict:
        """Return the body of the response."""
        return {'code': self.code, 'message': str(self)}
