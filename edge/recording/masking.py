"""Puts what a camera's mask zones need between its source and the sinks that keep its packets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from edge.mask import Masks
from edge.recording.gate import MaskGate
from edge.recording.transcode import Transcoder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.source import PacketSink
    from vision.zones import Zone

MaskMode = Literal["camera", "transcode"]


class Masking:
    """`sinks` is what the source feeds."""

    def __init__(self, zones: Sequence[Zone], mode: MaskMode, keepers: Sequence[PacketSink], *, at_once: bool) -> None:
        """`at_once`: the source waits while masks are painted; else the transcoder's `run` needs a thread."""
        masks = Masks(zones)
        self.transcoder: Transcoder | None = None
        self._gate: MaskGate | None = None
        self.sinks: list[PacketSink] = list(keepers)
        if masks and mode == "transcode":
            self.transcoder = Transcoder(masks, keepers, at_once=at_once)
            self.sinks = [self.transcoder]
        elif masks:
            self._gate = MaskGate(zones, keepers)
            self.sinks = [self._gate]

    @property
    def trouble(self) -> str:
        """Why nothing is kept of the camera; empty where all is well."""
        stage = self.transcoder or self._gate
        return "" if stage is None else stage.trouble

    @property
    def hindrance(self) -> str:
        """Why nothing comes out of it now; also while masks are still to be proved."""
        if self._gate is not None and not self._gate.is_open:
            return self._gate.trouble or "its mask zones are not proved to be painted yet"
        return self.trouble
