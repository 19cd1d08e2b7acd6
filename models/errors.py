"""What goes wrong with a model, in one sentence for a person."""

from __future__ import annotations


class ModelError(Exception):
    """A detection model cannot be fetched, built, read or run; the message is one line that says what to do."""


class UsageError(ModelError):
    """What was asked for, or a file that it names, is wrong: the key, what it got, what it allows."""
