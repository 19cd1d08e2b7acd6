"""Fetches streams from RTSP servers, such as a drone's ground station: one process each, begun again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from control_room.media import children
from control_room.media.arriving import RefusedError

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from control_room.media.arriving import Opener, Taker
    from control_room.media.pipe import Record

_READING = "control_room.media.reading"
_AGAIN_FIRST_S, _AGAIN_LAST_S = 1.0, 30.0
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Pull:
    """One that is wanted."""

    address: str
    task: asyncio.Task[None]
    fault: str = ""
    """Why there is no picture now; one line, without the address."""
    tries: int = 0


class Pulls:
    """All that are wanted."""

    def __init__(self, open_stream: Opener, *, again_after_s: float = _AGAIN_FIRST_S) -> None:
        self._open_stream = open_stream
        self._again_after_s = again_after_s
        self.wanted: dict[str, Pull] = {}
        """By stream."""

    def want(self, stream: str, address: str) -> None:
        """From now on; another address takes the place of the one before."""
        known = self.wanted.get(stream)
        if known is not None and known.address == address and not known.task.done():
            return
        self.forget(stream)
        task = asyncio.get_running_loop().create_task(self._keep(stream, address))
        self.wanted[stream] = Pull(address, task)

    def forget(self, stream: str) -> None:
        known = self.wanted.pop(stream, None)
        if known is not None:
            known.task.cancel()

    async def close(self) -> None:
        tasks = [pull.task for pull in self.wanted.values()]
        for stream in list(self.wanted):
            self.forget(stream)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, stream: str, address: str) -> None:
        wait_s = self._again_after_s
        while True:
            fault, had_pictures = await self._read(stream, address)
            pull = self.wanted.get(stream)
            if pull is not None:
                pull.fault, pull.tries = fault, pull.tries + 1
            _log.warning("%s is not read: %s", stream, fault)
            wait_s = self._again_after_s if had_pictures else min(2 * wait_s, _AGAIN_LAST_S)
            await asyncio.sleep(wait_s)

    async def _read(self, stream: str, address: str) -> tuple[str, bool]:
        """Why it ended, and whether pictures had come."""
        reading = _Reading(stream, self._open_stream)
        try:
            async with children.begun(_READING) as process:
                await _tell(process, address)
                async for record in children.records(process):
                    reading.take(record)
                    if reading.taker is not None and stream in self.wanted:
                        self.wanted[stream].fault = ""
        except RefusedError as error:
            reading.fault = str(error)
        except OSError as error:
            reading.fault = f"no process can be begun: {error.strerror}"
        finally:
            reading.end()
        return reading.fault or "the process that reads it ended", reading.had_pictures


async def _tell(process: Process, address: str) -> None:
    if process.stdin is not None:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(f"{address}\n".encode())
            await process.stdin.drain()


class _Reading:
    """What one process reads."""

    def __init__(self, stream: str, open_stream: Opener) -> None:
        self.taker: Taker | None = None
        self.fault = ""
        self.had_pictures = False
        self._stream = stream
        self._open_stream = open_stream
        self._codec: str = ""

    def take(self, record: Record) -> None:
        """Raises RefusedError."""
        if record.kind == "codec":
            self._codec = record.data.decode(errors="replace")
        elif record.kind == "end":
            self.fault = record.data.decode(errors="replace")[:300]
        elif self.taker is not None or record.kind == "key":
            if self.taker is None:
                self.taker = self._open_stream(self._stream, "hevc" if self._codec == "hevc" else "h264")
                self.had_pictures = True
            self.taker.take(record.data, shown_ticks=record.shown_ticks, key=record.kind == "key")

    def end(self) -> None:
        if self.taker is not None:
            self.taker.end(self.fault)
