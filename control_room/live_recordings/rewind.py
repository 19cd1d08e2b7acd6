"""Going back: the last seconds of a stream out of the media process's memory, as a file that a player may seek in.

A player asks for one file in several ranges, and each must be of the same file: the first request of a `take` (a word
of the player's own) fixes it. The serving processes of this machine share it, and it is kept for minutes only.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from control_room.audit import service as audit
from control_room.live.media import NoSuchStreamError
from control_room.live_recordings.media import Memory, Span
from control_room.store.staging import disk_full_is_a_problem
from control_room.viewing import reasons, watched

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from control_room.room import Room
    from control_room.viewing.service import Viewer
    from control_room.viewing.watched import Watched

KEPT_S = 180.0


class _Facts(BaseModel):
    captured_from: datetime
    captured_to: datetime


@dataclass(frozen=True, slots=True)
class Rewound:
    """A file, until it is forgotten."""

    path: Path
    span: Span


def back(
    room: Room,
    viewer: Viewer,
    thing: Watched,
    streams: list[str],
    *,
    seconds: float,
    take: str,
    alert_id: uuid.UUID | None,
) -> Rewound:
    """The file of this take, made where it is the first request of it.

    Raises:
        NotWatchedError, ReasonNeededError: he may not, or says not why.
        NoSuchStreamError: nothing of it is in memory.
        MediaAwayError, LiveOffError, StoreFullError: as they say.
    """
    viewer.check(thing)
    now = room.clock()
    path = _path(room, viewer, thing, seconds, take)
    known = _known(path)
    begin = now - timedelta(seconds=seconds) if known is None else known.span.captured_from
    end = now if known is None else known.span.captured_to
    with room.database.connection() as connection:
        span = watched.Span(min(begin, now - timedelta(seconds=seconds)), end)
        why = reasons.need(connection, viewer.caller, thing, span, alert_id=alert_id, now=now)
    if known is not None:
        return known
    made = _make(room, path, streams, seconds)
    with room.database.connection() as connection:
        detail = {
            "from": made.span.captured_from.isoformat(),
            "to": made.span.captured_to.isoformat(),
            "alert_id": alert_id and str(alert_id),
            "object": why.object,
        }
        on = (thing.kind, thing.key.partition("/")[2])
        audit.record(connection, viewer.caller, "live.rewind", at=now, on=on, reason=why.text, detail=detail)
    return made


def forget_old(room: Room) -> None:
    """By the disk's clock."""
    directory = _directory(room)
    if not directory.is_dir():
        return
    for path in directory.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process is at it too
            if path.stat().st_mtime >= time.time() - KEPT_S:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _directory(room: Room) -> Path:
    return room.settings.store.directory / "rewinds"


def _path(room: Room, viewer: Viewer, thing: Watched, seconds: float, take: str) -> Path:
    words = "\0".join((reasons.session_of(viewer.caller), viewer.caller.name, thing.key, f"{seconds:g}", take))
    return _directory(room) / f"{hashlib.sha256(words.encode()).hexdigest()}.mp4"


def _known(path: Path) -> Rewound | None:
    try:
        facts = _Facts.model_validate_json(path.with_suffix(".json").read_bytes())
        if path.stat().st_mtime < time.time() - KEPT_S:
            return None
    except (FileNotFoundError, ValueError):
        return None
    return Rewound(path, Span(facts.captured_from, facts.captured_to))


def _make(room: Room, path: Path, streams: list[str], seconds: float) -> Rewound:
    memory = Memory(room.settings.live)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="making-") as making:
        part, facts = Path(making) / "mp4", Path(making) / "json"
        with disk_full_is_a_problem(), part.open("wb") as file:
            span = _fetch(memory, streams, seconds, file.write)
        told = _Facts(captured_from=span.captured_from, captured_to=span.captured_to)
        facts.write_text(told.model_dump_json(), encoding="utf-8")
        part.replace(path)
        facts.replace(path.with_suffix(".json"))
    return Rewound(path, span)


def _fetch(memory: Memory, streams: list[str], seconds: float, write: Callable[[bytes], object]) -> Span:
    for stream in streams:
        try:
            return memory.span(stream, seconds, write)
        except NoSuchStreamError:
            continue
    raise NoSuchStreamError("nothing of it is in memory: watch it first")
