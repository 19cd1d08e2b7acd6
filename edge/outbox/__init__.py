"""The agent's memory of what it has said, and of what it must still send."""

from edge.outbox.facts import (
    ClipSpan,
    Counts,
    EvidenceFile,
    Occurrence,
    OpenEvent,
    Pending,
    Place,
    RuleState,
    SavedState,
    Told,
)
from edge.outbox.outbox import FILE_NAME, KEPT_AFTER_ACK, Outbox

__all__ = [
    "FILE_NAME",
    "KEPT_AFTER_ACK",
    "ClipSpan",
    "Counts",
    "EvidenceFile",
    "Occurrence",
    "OpenEvent",
    "Outbox",
    "Pending",
    "Place",
    "RuleState",
    "SavedState",
    "Told",
]
