"""How a message carries its trace, where tracing is on (W3C Trace Context, level 1).

A message's trace has the message's own id: both have 128 bits, so whoever knows the one knows the other.
"""

from __future__ import annotations

import re
from uuid import UUID

_TRACEPARENT = re.compile(r"00-(?P<trace_id>[0-9a-f]{32})-(?P<span_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
_SAMPLED = 0x01
_RANDOM_BITS = 32
"""At the end of a UUIDv7; before them it counts."""


def is_sampled(message_id: UUID, share: float) -> bool:
    """Whether a message is among the `share` of all that is traced: the same answer wherever it is asked."""
    return message_id.int % (1 << _RANDOM_BITS) < share * (1 << _RANDOM_BITS)


def traceparent(message_id: UUID, span_id: int) -> str:
    """The user property's value; a message that is not traced has none."""
    return f"00-{message_id.hex}-{span_id:016x}-{_SAMPLED:02x}"


def parent(text: str | None, message_id: UUID) -> int | None:
    """The span that a message came from; None where it names none, or the trace of another message."""
    found = None if text is None else _TRACEPARENT.fullmatch(text)
    if found is None or found["trace_id"] != message_id.hex or not int(found["flags"], 16) & _SAMPLED:
        return None
    return int(found["span_id"], 16) or None


def trace_id(text: str) -> UUID | None:
    """Of which message a `traceparent` is."""
    found = _TRACEPARENT.fullmatch(text)
    return None if found is None else UUID(found["trace_id"])
