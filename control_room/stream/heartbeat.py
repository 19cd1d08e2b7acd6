"""The server's time to every browser, and the end of those streams whose session has ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool

from control_room.sessions import service as sessions
from control_room.stream import hub, publish

if TYPE_CHECKING:
    from control_room import callers
    from control_room.room import Room


async def run(room: Room) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(room.hub.heartbeat_s)
        subscribers = room.hub.subscribers()
        if not subscribers:
            continue
        alive = await run_in_threadpool(_alive, room, {each.session for each in subscribers if each.session})
        text = hub.event(None, "heartbeat", publish.encode({"at": room.clock()}))
        for subscriber in subscribers:
            if subscriber.session in alive:
                subscriber.say(text)
            else:
                subscriber.ended.set()


def _alive(room: Room, known: set[callers.Session]) -> set[callers.Session]:
    """Those that still go on; none while the database is away: browsers come back by themselves."""
    try:
        with room.database.connection() as connection:
            return sessions.alive(connection, known, room.clock())
    except (OperationalError, PoolTimeout):
        return set()
