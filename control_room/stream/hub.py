"""Fan-out of changes to the browsers of this process: one listening connection, each change made to text once.

Every browser has a bounded queue. One that does not keep up is cut off; it comes back with `Last-Event-ID` and gets
what it missed. While the database cannot be heard, all are cut off, so that no screen looks live that is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from control_room.database import pool, sql
from control_room.stream import publish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.rows import TupleRow

_QUERIES = sql.load(__file__)
_QUEUE = 256  # changes that a browser may lag behind
_BATCH = 500
_LOOK_EVERY_S = 5.0  # also without a word from the database: that its connection still lives
_RETRY_S = 1.0
_CONNECT_TIMEOUT_S = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """One change as it goes out."""

    stream_id: int
    kind: publish.Kind
    text: bytes


def frame(stream_id: int | None, event: str, data: str) -> bytes:
    """One server-sent event; `data` is JSON of one line."""
    head = "" if stream_id is None else f"id: {stream_id}\n"
    return f"{head}event: {event}\ndata: {data}\n\n".encode()


class Subscriber:
    """One browser's queue. All its methods are for the event loop."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(_QUEUE)
        self.ended = asyncio.Event()
        """Set when nothing more will come and the connection is to be closed."""

    def offer(self, change: Frame) -> None:
        try:
            self._frames.put_nowait(change)
        except asyncio.QueueFull:
            self.ended.set()

    async def next(self, timeout_s: float) -> Frame | None:
        """The next change; None where none comes within `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._frames.get(), timeout_s)
        return None


class Hub:
    """One a process. `run` and `subscribe` belong to one event loop; `close` may be called from anywhere."""

    def __init__(self, database_url: str, *, most: int = 500, heartbeat_s: float = 10.0) -> None:
        self._url = database_url
        self._most = most
        self.heartbeat_s = heartbeat_s
        self._subscribers: set[Subscriber] = set()
        self._cursor = 0
        self._is_listening = False
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __len__(self) -> int:
        return len(self._subscribers)

    async def run(self) -> None:
        """Listen until cancelled; a database that is away is waited for."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                _log.warning("the live stream has lost the database: %s", pool.one_line(error))
            finally:
                self._is_listening = False
                self._end_all()
            await asyncio.sleep(_RETRY_S)

    def subscribe(self) -> Subscriber | None:
        """A queue of all changes from now on; None where there are too many, or nothing can be heard now."""
        if self._closed or not self._is_listening or len(self._subscribers) >= self._most:
            return None
        subscriber = Subscriber()
        self._subscribers.add(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream at once and begin no other; from any thread or a signal handler."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_all)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="talaia-stream"
        )
        async with connection:
            await connection.execute(_QUERIES["listen"])
            self._cursor = (await self._fetch(connection, "newest_id"))[0][0]
            self._is_listening = True
            while True:
                await self._deliver_new(connection)
                async for _ in connection.notifies(timeout=_LOOK_EVERY_S, stop_after=1):
                    pass

    async def _deliver_new(self, connection: psycopg.AsyncConnection[TupleRow]) -> None:
        rows: Sequence[TupleRow] | None = None
        while rows is None or len(rows) == _BATCH:
            rows = await self._fetch(connection, "after", {"id": self._cursor, "limit": _BATCH})
            for stream_id, kind, payload in rows:
                change = Frame(stream_id, kind, frame(stream_id, kind, payload))
                self._cursor = stream_id
                for subscriber in self._subscribers:
                    subscriber.offer(change)

    async def _fetch(
        self, connection: psycopg.AsyncConnection[TupleRow], query: str, parameters: dict[str, int] | None = None
    ) -> list[TupleRow]:
        cursor = await connection.execute(_QUERIES[query], parameters)
        return await cursor.fetchall()

    def _end_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.ended.set()
