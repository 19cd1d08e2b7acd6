"""A simulated device: an outbox of its own, and events that open, change and end."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from uuid_utils import compat as uuids

from wire.device import CameraStatus, MetricsMessage, StatusMessage
from wire.event import EventMessage, EventObject, EvidenceReference, Location, ModelReference, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

CAMERAS = 2
_RULES = ("illegal_dumping", "loitering", "intrusion")
_UPDATED_SHARE, _CLOSED_SHARE = 0.4, 0.5  # of the messages that follow an opened one; the rest opens another event
_OPEN_AT_ONCE = 3
_MODEL = ModelReference(name="simulated", sha256="0" * 64)


@dataclass(frozen=True, slots=True)
class Written:
    """A message in the outbox."""

    device_id: str
    event_id: UUID
    outbox_id: UUID
    sequence: int
    message_id: UUID
    payload: bytes

    def ledger_line(self) -> dict[str, str | int]:
        return {
            "device_id": self.device_id,
            "event_id": str(self.event_id),
            "outbox_id": str(self.outbox_id),
            "sequence": self.sequence,
            "sha256": hashlib.sha256(self.payload).hexdigest(),
        }


@dataclass(frozen=True, slots=True)
class _Open:
    event_id: UUID
    camera_id: str
    rule: str
    began_at: datetime


@dataclass(slots=True)
class Device:
    """What it sends follows from its random numbers; ids and times are new in each run."""

    device_id: str
    chance: random.Random
    centre: tuple[float, float]
    """Latitude and longitude around which its cameras stand."""
    clock_offset: timedelta = timedelta(0)
    """Its clock minus the true time."""
    outbox_id: UUID = field(default_factory=uuids.uuid7)
    _sequence: int = 0
    _open: list[_Open] = field(default_factory=list)

    def write(self, true_now: datetime) -> Written:
        """The next message, as if it were in the outbox now."""
        now = true_now + self.clock_offset
        self._sequence += 1
        event, phase = self._next(now)
        message = self._message(event, phase, now)
        return Written(
            self.device_id, event.event_id, self.outbox_id, self._sequence, message.message_id, message.to_json()
        )

    def status(self, true_now: datetime, *, online: bool) -> StatusMessage:
        """Online: both cameras live; else as its last will would say it."""
        now = true_now + self.clock_offset
        place = Location(lat=self.centre[0], lon=self.centre[1], accuracy_m=5)
        names = [f"camera-{number}" for number in range(1, CAMERAS + 1)] if online else []
        cameras = [
            CameraStatus(camera_id=name, name=name, state="live", since=now, location=place, staged=True)
            for name in names
        ]
        reason = "" if online else "connection lost"
        return StatusMessage(
            message_id=uuids.uuid7(),
            device_id=self.device_id,
            sent_at=now,
            online=online,
            version="simulated",
            reason=reason,
            cameras=cameras,
        )

    def metrics(self, true_now: datetime) -> MetricsMessage:
        return MetricsMessage(
            device_id=self.device_id,
            sent_at=true_now + self.clock_offset,
            outbox_pending=0,
            evidence_pending=0,
            clock_offset_s=self.clock_offset.total_seconds(),
            disk_free_bytes=10**11,
            temperature_c=round(self.chance.uniform(30, 60), 1),
        )

    def _next(self, now: datetime) -> tuple[_Open, Phase]:
        draw = self.chance.random()
        must_go_on = len(self._open) >= _OPEN_AT_ONCE
        if self._open and draw < _UPDATED_SHARE:
            return self.chance.choice(self._open), "updated"
        if self._open and (must_go_on or draw < _UPDATED_SHARE + _CLOSED_SHARE):
            return self._open.pop(self.chance.randrange(len(self._open))), "closed"
        camera_id = f"camera-{self.chance.randint(1, CAMERAS)}"
        event = _Open(uuids.uuid7(), camera_id, self.chance.choice(_RULES), now - timedelta(seconds=10))
        self._open.append(event)
        return event, "opened"

    def _message(self, event: _Open, phase: Phase, now: datetime) -> EventMessage:
        attributes: Mapping[str, JsonValue] = {"began_at": event.began_at.isoformat(), "staged": True}
        return EventMessage(
            message_id=uuids.uuid7(),
            event_id=event.event_id,
            outbox_id=self.outbox_id,
            sequence=self._sequence,
            device_id=self.device_id,
            camera_id=event.camera_id,
            rule=event.rule,
            phase=phase,
            occurred_at=now if phase == "closed" else event.began_at,
            sent_at=now,
            severity=self.chance.choice(("low", "medium", "high")),
            confidence=round(self.chance.uniform(0.3, 1), 3),
            objects=[self._object("thing"), self._object("actor")],
            zone=None,
            location=Location(
                lat=self.centre[0] + self.chance.uniform(-0.02, 0.02),
                lon=self.centre[1] + self.chance.uniform(-0.02, 0.02),
                accuracy_m=5,
            ),
            evidence=[self._snapshot(now)] if phase == "opened" else [],
            model=_MODEL,
            attributes=dict(attributes),
        )

    def _object(self, role: str) -> EventObject:
        left, top = round(self.chance.uniform(0, 0.8), 3), round(self.chance.uniform(0, 0.8), 3)
        return EventObject.model_validate(
            {
                "role": role,
                "label": "person" if role == "actor" else "unknown",
                "track_id": self.chance.randint(1, 999),
                "confidence": round(self.chance.uniform(0.3, 1), 3),
                "box": (left, top, round(left + 0.1, 3), round(top + 0.2, 3)),
            }
        )

    def _snapshot(self, now: datetime) -> EvidenceReference:
        """Announced, as a real one would be; no file of it ever comes."""
        return EvidenceReference(
            evidence_id=uuids.uuid7(),
            kind="snapshot",
            sha256=self.chance.randbytes(32).hex(),
            bytes=self.chance.randint(50_000, 200_000),
            media_type="image/jpeg",
            captured_from=now,
            captured_to=now,
        )
