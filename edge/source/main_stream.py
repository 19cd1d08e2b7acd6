"""A camera's main stream beside the sub stream that is analysed: its packets go to whoever keeps them, undecoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.source import onvif, video
from edge.source.pace import Pace
from edge.source.source import open_again
from edge.source.witness import Witnesses

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from threading import Event

    from edge.clock import Clock
    from edge.source.packets import PacketSink
    from edge.source.source import SourceSettings
    from edge.source.witness import ClockWitness


class MainStream:
    """`run` on a thread of its own."""

    def __init__(
        self,
        settings: SourceSettings,
        *,
        clock: Clock,
        stop: Event,
        sinks: Sequence[PacketSink],
        media_time_s: Callable[[], float],
        witnessed: Callable[[ClockWitness], None] = lambda _: None,
    ) -> None:
        """`media_time_s`: of the camera now, by the stream that is analysed."""
        self.settings = settings
        self.trouble = "was not opened yet"
        """Why nothing is kept, in a few words; empty while packets come."""
        self.packets_copied = 0
        self._clock = clock
        self._stop = stop
        self._sinks = tuple(sinks)
        self._media_time_s = media_time_s
        self._witnessed = witnessed

    def run(self) -> None:
        for _ in open_again(self._copied, self.settings.location, clock=self._clock, stop=self._stop, report=self):
            self.packets_copied += 1

    def lost(self, reason: str) -> None:
        self.trouble = reason

    def back(self) -> None:
        self.trouble = ""

    def _address(self) -> str:
        location = self.settings.location
        if not location.startswith(onvif.SCHEME):
            return location
        return onvif.with_credentials(onvif.ask(location).recorded.url, location)

    def _copied(self) -> Generator[None]:
        """One step a packet, until the stream ends.

        Raises:
            SourceError: it cannot be opened or breaks off.
        """
        while not self._stop.is_set():
            yield from self._copied_once()
            if not self.settings.loop:
                return

    def _copied_once(self) -> Generator[None]:
        opened = video.Video(self._address(), live=self.settings.live, timeout_s=self.settings.silence_s)
        pace = Pace(self._clock, self._stop) if self.settings.is_paced else None
        try:
            starts_s = self._media_time_s()
            witnesses = Witnesses(self._clock, starts_s)
            for sink in self._sinks:
                sink.begin(opened.facts, starts_s)
            for taken in opened.packets(self._clock.now):
                if pace is not None:
                    pace.wait_for(taken.dts_s)
                    taken.came_at = self._clock.now()
                if self._stop.is_set():
                    return
                if self.settings.live and (noted := witnesses.note(taken)) is not None:
                    self._witnessed(noted)
                for packet in opened.stored(taken):
                    for sink in self._sinks:
                        sink.append(packet, taken.came_at)
                yield
            opened.check_end()
        finally:
            opened.close()
            for sink in self._sinks:
                sink.lost()
