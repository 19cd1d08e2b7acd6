"""What a device answers to a command, as the worker takes it in."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from uuid_utils import compat as uuids

from control_room.ingest import reading, storing
from control_room.ingest.delivery import Delivery
from tests.control_room import door as doors
from tests.control_room import messages
from wire import topics


def answer(
    room: doors.Door,
    command_id: str,
    result: dict[str, Any],
    *,
    error: str = "",
    progress: float | None = None,
    device_id: str = "quay",
) -> list[UUID]:
    """The ids that are acked for it."""
    content = {
        "schema": "talaia.reply/1",
        "command_id": command_id,
        "device_id": device_id,
        "sent_at": messages.rfc3339(room.clock()),
        "ok": not error,
        "error": error,
        "progress": progress,
        "result": result,
    }
    delivery = Delivery(
        topic=topics.REPLIES.of(device_id), payload=json.dumps(content).encode(), received_at=room.clock()
    )
    with room.connection() as connection:
        storing.prepare(connection)
        stored = storing.store(connection, [reading.read(delivery)], room.clock())
    return stored.acks[device_id]


def listing() -> dict[str, Any]:
    """An answer to `recordings_list`."""
    times = {"from": "2026-11-21T11:30:00Z", "to": "2026-11-21T11:40:00Z"}
    return {
        "spans": [{**times, "segments": 60, "bytes": 1000, "held": False, "masked": False}],
        "complete": True,
        "oldest": times["from"],
        "newest": times["to"],
        "used_bytes": 1000,
        "limit_bytes": 10_000,
    }


def fetched(content: bytes, kind: str) -> dict[str, Any]:
    """An answer that announces a file."""
    reference = {
        "evidence_id": str(uuids.uuid7()),
        "kind": kind,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "media_type": "video/mp4",
        "captured_from": "2026-11-21T11:30:00Z",
        "captured_to": "2026-11-21T11:40:00Z",
    }
    return {"evidence": [reference], "gaps": []}
