"""What goes wrong with a model, in one sentence for a person."""

from __future__ import annotations


class ModelError(Exception):
    """A detection model cannot be fetched, built, read or run; the message is one line that says what to do."""
