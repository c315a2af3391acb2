# SPDX-License-Identifier: Apache-2.0
"""Errors as the manager says them."""

from __future__ import annotations


class EemError(Exception):
    """A code and a message; the codes are the simulator's own."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict:
        """The body of the answer."""
        return {'code': self.code, 'message': str(self)}
