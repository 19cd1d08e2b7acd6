"""A confirmed finding as the room's own event: message, alert, evidence, as if a device had reported it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room.alerts import service as alerts
from control_room.alerts.states import Action, CloseReason, State
from control_room.database import sql
from control_room.ingest import clocks
from control_room.stream import publish
from wire.event import FINDING_RULE, EventMessage, EventObject, EvidenceReference, Location, ModelReference

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping
    from datetime import datetime

    from control_room.callers import Caller
    from control_room.database import pool
    from control_room.store.content import Store

_SEVERITY = "medium"
_BY_HAND = ModelReference(name="by hand", sha256="0" * 64)
_NO_BOX = (0.0, 0.0, 1.0, 1.0)
_QUERIES = sql.load(__file__)


def report(connection: pool.Connection, store: Store, finding: Mapping[str, Any], *, by: Caller, now: datetime) -> None:
    """Make the event, its alert and its evidence, and acknowledge the alert as whoever confirmed it.

    Where the finding was confirmed before and taken back, its alert is opened again instead.
    """
    known = _alert(connection, finding["event_id"])
    if known is not None:
        _open_again(connection, known, by=by, now=now)
        return
    message = _message(connection, store, finding, by=by, now=now)
    alert_id = _store(connection, message, now)
    _add_evidence(connection, message, now)
    alerts.act(connection, alert_id, alerts.Change(Action.ACKNOWLEDGE, 1, note=finding["note"]), by=by, now=now)


def illustrate(connection: pool.Connection, store: Store, finding: Mapping[str, Any], now: datetime) -> None:
    """A picture came after the finding was confirmed: its event says so, and its alert shows it."""
    row = connection.execute(_QUERIES["newest_message"], {"event_id": finding["event_id"]}).fetchone()
    if row is None:
        return
    before = EventMessage.model_validate(row[0])
    outbox = {"device_id": before.device_id, "outbox_id": before.outbox_id}
    (sequence,) = connection.execute(_QUERIES["next_sequence"], outbox).fetchone() or (before.sequence + 1,)
    more = {"message_id": uuids.uuid7(), "sequence": sequence, "phase": "updated", "sent_at": now}
    message = before.model_copy(update=more | {"evidence": _picture(store, finding)})
    given = _columns(message, now)
    for query in ("add_event", "count_event"):
        connection.execute(_QUERIES[query], given)
    _add_evidence(connection, message, now)
    told = connection.execute(_QUERIES["note_updated"], given).fetchone()
    if told is not None:
        publish.publish_alerts(connection, [told[0]], {})


def take_back(connection: pool.Connection, event_id: uuid.UUID | None, *, by: Caller, now: datetime) -> None:
    """Close the alert of a finding that was not what it looked like."""
    known = None if event_id is None else _alert(connection, event_id)
    if known is not None and known["state"] != State.CLOSED:
        change = alerts.Change(Action.CLOSE, known["version"], reason=CloseReason.FALSE_ALARM)
        alerts.act(connection, known["alert_id"], change, by=by, now=now)


def _open_again(connection: pool.Connection, known: Mapping[str, Any], *, by: Caller, now: datetime) -> None:
    alert_id, version, state = known["alert_id"], known["version"], known["state"]
    if state == State.CLOSED:
        change = alerts.Change(Action.REOPEN, version, reason="the finding was confirmed again")
        alerts.act(connection, alert_id, change, by=by, now=now)
        state, version = State.NEW, version + 1
    if state != State.ACKNOWLEDGED:
        alerts.act(connection, alert_id, alerts.Change(Action.ACKNOWLEDGE, version), by=by, now=now)


def _alert(connection: pool.Connection, event_id: uuid.UUID) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES["alert_of"], {"event_id": event_id}).fetchone()


def _message(
    connection: pool.Connection, store: Store, finding: Mapping[str, Any], *, by: Caller, now: datetime
) -> EventMessage:
    device_id, outbox_id = _outbox(connection, now)
    row = connection.execute(_QUERIES["next_sequence"], {"device_id": device_id, "outbox_id": outbox_id}).fetchone()
    sequence = row[0] if row else 1
    confidence = finding["confidence"] if finding["confidence"] is not None else 1.0
    thing = EventObject(
        role="thing",
        label=finding["label"],
        track_id=None,
        confidence=confidence,
        box=tuple(finding["box"] or _NO_BOX),
    )
    return EventMessage(
        message_id=uuids.uuid7(),
        event_id=finding["event_id"],
        outbox_id=outbox_id,
        sequence=sequence,
        device_id=device_id,
        camera_id=None,
        rule=FINDING_RULE,
        phase="opened",
        occurred_at=finding["seen_at"],
        sent_at=now,
        severity=_SEVERITY,
        confidence=confidence,
        objects=[thing],
        zone=None,
        location=_location(finding),
        evidence=_picture(store, finding),
        model=_model(connection, finding),
        attributes=_attributes(finding, by),
    )


def _location(finding: Mapping[str, Any]) -> Location | None:
    if finding["lat"] is None:
        return None
    return Location(lat=finding["lat"], lon=finding["lon"], accuracy_m=finding["ce90_m"])


def _picture(store: Store, finding: Mapping[str, Any]) -> list[EvidenceReference]:
    sha256 = finding["picture_sha256"]
    size = None if sha256 is None else store.size_bytes(sha256)
    if not size:
        return []
    at = finding["seen_at"]
    reference = EvidenceReference(
        evidence_id=uuids.uuid7(),
        kind="snapshot",
        sha256=sha256,
        bytes=size,
        media_type="image/jpeg",
        captured_from=at,
        captured_to=at,
    )
    return [reference]


def _model(connection: pool.Connection, finding: Mapping[str, Any]) -> ModelReference:
    row = connection.execute(_QUERIES["model_of"], {"flight_id": finding["flight_id"]}).fetchone()
    if finding["confidence"] is None or row is None:
        return _BY_HAND
    return ModelReference.model_validate(row[0])


def _attributes(finding: Mapping[str, Any], by: Caller) -> dict[str, Any]:
    return {
        "flight_id": str(finding["flight_id"]),
        "finding_id": str(finding["finding_id"]),
        "site_id": str(finding["site_id"]) if finding["site_id"] else None,
        "label": finding["label"][:100],
        "method": finding["method"][:1000],
        "depression_deg": finding["depression_deg"],
        "reviewed_by": by.name,
    }


def own_device(connection: pool.Connection, now: datetime) -> str:
    """As which device the room speaks."""
    return _outbox(connection, now)[0]


def _outbox(connection: pool.Connection, now: datetime) -> tuple[str, uuid.UUID]:
    """As which device the room speaks; made when it first does."""
    row = connection.execute(_QUERIES["room_outbox"]).fetchone()
    if row is None:
        connection.execute(_QUERIES["lock_room_outbox"])
        row = connection.execute(_QUERIES["room_outbox"]).fetchone()
    if row is None:
        outbox_id = uuids.uuid7()
        row = f"room-{outbox_id.hex[-12:]}", outbox_id
        connection.execute(_QUERIES["add_room_device"], {"device_id": row[0], "name": "Talaia", "now": now})
        connection.execute(_QUERIES["add_room_outbox"], {"device_id": row[0], "outbox_id": outbox_id})
    return row[0], row[1]


def _add_evidence(connection: pool.Connection, message: EventMessage, now: datetime) -> None:
    for file in message.evidence:
        given = {"evidence_id": file.evidence_id, "device_id": message.device_id, "event_id": message.event_id}
        given |= {"sha256": file.sha256, "bytes": file.bytes, "seen_at": file.captured_from, "now": now}
        connection.execute(_QUERIES["add_evidence"], given)


def _store(connection: pool.Connection, message: EventMessage, now: datetime) -> uuid.UUID:
    alert_id = uuids.uuid7()
    given = _columns(message, now) | {"alert_id": alert_id}
    for query in ("add_event", "count_event", "add_alert", "add_alert_history"):
        connection.execute(_QUERIES[query], given)
    return alert_id


def _columns(message: EventMessage, now: datetime) -> dict[str, Any]:
    placed = clocks.place(message.occurred_at, now)
    content = message.model_dump(mode="json")
    return {
        "event_id": message.event_id,
        "outbox_id": message.outbox_id,
        "sequence": message.sequence,
        "message_id": message.message_id,
        "device_id": message.device_id,
        "rule": message.rule,
        "phase": message.phase,
        "severity": message.severity,
        "confidence": message.confidence,
        "occurred_at": placed.at,
        "device_time": placed.device_time,
        "time_fault": placed.fault,
        "now": now,
        "message": message.to_json().decode(),
        "lat": message.location.lat if message.location else None,
        "lon": message.location.lon if message.location else None,
        "accuracy_m": message.location.accuracy_m if message.location else None,
        "objects": Jsonb(content["objects"]),
        "attributes": Jsonb(content["attributes"]),
        "model": Jsonb(content["model"]),
    }
