"""H.265 for browsers that cannot show it: coded again by a process for each stream, at most so many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING

from control_room.media import children
from control_room.media.arriving import RefusedError
from control_room.media.pipe import Record

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from control_room.media.arriving import Opener, Taker

_CODING = "control_room.media.coding"
_WAITING_BYTES = 8 * 1024 * 1024
"""Of pictures that wait for the coder; when it cannot follow, the rest up to the next key picture is left out."""
_log = logging.getLogger(__name__)


class Transcoders:
    """Opens H.265 streams as H.264 ones."""

    def __init__(self, open_coded: Opener, most: int) -> None:
        """`open_coded`: where the H.264 goes."""
        self._open_coded = open_coded
        self._most = most
        self.working: set[Transcoding] = set()
        self.refused = 0
        """Streams that were not taken because there were as many as may be."""

    def open(self, stream: str) -> Taker:
        """Raises RefusedError."""
        if len(self.working) >= self._most:
            self.refused += 1
            raise RefusedError(
                "it sends H.265, which browsers do not show; "
                f"as many streams are coded again as may be ({self._most}, media.transcoders_max): send H.264"
            )
        transcoding = Transcoding(stream, self._open_coded, self.working)
        self.working.add(transcoding)
        return transcoding

    async def close(self) -> None:
        tasks = [each.task for each in self.working]
        for each in list(self.working):
            each.end("the room stops")
        await asyncio.gather(*tasks, return_exceptions=True)


class Transcoding:
    """One stream on its way through the coder."""

    def __init__(self, stream: str, open_coded: Opener, working: set[Transcoding]) -> None:
        self.dropped = 0
        """Pictures that were left out."""
        self._stream = stream
        self._open_coded = open_coded
        self._working = working
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_dropping = False
        self._has_come = asyncio.Event()
        self._fault = ""
        self._coded: Taker | None = None
        self.task = asyncio.get_running_loop().create_task(self._run())
        self.task.add_done_callback(self._finish)

    def take(self, data: bytes, *, shown_ticks: int, key: bool) -> None:
        """Raises RefusedError where the coder has given up."""
        if self.task.done():
            raise RefusedError(self._fault or "it cannot be coded again")
        self._is_dropping = self._waiting_bytes > _WAITING_BYTES or (self._is_dropping and not key)
        if self._is_dropping:
            self.dropped += 1
            return
        record = Record("key" if key else "picture", data, shown_ticks).encoded()
        self._waiting.append(record)
        self._waiting_bytes += len(record)
        self._has_come.set()

    def end(self, why: str) -> None:
        self._fault = self._fault or why
        self.task.cancel()

    async def _run(self) -> None:
        try:
            async with children.begun(_CODING) as process, asyncio.TaskGroup() as tasks:
                feeding = tasks.create_task(self._feed(process))
                async for record in children.records(process):
                    self._give(record)
                feeding.cancel()
            self._fault = self._fault or "the process that codes it again ended"
        except (RefusedError, OSError) as error:
            self._fault = str(error)
        except ExceptionGroup as error:
            self._fault = "; ".join(str(each) for each in error.exceptions)

    def _finish(self, _task: asyncio.Task[None]) -> None:
        """Also of a task that was ended before it began."""
        self._working.discard(self)
        if self._coded is not None:
            self._coded.end(self._fault)
        if self._fault:
            _log.warning("%s is not coded again: %s", self._stream, self._fault)

    async def _feed(self, process: Process) -> None:
        with contextlib.suppress(ConnectionError):
            while process.stdin is not None:
                await self._has_come.wait()
                self._has_come.clear()
                while self._waiting:
                    record = self._waiting.popleft()
                    self._waiting_bytes -= len(record)
                    process.stdin.write(record)
                    await process.stdin.drain()

    def _give(self, record: Record) -> None:
        if record.kind == "end":
            self._fault = record.data.decode(errors="replace")[:300]
        elif record.kind in {"key", "picture"}:
            if self._coded is None:
                self._coded = self._open_coded(self._stream, "h264")
            self._coded.take(record.data, shown_ticks=record.shown_ticks, key=record.kind == "key")
