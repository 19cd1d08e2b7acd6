"""What is done by the clock for recordings and clips of live video, in each serving process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.live_recordings import clips, rewind, taking, wishes

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.room import Room


def look(room: Room, now: datetime) -> None:
    """One round; each part finds out by itself whether another process is at it."""
    wishes.look(room, now)
    clips.look(room, now)
    taking.look(room, now)
    rewind.forget_old(room)
