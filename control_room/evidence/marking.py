"""A copy of a clip or picture to keep, with who saved it, of what and when burned in; the original stays as it is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from control_room import problems
from control_room.audit import service as audit
from control_room.evidence.marking_limits import FILE_BYTES_MAX

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.evidence.showing import Stored
    from control_room.room import Room
    from control_room.viewing.service import Viewer

TYPES = {"image/jpeg": "jpg", "video/mp4": "mp4"}
_WITHIN_S = 240
_AT_ONCE = threading.BoundedSemaphore(1)


class NotMarkedError(problems.UnprocessableError):
    """No marked copy can be made of this file: JPEG or MP4 with H.264, 64 MiB and 5 minutes at the most."""

    name = "not-marked"


def copy(room: Room, stored: Stored, viewer: Viewer, now: datetime) -> bytes:
    """The marked copy; its hash is in the audit, the copy is not kept.

    Raises:
        NotMarkedError: it is of another kind, too large or too long, or cannot be read.
        TooManyRequestsError: another copy is being made.
    """
    if stored.media_type not in TYPES or stored.bytes > FILE_BYTES_MAX:
        raise NotMarkedError
    if not _AT_ONCE.acquire(blocking=False):
        raise problems.TooManyRequestsError("another marked copy is being made; try again shortly", retry_after_s=10)
    try:
        marked = _made(b"".join(room.store.read(stored.sha256, 0, stored.bytes - 1)), stored, viewer.caller.name)
    finally:
        _AT_ONCE.release()
    detail = {"sha256": hashlib.sha256(marked).hexdigest(), "bytes": len(marked), "of": stored.sha256}
    on = ("evidence", str(stored.evidence_id))
    with room.database.connection() as connection:
        audit.record(connection, viewer.caller, "evidence.save_marked", at=now, on=on, detail=detail)
    return marked


def _made(content: bytes, stored: Stored, user: str) -> bytes:
    asked = {
        "name": " / ".join(part for part in (stored.device_id, stored.camera_id) if part),
        "user": user,
        "began_at": stored.captured_from.isoformat(),
        "media_type": stored.media_type,
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "control_room.evidence.marking_child"],
            input=json.dumps(asked).encode() + b"\n" + content,
            capture_output=True,
            timeout=_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotMarkedError from None
    if done.returncode != 0 or not done.stdout:
        raise NotMarkedError
    return done.stdout
