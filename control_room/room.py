"""What one serving process holds, handed to its routes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room import config
    from control_room.commands.keys import Signer
    from control_room.database import pool
    from control_room.enrolment.authority import Authority
    from control_room.health.metrics import Metrics
    from control_room.store.content import Store
    from control_room.stream.hub import Hub
    from control_room.stream.resume import Beginnings


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One for each application, in `app.state.room`."""

    settings: config.Settings
    database: pool.Pool
    store: Store
    hub: Hub
    beginnings: Beginnings
    metrics: Metrics
    signer: Signer | None
    """None: the room has no key, so it commands nothing."""
    authority: Authority | None
    """None: the room has no keys to enrol devices with."""
    clock: Callable[[], datetime]
    """The server's clock, in UTC."""

    @property
    def session_lasts(self) -> timedelta:
        return timedelta(hours=self.settings.session.hours)


async def _of(request: Request) -> Room:
    return cast("Room", request.app.state.room)


Here = Annotated[Room, Depends(_of)]
"""The room as a route's parameter."""


def is_secure(request: Request, room: Room) -> bool:
    """Whether the browser came by HTTPS, so that the cookie must not travel without it."""
    return request.url.scheme == "https" or room.settings.http.public_url.startswith("https:")
