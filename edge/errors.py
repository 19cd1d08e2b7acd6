"""What the agent raises; the message of each is one sentence for the person who runs it."""

from __future__ import annotations


class EdgeError(Exception):
    """Base of the agent's own errors."""


class ConfigurationError(EdgeError):
    """The configuration is wrong: the key, what it got, what is allowed."""


class SourceError(EdgeError):
    """The video cannot be opened or not be read on; says why, without the source's name."""


class ClipError(EdgeError):
    """A clip cannot be written."""


class OutboxError(EdgeError):
    """The outbox file cannot be used."""
