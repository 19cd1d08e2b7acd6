"""Has a file's telemetry read by a process of its own that can reach nothing.

Of its answer only what is a sample is believed.
"""

from __future__ import annotations

import contextlib
import json
import math
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from control_room.config import Town

COLUMNS = (
    "row",
    "time_utc",
    "time_s",
    "lat",
    "lon",
    "rel_alt_m",
    "abs_alt_m",
    "gimbal_yaw_deg",
    "gimbal_pitch_deg",
    "gimbal_roll_deg",
    "focal_length_mm",
    "zoom",
    "focal_length_equivalent_mm",
    "horizontal_view_deg",
    "vertical_view_deg",
    "position_error_m",
    "notes",
)
"""Of `vision.telemetry.sample.Sample`, in the order of a row; `time_utc` travels as Unix time."""
SAID_MAX = 20
WALL_S = 400.0
_LINE_BYTES = 64 * 1024
_ROWS_MAX = 1_000_000
_LIMITS = {"lat": 90.0, "lon": 180.0}
_NOT_KEPT = frozenset({"rel_alt_m", "abs_alt_m"})
_ALTITUDE_M = 100_000.0
_OVER_LIMIT = {-signal.SIGXCPU, -signal.SIGKILL}


class Header(BaseModel):
    """What the telemetry is, or why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field(default="", max_length=40)
    rows: int = Field(default=0, ge=0, le=_ROWS_MAX)
    skipped: int = Field(default=0, ge=0)
    said: list[str] = Field(default=[], max_length=SAID_MAX)
    """What was assumed or found doubtful about the whole file."""
    skipped_first: list[str] = Field(default=[], max_length=SAID_MAX)
    make: str | None = Field(default=None, max_length=100)
    model: str | None = Field(default=None, max_length=100)
    fault: str = Field(default="", max_length=300)
    """Why there is no row; empty where there are some."""
    is_our_fault: bool = False
    """The process could not be shut in; the file may be sound."""


class UnreadError(Exception):
    """The process ended before it had said everything; one line."""


Row = dict[str, Any]


@contextlib.contextmanager
def read(file: BinaryIO, name: str, town: Town, now: datetime) -> Iterator[tuple[Header, Iterator[Row]]]:
    """The header, and the rows as they come: times in UTC, what is no number or out of range None.

    `file` is a real open file.

    Raises:
        UnreadError: also while the rows come; what came before is not the whole.
    """
    given = [name[-200:], town.time_zone, str(town.lat), str(town.lon), str(now.timestamp())]
    command = [sys.executable, "-I", "-m", "control_room.probing.telemetry_child", *given]
    process = subprocess.Popen(  # noqa: S603 - our own program; the name is only shown
        command,
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    timer = threading.Timer(WALL_S, process.kill)
    timer.start()
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe, as asked for
        with process.stdout as answer:
            header = _header(answer.readline(_LINE_BYTES), process)
            yield header, _rows(answer, header, process)
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def _header(line: bytes, process: subprocess.Popen[bytes]) -> Header:
    try:
        return Header.model_validate_json(line)
    except ValidationError:
        status = process.wait()
        if status in _OVER_LIMIT:
            return Header(fault="reading it takes more time or memory than a file may")
        return Header(fault=f"reading it ended the process that did so (status {status})")


def _rows(answer: Any, header: Header, process: subprocess.Popen[bytes]) -> Iterator[Row]:
    for number in range(header.rows):
        line = answer.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise UnreadError(f"reading ended after {number} of {header.rows} rows (status {process.poll()})")
        yield _row(line, number + 1)


def _row(line: bytes, number: int) -> Row:
    try:
        values = json.loads(line)
    except ValueError:
        raise UnreadError("a row is no JSON") from None
    if not isinstance(values, list) or len(values) != len(COLUMNS):
        raise UnreadError("a row has other columns")
    told = dict(zip(COLUMNS, values, strict=True))
    row: Row = {name: _number(name, told[name]) for name in COLUMNS[2:-1]}
    if row["lat"] is None or row["lon"] is None:
        row["lat"] = row["lon"] = None
    row["row"] = number
    row["time_utc"] = _time(told["time_utc"])
    notes = told["notes"]
    row["notes"] = [str(note)[:100] for note in notes[:10]] if isinstance(notes, list) else None
    return row


def _number(name: str, value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if abs(value) > _LIMITS.get(name, math.inf) or (name in _NOT_KEPT and abs(value) > _ALTITUDE_M):
        return None
    return float(value)


def _time(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
