"""Joins segments to spans without a gap, and finds the gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from wire.commands import RecordedSpan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SEAM = timedelta(seconds=2)
"""Between the last packet of a segment and the first of the next that still counts as going on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment, closed or open, as a listing sees it."""

    captured_from: datetime
    captured_to: datetime
    bytes: int
    masked: bool
    held: bool
    segments: int = 1


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces in order of time, those that go on and are alike made one."""
    spans: list[Piece] = []
    for piece in pieces:
        last = spans[-1] if spans else None
        if last is not None and _goes_on(last, piece):
            spans[-1] = replace(
                last,
                captured_to=max(last.captured_to, piece.captured_to),
                bytes=last.bytes + piece.bytes,
                segments=last.segments + piece.segments,
            )
        else:
            spans.append(piece)
    return spans


def _goes_on(last: Piece, piece: Piece) -> bool:
    alike = (last.masked, last.held) == (piece.masked, piece.held)
    return alike and piece.captured_from - last.captured_to <= SEAM


def as_told(span: Piece) -> RecordedSpan:
    return RecordedSpan(
        from_=span.captured_from,
        to=span.captured_to,
        segments=span.segments,
        bytes=span.bytes,
        held=span.held,
        masked=span.masked,
    )


def gaps(pieces: Iterable[Piece], from_: datetime, to: datetime) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    covered_to = from_
    for piece in pieces:
        if piece.captured_from - covered_to > SEAM:
            found.append((covered_to, min(piece.captured_from, to)))
        covered_to = max(covered_to, piece.captured_to)
    if to - covered_to > SEAM:
        found.append((covered_to, to))
    return found
