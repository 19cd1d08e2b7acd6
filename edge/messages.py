"""Turns what a rule says into the message that goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import uuid_utils.compat

from wire.event import EventMessage, EventObject, EvidenceReference, Location, ModelReference

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from edge.outbox import Place
    from vision.frame import Frame
    from vision.geometry import Box
    from vision.rules.base import RuleEvent


_DECIMALS = 4
"""Of shares: a tenth of a pixel of a wide picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who speaks: one camera of one device with its model."""

    device_id: str
    camera_id: str
    model: ModelReference
    location: Location | None = None
    staged: bool = False
    placed: Callable[[RuleEvent, Frame], tuple[Location | None, dict[str, Any]]] | None = None
    """Of a camera that moves: where an event is, with attributes that say how that is known, or why not."""
    clock_note: dict[str, Any] | None = None
    """Added to the attributes: where the times come from when not from the device's clock."""


def clock_at(frame: Frame, media_time_s: float) -> datetime:
    """The device's clock at a media time; media time and clock run alike, also before the agent's start."""
    return frame.captured_at - timedelta(seconds=frame.media_time_s - media_time_s)


def compose(
    sender: Sender,
    event: RuleEvent,
    frame: Frame,
    *,
    event_id: UUID,
    place: Place,
    sent_at: datetime,
    evidence: list[EvidenceReference],
    began_at: datetime | None = None,
) -> EventMessage:
    """The message of one step that a rule took when it saw `frame`.

    `began_at` is what the event's first message said, which a restart in between would blur.
    """
    if began_at is None and event.began_s is not None:
        began_at = clock_at(frame, event.began_s)
    location, placing = (sender.location, {}) if sender.placed is None else sender.placed(event, frame)
    return EventMessage(
        message_id=uuid_utils.compat.uuid7(),
        event_id=event_id,
        outbox_id=place.outbox_id,
        sequence=place.sequence,
        device_id=sender.device_id,
        camera_id=sender.camera_id,
        rule=event.rule,
        phase=event.phase,
        occurred_at=clock_at(frame, event.occurred_s),
        sent_at=sent_at,
        severity=event.severity,
        confidence=_share(event.confidence),
        objects=[
            EventObject(
                role=one.role,
                label=one.label,
                track_id=one.track_id,
                confidence=_share(one.confidence),
                box=_inside(one.box),
            )
            for one in event.objects
        ],
        zone=event.zone,
        location=location,
        evidence=evidence,
        model=sender.model,
        attributes={**_attributes(sender, event, frame, began_at), **placing},
    )


def with_evidence(
    opened: EventMessage, reference: EvidenceReference, *, place: Place, sent_at: datetime
) -> EventMessage:
    """An `updated` message that adds a file to an event and changes nothing else of it."""
    return opened.model_copy(
        update={
            "message_id": uuid_utils.compat.uuid7(),
            "outbox_id": place.outbox_id,
            "sequence": place.sequence,
            "phase": "updated",
            "sent_at": sent_at,
            "evidence": [reference],
        }
    )


def _attributes(sender: Sender, event: RuleEvent, frame: Frame, began_at: datetime | None) -> dict[str, Any]:
    attributes = {**event.attributes, "media_time_s": round(frame.media_time_s, 3)}
    if began_at is not None:
        ago_s = (frame.captured_at - began_at).total_seconds()
        attributes["began_media_time_s"] = round(frame.media_time_s - ago_s, 3)
        attributes["began_at"] = began_at.isoformat().replace("+00:00", "Z")
    if sender.staged:
        attributes["staged"] = True
    return {**attributes, **(sender.clock_note or {})}


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, float(value))), _DECIMALS)


def _inside(box: Box) -> Box:
    """The part of a box that lies in the picture."""
    x1, y1, x2, y2 = (_share(edge) for edge in box)
    return x1, y1, max(x1, x2), max(y1, y2)
