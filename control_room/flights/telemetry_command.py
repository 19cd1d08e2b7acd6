"""`talaia-room telemetry FILE`: any supported telemetry as CSV."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from vision.telemetry import formats, rows
from vision.telemetry.reading import Assumptions, TelemetryError

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.config import Town
    from vision.telemetry.reading import Telemetry

_LINES_AT_ONCE = 1000


class UnreadableError(Exception):
    """No row can be had; one line."""


def town_assumptions(town: Town) -> Assumptions:
    """What the room knows and a file may leave open."""
    return Assumptions(ZoneInfo(town.time_zone), town.time_zone, (town.lat, town.lon))


def run(path: Path, town: Town) -> None:
    """Print the rows on stdout, and on stderr a line for each that was skipped and for what was assumed.

    Raises:
        UnreadableError: there is no row.
    """
    try:
        telemetry = formats.read(path, town_assumptions(town), now=datetime.now(UTC))
    except TelemetryError as error:
        raise UnreadableError(f"{_one_line(str(path))}: {error}") from None
    _tell(telemetry)
    held: list[str] = []
    for line in rows.lines(telemetry.samples):
        held.append(line)
        if len(held) == _LINES_AT_ONCE:
            sys.stdout.write("\n".join(held) + "\n")
            held = []
    if held:
        sys.stdout.write("\n".join(held) + "\n")
    sys.stdout.flush()


def _tell(telemetry: Telemetry) -> None:
    for skipped in telemetry.skipped:
        sys.stderr.write(f"{telemetry.row_name} {skipped.row}: {_one_line(skipped.cause)}\n")
    for remark in telemetry.remarks:
        sys.stderr.write(f"note: {_one_line(remark)}\n")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
