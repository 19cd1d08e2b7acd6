"""Codes a stream again while somebody watches: one that browsers do not play, or whose masks are not painted yet."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Event, Thread, get_native_id
from typing import TYPE_CHECKING

from edge.live.outlet import Listener, Outlet
from edge.recording.encode import Encoder
from edge.recording.transcode import Transcoder

if TYPE_CHECKING:
    from edge.mask import Masks
    from edge.sections import LiveSection

_NICE = 10


def size_px(width_px: int, height_px: int, section: LiveSection) -> tuple[int, int]:
    """What becomes of that size: no wider than allowed, even."""
    share = min(1.0, section.transcoded_width_px / width_px)
    return max(2, round(width_px * share / 2) * 2), max(2, round(height_px * share / 2) * 2)


class Recoding:
    """On a thread of its own, with less of the processor than what watches and records."""

    def __init__(self, source: Outlet, masks: Masks, section: LiveSection) -> None:
        def encoder(width_px: int, height_px: int) -> Encoder:
            return Encoder(
                *size_px(width_px, height_px, section), bits_a_second=round(section.transcoded_kbit_s * 1000)
            )

        self.outlet = Outlet()
        """Of what is coded."""
        self._source = source
        self._transcoder = Transcoder(masks, [self.outlet], new_encoder=encoder)
        self._listener = Listener(self._transcoder)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="live-recoding", daemon=True)

    def start(self) -> None:
        self._source.join(self._listener)
        self._thread.start()

    def stop(self) -> None:
        """It ends by itself after the picture it is at."""
        self._source.leave(self._listener)
        self._stop.set()

    def key_wanted(self) -> None:
        self._transcoder.key_wanted()

    def _run(self) -> None:
        if sys.platform == "linux":
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, get_native_id(), _NICE)
        self._transcoder.run(self._stop)
