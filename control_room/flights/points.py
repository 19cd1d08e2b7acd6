"""POINTS.csv of `talaia-room georeference`: rows that name a picture and a pixel of it."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PIXEL = ("x_px", "y_px")
PICTURE = ("image", "frame", "time_s")
"""Which columns may name the picture; of those that a row fills, the first counts."""
ADDED = ("lat", "lon", "ce90_m", "depression_deg", "method")
_ROWS_MAX = 1_000_000


class PointsError(Exception):
    """The file cannot be used; one line with the row, the column, what was got and what is allowed."""


@dataclass(frozen=True, slots=True)
class Point:
    x_px: float
    y_px: float
    frame: int | None = None
    time_s: float | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Points:
    columns: list[str]
    """Of the file, in its order, without those that are added."""
    rows: list[dict[str, str]]
    points: list[Point]
    """One a row."""


def read(path: Path) -> Points:
    """Raise PointsError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(path, csv.DictReader(file, restkey="", strict=True))
    except OSError as error:
        raise PointsError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise PointsError(f"{path}: got bytes that are no UTF-8; allowed: CSV in UTF-8") from None
    except csv.Error as error:
        raise PointsError(f"{path}: got {error}; allowed: CSV, columns divided by commas") from None


def _read(path: Path, reader: csv.DictReader[str]) -> Points:
    columns = [name.strip() for name in reader.fieldnames or []]
    missing = [name for name in PIXEL if name not in columns]
    if missing or not set(PICTURE) & set(columns):
        got = ", ".join(columns) or "nothing"
        raise PointsError(f"{path}: got the columns {got}; allowed: x_px, y_px and one of {', '.join(PICTURE)}")
    reader.fieldnames = columns
    rows, points = [], []
    for number, row in enumerate(reader, start=1):
        if number > _ROWS_MAX:
            raise PointsError(f"{path}: got more than {_ROWS_MAX} rows; allowed: {_ROWS_MAX}")
        where = f"{path}: row {number} (line {reader.line_num})"
        if row.get(""):
            raise PointsError(f"{where}: got more values than the {len(columns)} columns; allowed: one a column")
        rows.append({name: row.get(name) or "" for name in columns})
        points.append(_point(where, rows[-1]))
    if not points:
        raise PointsError(f"{path}: got no row; allowed: 1 to {_ROWS_MAX}")
    return Points([name for name in columns if name not in ADDED], rows, points)


def _point(where: str, row: dict[str, str]) -> Point:
    x_px, y_px = (_number(where, row, name) for name in PIXEL)
    if row.get("image", "").strip():
        return Point(x_px, y_px, image=row["image"].strip())
    if row.get("frame", "").strip():
        frame = _number(where, row, "frame")
        if frame != int(frame):
            raise PointsError(f"{where}, column frame: got {row['frame']!r}; allowed: a whole number")
        return Point(x_px, y_px, frame=int(frame))
    if row.get("time_s", "").strip():
        return Point(x_px, y_px, time_s=_number(where, row, "time_s"))
    named = [name for name in PICTURE if name in row]
    raise PointsError(f"{where}, column {' or '.join(named)}: got nothing; allowed: which picture the pixel is of")


def _number(where: str, row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in row[column]:
        raise PointsError(f"{where}, column {column}: got {row[column]!r}; allowed: a number")
    return value
