"""Fan-out of changes to the browsers of this process: one listening connection, each change made to text once.

Changes go out together, at most ten times a second; one that comes alone goes at once. A browser that does not keep up
gets more at a time; one that lags too far is cut off, comes back with `Last-Event-ID` and gets what it missed. While
the database cannot be heard, all are cut off, so that no screen looks live that is not.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from control_room.database import pool, sql
from control_room.stream import publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.rows import TupleRow

    from control_room import callers
    from control_room.stream.traced import TracedFrames

_QUERIES = sql.load(__file__)
MOST_BEHIND = 1000
"""Changes that a browser may lag before it is cut off."""
_FRAME_CHANGES = 1000
_PACE_S = 0.1
_LOOK_EVERY_S = 5.0  # also without a word from the database: that its connection still lives
_RETRY_S = 1.0
_CONNECT_TIMEOUT_S = 5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One change as it goes out."""

    stream_id: int
    kind: publish.Kind
    text: bytes


def event(stream_id: int | None, name: str, data: str) -> bytes:
    """One server-sent event; `data` is JSON of one line."""
    head = "" if stream_id is None else f"id: {stream_id}\n"
    return f"{head}event: {name}\ndata: {data}\n\n".encode()


@dataclass(slots=True)
class Frame:
    """What goes out at one time: changes in their order, joined once for all who may see the same of them."""

    changes: list[Change]
    taken: Callable[[], None] | None = None
    """Called when a browser is given it; None: nobody wants to know."""
    _texts: dict[frozenset[publish.Kind], bytes] = field(default_factory=dict)

    def text(self, kinds: frozenset[publish.Kind], after: int) -> bytes:
        """Of these kinds, and of what is newer than the change `after`."""
        if self.changes[0].stream_id <= after:
            return b"".join(each.text for each in self.changes if each.kind in kinds and each.stream_id > after)
        if kinds not in self._texts:
            self._texts[kinds] = b"".join(each.text for each in self.changes if each.kind in kinds)
        return self._texts[kinds]


class Subscriber:
    """One browser's queue. All its methods are for the event loop."""

    def __init__(self, session: callers.Session | None) -> None:
        self.session = session
        self.kinds: frozenset[publish.Kind] = frozenset()
        self.after = 0
        """What is not newer than this change the browser has already."""
        self.ended = asyncio.Event()
        """Set when nothing more will come and the connection is to be closed."""
        self._frames: list[Frame] = []
        self._said: list[bytes] = []
        self._behind = 0
        self._some = asyncio.Event()

    def offer(self, frame: Frame) -> None:
        self._behind += len(frame.changes)
        if self._behind > MOST_BEHIND and self._frames:
            self.ended.set()
            return
        self._frames.append(frame)
        self._some.set()

    def say(self, text: bytes) -> None:
        """Something that is no change."""
        self._said.append(text)
        self._some.set()

    async def next(self) -> bytes:
        """All that has come since the last time, as soon as there is some."""
        await self._some.wait()
        texts = [frame.text(self.kinds, self.after) for frame in self._frames] + self._said
        for frame in self._frames:
            if frame.taken is not None:
                frame.taken()
        self._frames.clear()
        self._said.clear()
        self._behind = 0
        self._some.clear()
        return texts[0] if len(texts) == 1 else b"".join(texts)


class Hub:
    """One a process. `run` and `subscribe` belong to one event loop; `close` may be called from anywhere."""

    def __init__(
        self,
        database_url: str,
        *,
        most: int = 500,
        heartbeat_s: float = 10.0,
        traced: TracedFrames | None = None,
        counted: Callable[[int], None] | None = None,
    ) -> None:
        """`counted` is told of the number of browsers whenever it changes."""
        self._url = database_url
        self._counted = counted
        self._traced = traced
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

    def subscribers(self) -> list[Subscriber]:
        """Those of now."""
        return list(self._subscribers)

    def subscribe(self, session: callers.Session | None) -> Subscriber | None:
        """A queue of all changes from now on; None where there are too many, or nothing can be heard now."""
        if self._closed or not self._is_listening or len(self._subscribers) >= self._most:
            return None
        subscriber = Subscriber(session)
        self._subscribers.add(subscriber)
        self._count()
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        self._count()

    def _count(self) -> None:
        if self._counted is not None:
            self._counted(len(self._subscribers))

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
                again_s = asyncio.get_running_loop().time() + _PACE_S
                is_more = await self._deliver_new(connection)
                await asyncio.sleep(max(0.0, again_s - asyncio.get_running_loop().time()))
                if not is_more:
                    await self._heard(connection)

    async def _heard(self, connection: psycopg.AsyncConnection[TupleRow]) -> None:
        """Return once the database said something, or for once without; however often it said it."""
        async for _ in connection.notifies(timeout=_LOOK_EVERY_S, stop_after=1):
            pass
        async for _ in connection.notifies(timeout=0):
            pass

    async def _deliver_new(self, connection: psycopg.AsyncConnection[TupleRow]) -> bool:
        """Give what is new to all; whether there is more."""
        query = "after" if self._traced is None else "after_traced"
        rows = await self._fetch(connection, query, {"id": self._cursor, "limit": _FRAME_CHANGES})
        if rows:
            changes = [Change(row[0], row[1], event(row[0], row[1], row[2])) for row in rows]
            self._cursor = changes[-1].stream_id
            frame = Frame(changes, None if self._traced is None else self._traced.begin(rows, len(self._subscribers)))
            for subscriber in self._subscribers:
                subscriber.offer(frame)
        return len(rows) == _FRAME_CHANGES

    async def _fetch(
        self, connection: psycopg.AsyncConnection[TupleRow], query: str, parameters: dict[str, int] | None = None
    ) -> list[TupleRow]:
        cursor = await connection.execute(_QUERIES[query], parameters)
        return await cursor.fetchall()

    def _end_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.ended.set()
