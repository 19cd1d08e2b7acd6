"""The process that reads one file's telemetry: `python -I -m control_room.probing.telemetry_child`.

The file is its standard input. It writes lines of JSON: one `Header`, then one row a sample (`telemetry.COLUMNS`).
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import av
import av.error
import av.logging
import av.stream
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
import pymavlink.dialects.v20.ardupilotmega  # type: ignore[import-untyped]  # noqa: F401 - nothing can be loaded once it is shut in

from control_room.probing import sandbox, telemetry
from control_room.probing.only_file import OnlyFile
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, TelemetryError

if TYPE_CHECKING:
    from vision.telemetry.sample import Sample

_NICE = 5
_MEMORY_BYTES = 3 * 1024**3
_CPU_S = 240
_ROWS_AT_ONCE = 2000
_ENCODINGS = ("utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252", "latin-1", "ascii", "idna")


def main() -> int:
    """Takes the file's name, the town's zone, its lat and lon, and the present as Unix time."""
    name, zone, lat, lon, now = sys.argv[1:6]
    os.nice(_NICE)
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    datetime.strptime("2026", "%Y")  # noqa: DTZ007 - so that its module is there
    av.logging.set_level(None)
    assumptions = Assumptions(ZoneInfo(zone), zone, (float(lat), float(lon)))
    at = datetime.fromtimestamp(float(now), UTC)
    try:
        sandbox.enter(memory_bytes=_MEMORY_BYTES, cpu_s=_CPU_S)
    except sandbox.SandboxError as error:
        _say(telemetry.Header(fault=f"no file is looked at here: {error}"[:300], is_our_fault=True))
        os._exit(0)
    _read(OnlyFile(name), assumptions, at)
    os._exit(0)  # nothing is to be tidied up, and little of it would be allowed


def _read(path: OnlyFile, assumptions: Assumptions, now: datetime) -> None:
    try:
        found = formats.read(path, assumptions, now=now)
    except TelemetryError as error:
        _say(telemetry.Header(fault=str(error)[:300]))
        return
    except MemoryError:
        _say(telemetry.Header(fault="takes more memory than a file may"))
        return
    skipped = [f"{found.row_name} {each.row}: {each.cause}"[:200] for each in found.skipped[: telemetry.SAID_MAX]]
    camera = next((sample.camera for sample in found.samples if sample.camera is not None), None)
    _say(
        telemetry.Header(
            format=found.format,
            rows=len(found.samples),
            skipped=len(found.skipped),
            said=[remark[:300] for remark in found.remarks[: telemetry.SAID_MAX]],
            skipped_first=skipped,
            make=camera and camera.make and camera.make[:100],
            model=camera and camera.model and camera.model[:100],
        )
    )
    for start in range(0, len(found.samples), _ROWS_AT_ONCE):
        rows = (json.dumps(_row(sample)) for sample in found.samples[start : start + _ROWS_AT_ONCE])
        _write("\n".join(rows).encode() + b"\n")


def _row(sample: Sample) -> list[object]:
    values: list[object] = [getattr(sample, column) for column in telemetry.COLUMNS]
    values[1] = None if sample.time_utc is None else sample.time_utc.timestamp()
    values[-1] = [note[:100] for note in sample.notes[:10]] or None
    return values


def _say(header: telemetry.Header) -> None:
    _write(header.model_dump_json().encode() + b"\n")


def _write(content: bytes) -> None:
    while content:
        content = content[os.write(1, content) :]


if __name__ == "__main__":
    main()
