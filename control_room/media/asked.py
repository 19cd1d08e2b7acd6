"""`talaia-room media`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room import command_line as line

if TYPE_CHECKING:
    import argparse


def add_to(room: line.Commands) -> None:
    room.add("media", "Take live video in and show it until told to stop.", _media)


def _media(options: argparse.Namespace) -> int:
    from control_room.media import serving  # noqa: PLC0415 - aiortc only where it is needed

    settings = line.settings(options)
    line.log_to_stderr(settings)
    try:
        serving.serve(settings)
    except serving.MediaError as error:
        raise line.CommandError(str(error)) from None
    return line.OK
