"""Where pictures come from: a camera over RTSP, or a file, as fast as it can be read or at its own pace.

One interface for all: `Source.frames()` yields masked pictures at the analysis rate and ends with the video or with a
`SourceError`; `keep_open()` goes on for ever and opens again with back-off.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from edge.errors import SourceError
from edge.source import onvif, video, witness
from edge.source.idle import EveryPicture, IdleTally, KeyFrameIdle
from edge.source.luma import LumaGate
from edge.source.pace import Pace
from edge.source.sizes import PacketSizes
from edge.source.witness import Witnesses
from vision.frame import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from datetime import datetime
    from threading import Event

    from edge.clock import Clock
    from edge.mask import Masks
    from edge.source.attention import Attention
    from edge.source.packets import PacketSink, StreamFacts
    from edge.source.witness import ClockWitness

log = logging.getLogger(__name__)

_INTERVAL_AFTER_SEAM_S = 0.04
_TOLERANCE = 0.05
"""Of an interval between analysed pictures: time stamps are rounded."""
BACK_OFF_FIRST_S = 1.0
BACK_OFF_LONGEST_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What to open and how to read it."""

    location: str
    """An rtsp(s)://, http(s):// (MJPEG) or onvif:// address, usb: and a device, or the path of a file."""
    analysis_fps: float
    realtime: bool = False
    """Files: hand pictures out at the pace at which they were taken."""
    loop: bool = False
    """Files: begin again at the end."""
    silence_s: float = 4.0
    """Streams: how long no data, or no picture, may come before the stream counts as lost."""
    idle: Literal["key_frames", "all"] = "all"
    """What is decoded while nothing moves; needs an `Attention`."""
    starts_at: datetime | None = None
    """Files read for their own time: the clock at the first picture. Else the device's clock is used."""

    @property
    def live(self) -> bool:
        return self.location.startswith(STREAMS)

    @property
    def is_paced(self) -> bool:
        return self.realtime and not self.live

    @property
    def keeps_time(self) -> bool:
        """Its pictures come when they come; whoever is too slow misses some."""
        return self.live or self.realtime


def shown(location: str) -> str:
    """The location without the user name and password that may stand in it."""
    if "://" not in location:
        return location
    parts = urlsplit(location)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


STREAMS = ("rtsp://", "rtsps://", "http://", "https://", "usb:", onvif.SCHEME)
"""How the locations of cameras begin."""


class Report(Protocol):
    """Told what becomes of a source."""

    def lost(self, reason: str) -> None: ...

    def back(self) -> None: ...


class Source:
    """One camera's pictures. `index` and `media_time_s` go on over loops and reconnections."""

    def __init__(
        self,
        settings: SourceSettings,
        *,
        masks: Masks,
        clock: Clock,
        stop: Event,
        sinks: Sequence[PacketSink] = (),
        attention: Attention | None = None,
        witnessed: Callable[[ClockWitness], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.frames_read = 0
        """Decoded pictures so far."""
        self.idle = IdleTally()
        self.witness: ClockWitness | None = None
        """The newest of a stream."""
        self._witnessed = witnessed
        self._attention = attention
        self._sizes: tuple[StreamFacts, PacketSizes] | None = None
        self._masks = masks
        self._clock = clock
        self._stop = stop
        self._sinks = tuple(sinks)
        self._media_time_s: float | None = None
        self._picture_came_s = 0.0

    def media_time_now_s(self) -> float:
        """What media time it is, whether or not pictures come."""
        if self._media_time_s is None:
            return 0.0
        return self._media_time_s + self._clock.monotonic_s() - self._picture_came_s

    def frames(self) -> Generator[Frame]:
        """Pictures until the video ends or `stop` is set.

        Raises:
            SourceError: it cannot be opened, breaks off, is damaged or changes size.
        """
        while not self._stop.is_set():
            yield from self._open_once()
            if not self.settings.loop:
                return

    def _open_once(self) -> Generator[Frame]:
        opened = video.Video(self._address(), live=self.settings.live, timeout_s=self.settings.silence_s)
        try:
            starts_s = self._begins_at_s()
            for sink in self._sinks:
                sink.begin(opened.facts, starts_s)
            yield from self._sample(opened, starts_s, seam=self._media_time_s is not None)
        finally:
            opened.close()
            for sink in self._sinks:
                sink.lost()

    def _address(self) -> str:
        """Of the stream that is analysed; a camera that is known by ONVIF is asked for it, and for its time."""
        location = self.settings.location
        if not location.startswith(onvif.SCHEME):
            return location
        camera = onvif.ask(location)
        if camera.camera_at is not None:
            self._note(witness.asked(camera.camera_at, self._clock, self.media_time_now_s()))
        return onvif.with_credentials(camera.analysed.url, location)

    def _note(self, one: ClockWitness) -> None:
        self.witness = one
        self._witnessed(one)

    def _begins_at_s(self) -> float:
        """Media time of the first picture of a video that is opened now."""
        if self._media_time_s is None:
            return 0.0
        if self.settings.live:
            away_s = self._clock.monotonic_s() - self._picture_came_s
            return self._media_time_s + max(_INTERVAL_AFTER_SEAM_S, away_s)
        return self._media_time_s + _INTERVAL_AFTER_SEAM_S

    def _sample(self, opened: video.Video, starts_s: float, *, seam: bool) -> Generator[Frame]:
        pace = Pace(self._clock, self._stop) if self.settings.is_paced else None
        due = _Due(self.settings.analysis_fps)
        decoder = self._decoder(opened, starts_s)
        witnesses = Witnesses(self._clock, starts_s)
        live, intra = self.settings.live, opened.is_intra
        fresh_s = self._clock.monotonic_s()
        for taken in opened.packets(self._clock.now):
            if pace is not None:
                pace.wait_for(taken.dts_s)
                taken.came_at = self._clock.now()
            if self._stop.is_set():
                return
            if live and (noted := witnesses.note(taken)) is not None:
                self._note(noted)
            self._store(opened, taken)
            if intra and not due.would_be(taken.pts_s):  # every picture stands alone: leave some out
                fresh_s = self._clock.monotonic_s()
                continue
            for picture in decoder.pictures(taken):
                fresh_s = self._clock.monotonic_s()
                if (frame := self._take(picture, starts_s, due, seam=seam)) is not None:
                    seam = False
                    yield frame
            self._check_fresh(fresh_s, live=live)
        for picture in decoder.rest():
            if (frame := self._take(picture, starts_s, due, seam=seam)) is not None:
                yield frame
        opened.check_end()

    def _decoder(self, opened: video.Video, starts_s: float) -> EveryPicture | KeyFrameIdle:
        self.idle.asleep = False
        if self._attention is None or self.settings.idle == "all":
            return EveryPicture(opened)
        if self._sizes is None or self._sizes[0] != opened.facts:
            self._sizes = opened.facts, PacketSizes()
        gate = LumaGate(self._masks)
        return KeyFrameIdle(
            opened, starts_s=starts_s, attention=self._attention, gate=gate, sizes=self._sizes[1], tally=self.idle
        )

    def _store(self, opened: video.Video, taken: video.Taken) -> None:
        """Before it is decoded: what nobody can decode is kept all the same."""
        if not self._sinks:
            return
        for packet in opened.stored(taken):
            for sink in self._sinks:
                sink.append(packet, taken.came_at)

    def _check_fresh(self, fresh_s: float, *, live: bool) -> None:
        if live and not self.idle.asleep and self._clock.monotonic_s() - fresh_s > self.settings.silence_s:
            raise SourceError(f"sends data but no picture for {self.settings.silence_s:g} s")

    def _take(self, picture: video.Picture, starts_s: float, due: _Due, *, seam: bool) -> Frame | None:
        """The frame that is made of a picture, where one is due."""
        self._media_time_s = starts_s + picture.at_s
        self.frames_read += 1
        self._picture_came_s = self._clock.monotonic_s()
        if self._stop.is_set() or not due.at(picture.at_s):
            return None
        return Frame(
            image=self._masks.painted(picture.decoded),
            index=self.frames_read - 1,
            media_time_s=self._media_time_s,
            captured_at=self._captured_at(self._media_time_s, picture.came_at),
            discontinuity=seam,
        )

    def _captured_at(self, media_time_s: float, came_at: datetime) -> datetime:
        if self.settings.starts_at is None:
            return came_at
        return self.settings.starts_at + timedelta(seconds=media_time_s)


class _Due:
    """Picks pictures at the analysis rate: the first at or after each whole interval, whichever were seen before."""

    def __init__(self, analysis_fps: float) -> None:
        self._analysis_fps = analysis_fps
        self._newest = -1

    def at(self, at_s: float) -> bool:
        if not self.would_be(at_s):
            return False
        self._newest = self._number(at_s)
        return True

    def would_be(self, at_s: float) -> bool:
        return self._number(at_s) > self._newest

    def _number(self, at_s: float) -> int:
        return int(at_s * self._analysis_fps + _TOLERANCE)


def keep_open(source: Source, *, clock: Clock, stop: Event, report: Report) -> Generator[Frame]:
    """Pictures until `stop`: whatever ends the source is reported, and it is opened again, ever less often."""
    return open_again(source.frames, source.settings.location, clock=clock, stop=stop, report=report)


T = TypeVar("T")


def open_again(
    opened: Callable[[], Generator[T]], location: str, *, clock: Clock, stop: Event, report: Report
) -> Generator[T]:
    """What `opened` gives until `stop`, opened again with back-off when it raises `SourceError`."""
    delay_s = BACK_OFF_FIRST_S
    while not stop.is_set():
        try:
            for one in opened():
                report.back()
                delay_s = BACK_OFF_FIRST_S
                yield one
        except SourceError as error:
            report.lost(str(error))
            log.warning("%s: %s; trying again in %.0f s", shown(location), error, delay_s)
        else:
            if not stop.is_set():
                report.lost("the file has ended")
            return
        clock.wait(stop, delay_s)
        delay_s = min(delay_s * 2, BACK_OFF_LONGEST_S)
