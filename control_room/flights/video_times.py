"""When a video began that says nothing of it by telemetry of its own: by its file, its name or its card, and the log.

Cameras write the time of day into the file, some in UTC as they should and some in local time; the name may have it;
and the card says when the file was last written, which is when the recording ended. Which of them is right is known
where a log of the whole flight is there: the video lies in it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from control_room.flights import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""Before it there were no such drones: clocks without a battery begin in 1904, 1970 or 1980."""
_SHARE_MIN = 0.5


def guesses(
    name: str, created_at: datetime | None, modified_at: datetime | None, duration_s: float, zone: ZoneInfo
) -> Iterator[datetime]:
    """When it may have begun, the most believable first."""
    if created_at is not None:
        yield created_at
        yield created_at.replace(tzinfo=zone).astimezone(UTC)
    local = names.read(name).local
    if local is not None:
        for fold in (0, 1):
            yield local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if modified_at is not None:
        yield modified_at - timedelta(seconds=duration_s)


def began_at(guessed: Sequence[datetime], duration_s: float, log: tuple[datetime, datetime] | None) -> datetime | None:
    """The first guess by which at least half of the video lies in the log; without a log the first; None: none."""
    sane = [one for one in guessed if one >= _EARLIEST]
    if log is None:
        return sane[0] if sane else None
    length = timedelta(seconds=duration_s)
    inside = (min(log[1], one + length) - max(log[0], one) >= _SHARE_MIN * length for one in sane)
    return next((one for one, lies in zip(sane, inside, strict=True) if lies), sane[0] if sane else None)
