"""What shows people: a camera, a live source, a flight, or an event that no camera saw."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["camera", "source", "flight", "event"]


@dataclass(frozen=True, slots=True)
class Watched:
    """One thing whose pictures may be watched, or not."""

    kind: Kind
    device_id: str | None = None
    camera_id: str | None = None
    id: uuid.UUID | None = None
    """Of a source, a flight or an event."""

    @property
    def key(self) -> str:
        """As `viewing_reasons.watched` has it, and for cameras and sources the stream's name."""
        parts = (self.kind, self.device_id, self.camera_id, self.id)
        return "/".join(str(part) for part in parts if part is not None)

    def said(self) -> dict[str, Any]:
        """For a problem document."""
        found = {"device_id": self.device_id, "camera_id": self.camera_id}
        if self.id is not None:
            found[f"{self.kind}_id"] = str(self.id)
        return {name: value for name, value in found.items() if value is not None}


def camera(device_id: str, camera_id: str) -> Watched:
    return Watched("camera", device_id, camera_id)


def source(source_id: uuid.UUID) -> Watched:
    return Watched("source", id=source_id)


def flight(flight_id: uuid.UUID) -> Watched:
    return Watched("flight", id=flight_id)


def event(device_id: str, event_id: uuid.UUID | None) -> Watched:
    """Of no camera: a finding in the footage of a flight."""
    return Watched("event", device_id, id=event_id)


@dataclass(frozen=True, slots=True)
class Span:
    """What of it is looked at. None: without a beginning, or up to the present."""

    start: datetime | None
    end: datetime | None


WHOLE = Span(None, None)
