"""Why a message was put among the dead letters."""

from __future__ import annotations

import enum


class Reason(enum.StrEnum):
    """The code in `dead_letters.reason`; the detail beside it is for people."""

    UNKNOWN_TOPIC = "unknown_topic"
    """Its topic is none of the table in `wire/topics.py`, or not the worker's to read."""
    UNKNOWN_DEVICE = "unknown_device"
    """No administrator added that device."""
    REVOKED_DEVICE = "revoked_device"
    """It may not speak any more."""
    OTHER_DEVICE = "other_device"
    """The message says another device than its topic."""
    UNKNOWN_COMMAND = "unknown_command"
    """It answers a command that this room never gave to that device."""
    TOO_LARGE = "too_large"
    """Over the size limit of its topic; only its first 64 KiB are kept."""
    NO_JSON = "no_json"
    OTHER_SCHEMA = "other_schema"
    """Of another kind, or of a version that this room does not read."""
    INVALID = "invalid"
    """A field is missing, unknown or wrong, such as a place off the Earth."""
    NOT_STORABLE = "not_storable"
    """The database refused it, such as text with a zero byte."""
