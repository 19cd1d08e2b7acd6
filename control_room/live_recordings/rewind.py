"""Going back: the last seconds of a stream out of the media process's memory, as a file that a player may seek in.

A player asks for one file in several ranges, and each must be of the same file: the first request of a `take` (a word
of the player's own) fixes it. The serving processes of this machine share it, and it is kept for minutes only. How many
one person makes is limited, and what all of them take of the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from control_room import problems
from control_room.attempts import service as attempts
from control_room.audit import service as audit
from control_room.live.media import NoSuchStreamError
from control_room.live_recordings.media import Memory, Span
from control_room.store.staging import disk_full_is_a_problem
from control_room.viewing import reasons, watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room.room import Room
    from control_room.viewing.service import Viewer
    from control_room.viewing.watched import Watched

KEPT_S = 180.0
EACH_MOST = 8
"""Files of one person; his oldest goes for a new one."""
ALL_MOST_BYTES = 2 * 1024**3
A_MINUTE = 30
"""Files that one person may have made."""
_MINUTE = timedelta(minutes=1)


class RewindsFullError(problems.UnavailableError):
    """So many go back just now that their files take all the place that is meant for them; try again in 3 minutes."""

    name = "rewinds-full"


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
    """The file of this take, made where it is the first request of it; without a take, of this moment.

    Raises:
        NotWatchedError, ReasonNeededError: he may not, or says not why.
        NoSuchStreamError: nothing of it is in memory.
        TooManyRequestsError: he has had too many made lately.
        MediaAwayError, LiveOffError, StoreFullError, RewindsFullError: as they say.
    """
    viewer.check(thing)
    now = room.clock()
    path = _path(room, viewer, thing, seconds, take or uuid.uuid4().hex)
    known = _known(path)
    begin = now - timedelta(seconds=seconds) if known is None else known.span.captured_from
    end = now if known is None else known.span.captured_to
    with room.database.connection() as connection:
        span = watched.Span(min(begin, now - timedelta(seconds=seconds)), end)
        why = reasons.need(connection, viewer.caller, thing, span, alert_id=alert_id, now=now)
    if known is not None:
        return known
    _count(room, viewer, now)
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


def _count(room: Room, viewer: Viewer, now: datetime) -> None:
    with room.database.connection() as connection:
        key = f"user:{viewer.caller.name}"
        wait_s = attempts.take(connection, "live_rewind", key, A_MINUTE, now, window=_MINUTE)
    if wait_s:
        raise problems.TooManyRequestsError(f"at most {A_MINUTE} times a minute", retry_after_s=wait_s)


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
    """Whose it is stands before the hyphen."""
    words = "\0".join((reasons.session_of(viewer.caller), viewer.caller.name, thing.key, f"{seconds:g}", take))
    whose = hashlib.sha256(viewer.caller.name.encode()).hexdigest()[:16]
    return _directory(room) / f"{whose}-{hashlib.sha256(words.encode()).hexdigest()}.mp4"


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
    _make_room(path)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="making-") as making:
        part, facts = Path(making) / "mp4", Path(making) / "json"
        with disk_full_is_a_problem(), part.open("wb") as file:
            span = _fetch(memory, streams, seconds, file.write)
        told = _Facts(captured_from=span.captured_from, captured_to=span.captured_to)
        facts.write_text(told.model_dump_json(), encoding="utf-8")
        known = _known(path)
        if known is not None:
            return known  # another request of the same take was quicker
        part.replace(path)
        facts.replace(path.with_suffix(".json"))
    return Rewound(path, span)


def _make_room(path: Path) -> None:
    """Before one more file; his oldest ones go, and where that is not enough there is none. Raises RewindsFullError."""
    whose = path.name.partition("-")[0]
    own = sorted(path.parent.glob(f"{whose}-*.mp4"), key=_age_s, reverse=True)
    while len(own) >= EACH_MOST or (own and _held_bytes(path.parent) > ALL_MOST_BYTES):
        oldest = own.pop(0)
        for each in (oldest.with_suffix(".json"), oldest):
            each.unlink(missing_ok=True)
    if _held_bytes(path.parent) > ALL_MOST_BYTES:
        raise RewindsFullError


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # another process was quicker
        return 0.0


def _held_bytes(directory: Path) -> int:
    """With what is being made."""
    held = 0
    for path in [*directory.glob("*.mp4"), *directory.glob("making-*/mp4")]:
        with contextlib.suppress(FileNotFoundError):
            held += path.stat().st_size
    return held


def _fetch(memory: Memory, streams: list[str], seconds: float, write: Callable[[bytes], object]) -> Span:
    for stream in streams:
        try:
            return memory.span(stream, seconds, write)
        except NoSuchStreamError:
            continue
    raise NoSuchStreamError("nothing of it is in memory: watch it first")
