"""Which process has the streams, by the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.live.media import Builtin, LiveOffError, Media
from control_room.live.mediamtx import MediaMtx

if TYPE_CHECKING:
    from control_room.room import Room


def open_media(room: Room) -> Media:
    """Raises `LiveOffError` where the settings name no secret: there is no live video then."""
    settings = room.settings.live
    secret = settings.secret.get_secret_value()
    if not secret:
        raise LiveOffError("this room has no live video: live.secret_file names no secret")
    if settings.backend == "mediamtx":
        return MediaMtx(settings.mediamtx_url, settings.mediamtx_api_url, secret, room.clock)
    return Builtin(settings.builtin_url, secret)
