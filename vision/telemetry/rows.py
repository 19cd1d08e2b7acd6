"""Samples as the CSV that `talaia-room telemetry` prints."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from vision.telemetry.sample import Sample

COLUMNS = (
    "time_s,time_utc,lat,lon,rel_alt_m,abs_alt_m,gimbal_yaw_deg,gimbal_pitch_deg,gimbal_roll_deg,focal_length_mm,zoom"
)
_DECIMALS = 9


def lines(samples: Iterable[Sample]) -> Iterator[str]:
    """The head and a line a sample, without line feeds; empty where unknown."""
    yield COLUMNS
    for sample in samples:
        yield ",".join(
            (
                _number(sample.time_s),
                utc_text(sample.time_utc),
                _number(sample.lat),
                _number(sample.lon),
                _number(sample.rel_alt_m),
                _number(sample.abs_alt_m),
                _number(sample.gimbal_yaw_deg),
                _number(sample.gimbal_pitch_deg),
                _number(sample.gimbal_roll_deg),
                _number(sample.focal_length_mm),
                _number(sample.zoom),
            )
        )


def utc_text(at: datetime | None) -> str:
    """RFC 3339."""
    return "" if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: float | None) -> str:
    """As many digits as it needs, never in powers of ten; a centimetre of latitude is 1e-7 degrees."""
    if value is None:
        return ""
    shown = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown
