"""Staged scenes: real pictures put together so that what happens in them, and when, is known exactly."""

from __future__ import annotations

from models.errors import ModelError


class StageError(ModelError):
    """The scenes cannot be made; the message says why in one line."""


VERSION = 1
"""Of the way in which scenes are chosen and drawn: raised when the same seed no longer gives the same clips."""
