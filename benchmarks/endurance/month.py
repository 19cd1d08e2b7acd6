"""A month without the room: what the outbox writes to its card, how large it grows, and how long it takes to empty.

The clock is moved by hand; everything else is the agent's own outbox on this machine's disk.
"""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import uuid_utils.compat

from edge.clock import Clock
from edge.outbox import FILE_NAME, EvidenceFile, Occurrence, Outbox, Place, RuleState
from wire.event import EventMessage, EventObject, EvidenceReference, ModelReference, Phase

_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
_MODEL = ModelReference(name="centernet-coco", sha256="0" * 64)
_STATE = {"next_number": 12, "visits": {"gate": {"since_s": -3.2, "last_s": 0.0, "number": 11, "objects": [1] * 40}}}
_IN_FLIGHT = 100
_EMPTIED_WITHIN_S = 600.0
_MESSAGES: tuple[Phase, ...] = ("opened", "updated", "closed")


class _MonthClock(Clock):
    def __init__(self) -> None:
        self.passed = timedelta()

    def now(self) -> datetime:
        return _BEGAN + self.passed

    def wait(self, stop: Event, seconds: float) -> bool:
        self.passed += timedelta(seconds=seconds)
        return stop.is_set()


def prove(folder: Path, *, days: int, events_a_day: int) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    clock, path = _MonthClock(), folder / FILE_NAME
    outbox = Outbox(path, clock)
    before_bytes, began_s = _written_bytes(), time.monotonic()
    for number in range(days * events_a_day):
        _event(outbox, clock, number)
        clock.passed += timedelta(days=1) / events_a_day
    written_bytes, wrote_s = _written_bytes() - before_bytes, time.monotonic() - began_s
    size_bytes = sum(one.stat().st_size for one in folder.iterdir())
    waiting = outbox.evidence_count()
    emptied_bytes, emptied_s = _empty(outbox)
    found = {
        "written": outbox.counts().written,
        "pending": outbox.counts().pending,
        "evidence_waited": waiting,
        "faults": outbox.faults(),
    }
    clock.passed += timedelta(days=15)
    forgotten = outbox.forget_delivered()
    outbox.close()
    return {
        "proof": "month",
        "days": days,
        "events_a_day": events_a_day,
        "kib_written_an_event": round(written_bytes / 1024 / (days * events_a_day), 1),
        "mib_written_a_day": round((written_bytes + emptied_bytes) / 1024**2 / days, 1),
        "syncs_an_event": len(_MESSAGES),
        "ms_an_event": round(1000 * wrote_s / (days * events_a_day), 2),
        "size_mib": round(size_bytes / 1024**2, 1),
        "emptied_s": round(emptied_s, 1),
        "forgotten": forgotten,
        "rss_max_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        **found,
    }


def holds(result: dict[str, Any]) -> bool:
    written = result["days"] * result["events_a_day"] * len(_MESSAGES)
    return (
        result["written"] == written == result["forgotten"]
        and result["pending"] == 0
        and not result["faults"]
        and result["emptied_s"] <= _EMPTIED_WITHIN_S
    )


def _event(outbox: Outbox, clock: Clock, number: int) -> None:
    """Opened with two pictures, a clip after it, closed."""
    event_id = uuid_utils.compat.uuid7()
    for phase, media_types in zip(_MESSAGES, (["image/jpeg"] * 2, ["video/mp4"], []), strict=True):
        files = [EvidenceFile(uuid_utils.compat.uuid7(), f"{number}", one, "0" * 64, 90_000) for one in media_types]

        def make(place: Place, phase: Phase = phase, files: list[EvidenceFile] = files) -> EventMessage:
            return _message(place, clock, event_id, phase, files)

        outbox.append(
            make,
            occurrence=None if phase == "updated" else Occurrence("placa", "intrusion", number, open=phase == "opened"),
            rule_state=None if phase == "updated" else RuleState("placa", "intrusion", _STATE),
            evidence=files,
        )


def _message(place: Place, clock: Clock, event_id: Any, phase: Phase, files: list[EvidenceFile]) -> EventMessage:
    now = clock.now()
    return EventMessage(
        message_id=uuid_utils.compat.uuid7(),
        event_id=event_id,
        outbox_id=place.outbox_id,
        sequence=place.sequence,
        device_id="cabinet-1",
        camera_id="placa",
        rule="intrusion",
        phase=phase,
        occurred_at=now,
        sent_at=now,
        severity="medium",
        confidence=0.87,
        objects=[EventObject(role="actor", label="person", track_id=7, confidence=0.87, box=(0.1, 0.2, 0.3, 0.6))],
        zone="gate",
        location=None,
        evidence=[
            EvidenceReference(
                evidence_id=one.evidence_id,
                kind="clip" if one.media_type == "video/mp4" else "snapshot",
                sha256=one.sha256,
                bytes=one.bytes,
                media_type=one.media_type,
                captured_from=now,
                captured_to=now,
            )
            for one in files
        ],
        model=_MODEL,
        attributes={"media_time_s": 1234.5, "began_media_time_s": 1230.1, "began_at": now.isoformat()},
    )


def _empty(outbox: Outbox) -> tuple[int, float]:
    """As the publisher and the uploader do it, with a room that answers at once."""
    before_bytes, began_s = _written_bytes(), time.monotonic()
    while pending := outbox.pending(_IN_FLIGHT):
        outbox.acknowledge(one.message_id for one in pending)
    while files := outbox.waiting_evidence(_IN_FLIGHT):
        for one in files:
            outbox.uploaded(one.evidence_id)
    return _written_bytes() - before_bytes, time.monotonic() - began_s


def _written_bytes() -> int:
    """What this process gave to the file system, its logs among it."""
    rows = Path(f"/proc/{os.getpid()}/io").read_text(encoding="ascii").splitlines()
    return next(int(row.partition(" ")[2]) for row in rows if row.startswith("wchar:"))
