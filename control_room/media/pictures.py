"""The last key picture of a stream as a JPEG; made in a process of its own, at most once a second a stream."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from control_room.media import h264

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.media.ring import Frame
    from control_room.media.streams import Clock, Stream

MEDIA_TYPE = "image/jpeg"
_FRESH_S = 1.0
_AT_ONCE = 2
_WITHIN_S = 30.0


class NoPictureError(Exception):
    """There is none, or it cannot be decoded; one line."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of a stream."""

    content: bytes
    taken_at: datetime
    """When it came, by the server's clock."""


@dataclass(slots=True)
class _Kept:
    frame: Frame
    still: Still
    made_s: float


@dataclass(slots=True)
class Pictures:
    """Of all streams."""

    clock: Clock
    _kept: dict[Stream, _Kept] = field(default_factory=dict)
    _locks: dict[Stream, asyncio.Lock] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def of(self, stream: Stream) -> Still:
        """Raises NoPictureError."""
        async with self._locks.setdefault(stream, asyncio.Lock()):
            kept, key = self._kept.get(stream), stream.ring.key
            if key is None:
                raise NoPictureError("no key picture has come yet")
            now_s = self.clock.now_s()
            if kept is not None and (kept.frame is key or now_s - kept.made_s < _FRESH_S):
                return kept.still
            async with self._slots:
                content = await _jpeg(h264.annex_b(key.payloads))
            self._kept[stream] = _Kept(key, Still(content, key.arrived_at), now_s)
            return self._kept[stream].still

    def forget_all_but(self, streams: set[Stream]) -> None:
        for stream in set(self._kept) | set(self._locks):
            if stream not in streams:
                self._kept.pop(stream, None)
                self._locks.pop(stream, None)


async def _jpeg(content: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "control_room.media.stills", stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        made, _ = await asyncio.wait_for(process.communicate(content), _WITHIN_S)
    except TimeoutError:
        made = b""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0 or not made:
        raise NoPictureError("the key picture cannot be decoded")
    return made
