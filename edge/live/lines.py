"""Tells the room what the agent sees, in lines on a data channel beside the video: the newest, or nothing."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from wire.live import Detections, WantDetections

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from aiortc import RTCDataChannel

    from edge.live.sightings import Sighting


class Lines:
    """An onlooker. Where the channel does not take a line yet, it waits alone, and a newer one takes its place."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        channel: RTCDataChannel,
        timestamp: Callable[[Sighting], int | None],
        wanted: Callable[[bool], None],
    ) -> None:
        """To be used on the loop, but `see`.

        Args:
            loop: on which the channel is.
            channel: to the room.
            timestamp: of RTP, of the picture that was looked at; None: not known yet.
            wanted: called when the room wants lines, and when it wants none any more.
        """
        self.sent = 0
        self._loop, self._channel, self._timestamp, self._wanted = loop, channel, timestamp, wanted
        self._lock = Lock()
        self._newest: Sighting | None = None
        channel.on("message", self._hear)
        channel.on("bufferedamountlow", self._send)

    def see(self, sighting: Sighting) -> None:
        """From any thread."""
        with self._lock:
            is_told = self._newest is not None
            self._newest = sighting
        if is_told:
            return
        try:
            self._loop.call_soon_threadsafe(self._send)
        except RuntimeError:  # the loop is closed: nobody will take it any more
            return

    def _send(self) -> None:
        if self._channel.readyState != "open" or self._channel.bufferedAmount:
            return
        with self._lock:
            sighting, self._newest = self._newest, None
        timestamp = None if sighting is None else self._timestamp(sighting)
        if sighting is None or timestamp is None:
            return
        line = Detections(captured_at=sighting.captured_at, rtp_timestamp=timestamp, objects=sighting.objects)
        self._channel.send(line.model_dump_json())
        self.sent += 1

    def _hear(self, said: str | bytes) -> None:
        wanted = WantDetections.heard(said)
        if wanted is not None:
            self._wanted(wanted)
