"""Lets the packets of a camera that paints its mask zones itself pass once that is proved, and while it holds.

A sink itself, before the ring, the recording and whoever else takes packets. Until enough key frames are seen it keeps
the packets back; later it looks at a key frame now and then, for a camera that is reset loses its masks.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge.mask import Masks
from edge.recording.decode import Decoder
from edge.recording.mask_proof import FRAMES_LEAST, prove_flat

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from edge.source import PacketSink, StoredPacket, StreamFacts
    from vision.zones import Zone

log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 10.0
_HELD_BACK_MAX_BYTES = 32 * 1024 * 1024
_NO_MASKS = Masks([])


class MaskGate:
    """Asked on the thread that reads the camera: a key frame is decoded now and then."""

    def __init__(self, zones: Sequence[Zone], sinks: Sequence[PacketSink]) -> None:
        self.trouble = ""
        """Why nothing passes; a sentence for the status."""
        self._zones = list(zones)
        self._sinks = tuple(sinks)
        self._begin: tuple[StreamFacts, float] | None = None
        self._held_back: list[tuple[StoredPacket, datetime]] = []
        self._seen: list[NDArray[np.uint8]] = []
        """The newest that were painted."""
        self._open = False
        self._looked_s = float("-inf")

    @property
    def is_open(self) -> bool:
        return self._open

    def begin(self, facts: StreamFacts, starts_s: float) -> None:
        """Every stream is proved anew: a camera that was away may have been reset."""
        self._begin = facts, starts_s
        self._held_back, self._seen = [], []
        self._open, self._looked_s = False, float("-inf")

    def append(self, packet: StoredPacket, captured_at: datetime) -> None:
        at_once = not self._open and (not self.trouble or bool(self._seen))
        if packet.key and (at_once or packet.pts_s - self._looked_s >= _LOOK_AGAIN_S):
            self._look(packet, captured_at)
        if self._open:
            for sink in self._sinks:
                sink.append(packet, captured_at)
        elif not self.trouble:
            self._hold_back(packet, captured_at)

    def lost(self) -> None:
        if self._open:
            for sink in self._sinks:
                sink.lost()
        self._open = False

    def _hold_back(self, packet: StoredPacket, captured_at: datetime) -> None:
        if packet.key and sum(len(one.data) for one, _ in self._held_back) > _HELD_BACK_MAX_BYTES:
            self._held_back = []
        self._held_back.append((packet, captured_at))

    def _look(self, packet: StoredPacket, captured_at: datetime) -> None:
        self._looked_s = packet.pts_s
        image = self._decoded(packet, captured_at)
        if image is None:
            return
        alone = prove_flat([image] * FRAMES_LEAST, self._zones)
        self._seen = [] if alone else [*self._seen[1 - FRAMES_LEAST :], image]
        enough = len(self._seen) >= FRAMES_LEAST
        findings = prove_flat(self._seen, self._zones) if enough else alone
        if findings:
            self._shut(findings[0])
        elif enough and not self._open:
            self._let_pass()

    def _decoded(self, packet: StoredPacket, captured_at: datetime) -> NDArray[np.uint8] | None:
        if self._begin is None:
            return None
        decoder = Decoder(self._begin[0])
        pictures = [*decoder.take(packet, captured_at), *decoder.rest()]
        return _NO_MASKS.painted(pictures[0].picture) if pictures else None

    def _shut(self, finding: str) -> None:
        """The sentence stays as it was first found: the figures in it change with every picture."""
        if not self.trouble:
            self.trouble = f"neither recorded nor shown: {finding}, although mask_mode says that the camera paints it"
            log.error("%s", self.trouble)
        self._held_back, self._seen = [], []
        if self._open:
            self._open = False
            for sink in self._sinks:
                sink.lost()

    def _let_pass(self) -> None:
        if self._begin is None:
            return
        self.trouble, self._open = "", True
        facts, starts_s = self._begin
        held_back, self._held_back = self._held_back, []
        for sink in self._sinks:
            sink.begin(facts, starts_s)
            for packet, captured_at in held_back:
                sink.append(packet, captured_at)
