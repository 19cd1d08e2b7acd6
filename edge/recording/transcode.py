"""Paints the mask zones before anything keeps a picture: decodes, paints and codes again, once for all sinks.

A sink itself, between the source and the ring, the recording and whoever else takes packets of the camera. What comes
out is the original: nothing else is ever stored. Works on a thread of its own; where that cannot follow, pictures are
dropped up to the next key frame, and counted.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from edge.recording.decode import Decoder
from edge.recording.encode import Encoder
from edge.recording.facts import RecordingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from threading import Event

    from edge.mask import Masks
    from edge.recording.decode import Decoded
    from edge.source import PacketSink, StoredPacket, StreamFacts

log = logging.getLogger(__name__)

_WAITING_MAX = 250
"""Packets, 10 s at 25 a second."""
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class _Begun:
    facts: StreamFacts
    starts_s: float


@dataclass(frozen=True, slots=True)
class _Arrived:
    stored: StoredPacket
    captured_at: datetime


class Transcoder:
    """`run` on a thread of its own until `stop`; with `at_once` there is none, and whoever feeds it waits."""

    def __init__(
        self,
        masks: Masks,
        sinks: Sequence[PacketSink],
        *,
        at_once: bool = False,
        new_encoder: Callable[[int, int], Encoder] = Encoder,
    ) -> None:
        """`new_encoder`: for pictures of that width and height; it may make them smaller."""
        self.at_once = at_once
        self.dropped_packets = 0
        self.trouble = ""
        """Why nothing comes out; a sentence for the status."""
        self._masks = masks
        self._sinks = tuple(sinks)
        self._new_encoder = new_encoder
        self._key_wanted = False
        self._queue: SimpleQueue[_Begun | _Arrived | None] = SimpleQueue()
        self._dropping = False
        self._decoder: Decoder | None = None
        self._encoder: Encoder | None = None

    # As a sink, on the thread that reads the camera.

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        self._put(_Begun(facts, starts_s))

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        if packet.key:
            self._dropping = False
        if self._dropping or self._queue.qsize() >= _WAITING_MAX:
            self._dropping = True
            self.dropped_packets += 1
            return
        self._put(_Arrived(packet, captured_at))

    def lost(self) -> None:
        self._put(None)

    def _put(self, one: _Begun | _Arrived | None) -> None:
        self._queue.put(one)
        if self.at_once:
            self._work()

    def key_wanted(self) -> None:
        """The next picture is coded as one that stands alone. From any thread."""
        self._key_wanted = True

    # On its own thread.

    def run(self, stop: Event) -> None:
        while not stop.is_set():
            with suppress(Empty):
                self._guarded(self._queue.get(timeout=_LOOK_EVERY_S))
        self._work()

    def _work(self) -> None:
        """On what has come."""
        with suppress(Empty):
            while True:
                self._guarded(self._queue.get_nowait())

    def _guarded(self, one: _Begun | _Arrived | None) -> None:
        try:
            self._take(one)
        except RecordingError as error:
            self.trouble = f"neither recorded nor shown: its mask zones cannot be painted ({error})"
            log.error("%s", self.trouble)  # noqa: TRY400 - said, not traced
            self._decoder = self._encoder = None

    def _take(self, one: _Begun | _Arrived | None) -> None:
        match one:
            case _Begun():
                self._end()
                self._decoder = Decoder(one.facts)
                self._encoder = self._new_encoder(one.facts.width_px, one.facts.height_px)
                for sink in self._sinks:
                    sink.begin(self._encoder.facts, one.starts_s)
            case _Arrived():
                if self._decoder is not None:
                    self._hand_on(self._decoder.take(one.stored, one.captured_at))
            case None:
                self._end()
                for sink in self._sinks:
                    sink.lost()

    def _hand_on(self, pictures: Iterable[Decoded]) -> None:
        for one in pictures:
            if self._encoder is None:
                return
            if self._key_wanted:
                self._key_wanted = False
                self._encoder.key_next()
            for packet in self._encoder.code(self._masks.painted_planes(one.picture), one.pts_s):
                for sink in self._sinks:
                    sink.append(packet, one.captured_at)
            self.trouble = ""

    def _end(self) -> None:
        if self._decoder is not None:
            self._hand_on(self._decoder.rest())
        self._decoder = self._encoder = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What painting a camera's masks takes."""

    pictures: int
    cpu_s: float
    """Of one core."""
    video_s: float

    @property
    def cores(self) -> float:
        """Of a camera at its own pace."""
        return self.cpu_s / self.video_s


class _Nowhere:
    """Counts what comes."""

    def __init__(self) -> None:
        self.packets = 0

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        """Nothing is kept of it."""

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:  # noqa: ARG002 - only counted
        self.packets += 1

    def lost(self) -> None:
        """Nothing is kept of it."""


def measure(facts: StreamFacts, packets: Sequence[StoredPacket], captured_at: datetime, masks: Masks) -> Cost:
    """Decode, paint and code these packets of one stream on this thread."""
    counted = _Nowhere()
    transcoder = Transcoder(masks, [counted], at_once=True)
    began_s = time.thread_time()
    transcoder.begin(facts, 0.0)
    for packet in packets:
        transcoder.append(packet, captured_at)
    transcoder.lost()
    cpu_s = time.thread_time() - began_s
    return Cost(counted.packets, cpu_s, packets[-1].pts_s - packets[0].pts_s)
