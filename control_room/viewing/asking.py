"""How a route that shows pictures says that it asks who may watch: by a parameter of one of these types.

    def picture(camera_id: str, room: rooms.Here, viewer: asking.Operator) -> Response:
        viewer.check(watched.camera(device_id, camera_id))

A route that gives files in which nobody can be seen says so by `dependencies=[asking.shows_nobody("why")]`. A test
walks all routes that give anything but JSON (tests/control_room/viewing/test_every_picture.py).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends

from control_room import access
from control_room import room as rooms
from control_room.viewing import service


class ShowsNobody:
    """Declares, for the reason given, that a route's files show no people."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self) -> None:
        """Nothing to ask."""


def shows_nobody(why: str) -> Any:
    return Depends(ShowsNobody(why))


def of_operator(room: rooms.Here, caller: access.Operator) -> service.Viewer:
    with room.database.connection() as connection:
        return service.viewer(connection, caller)


def of_person(room: rooms.Here, caller: access.Person) -> service.Viewer:
    with room.database.connection() as connection:
        return service.viewer(connection, caller)


Operator = Annotated[service.Viewer, Depends(of_operator)]
Person = Annotated[service.Viewer, Depends(of_person)]
