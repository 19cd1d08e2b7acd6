"""What the room wants of each source: by which ways it may send besides WHIP, and whether it is recorded.

The room says it again and again (`PUT /inputs/{stream}`), so a process that begins anew soon has it all.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from control_room.media import recording
from control_room.media.address import rtsp_address
from control_room.media.arriving import RefusedError
from control_room.media.h265 import Transcoders
from control_room.media.hub import FullError, HubError, NoSuchStreamError
from control_room.media.pull import Pulls
from control_room.media.recording import Ground, Recorder
from control_room.media.rtmp import Listener
from control_room.media.telemetry import Telemetry

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from control_room.config import Media
    from control_room.media.arriving import Taker
    from control_room.media.flv import Codec
    from control_room.media.hub import DirectPublisher, Hub
    from control_room.media.streams import Kind, Stream

_CLOSES_WITHIN_S = 5.0
_TEND_EVERY_S = 0.2
_CLIPS_MOST = 32
_CLIP_S_MOST = 3600.0
_log = logging.getLogger(__name__)


class Wanted(BaseModel):
    """Of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rtmp_key_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    """Null: nothing of it comes by RTMP."""
    rtsp_url: Annotated[str, Field(max_length=1000), AfterValidator(rtsp_address)] | None = None
    """Where it is fetched; null: nowhere."""
    record: Ground | None = None
    """Null: it is not recorded."""
    record_until_s: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Unix time from which it is not recorded, whether or not the room is there to say so; null: it says so."""


class WantedClip(BaseModel):
    """A piece of a stream that is kept, out of memory and of what follows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stream: Annotated[str, Field(max_length=300)]
    begin: AwareDatetime
    """Server's clock; it begins at the key picture before that."""
    end: AwareDatetime


@dataclass(slots=True)
class _Recording:
    recorder: Recorder
    stream: Stream
    until: datetime | None = None
    """Of a clip."""


@dataclass(eq=False)
class Inputs:
    """Used from the event loop only."""

    hub: Hub
    limits: Media
    directory: Path
    """Where recordings are written until the room takes them."""
    wanted: dict[str, Wanted] = field(default_factory=dict)
    recordings: dict[str, _Recording] = field(default_factory=dict)
    """By stream."""
    clips: dict[uuid.UUID, _Recording] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.telemetry = Telemetry(self.hub.clock.now)
        self.hub.told = self.telemetry.take
        self.hub.begun = self._begun
        self.rtmp = Listener(lambda stream, codec: self._open(stream, codec, "rtmp"), self.limits.silent_publisher_s)
        self.pulls = Pulls(lambda stream, codec: self._open(stream, codec, "rtsp"))
        self._kinds: dict[str, Kind] = {}
        self.transcoders = Transcoders(self._open_coded, self.limits.transcoders_max)
        self._closing: list[Recorder] = []

    async def start(self) -> None:
        """Raises OSError: the address for RTMP cannot be listened on."""
        salvaged = recording.salvage(self.directory)
        if salvaged:
            _log.warning("%d recordings that were cut off are finished", salvaged)
        if self.limits.rtmp_listen:
            place = urlsplit(f"//{self.limits.rtmp_listen}")
            await self.rtmp.listen(place.hostname or "127.0.0.1", place.port or 0)
        self._tending = asyncio.create_task(self._tend())

    async def _tend(self) -> None:
        while True:
            self.tend()
            await asyncio.sleep(_TEND_EVERY_S)

    def want(self, stream: str, wanted: Wanted) -> None:
        self.wanted[stream] = wanted
        if wanted.rtmp_key_sha256 is None:
            self.rtmp.forbid(stream)
        else:
            self.rtmp.allow(stream, bytes.fromhex(wanted.rtmp_key_sha256))
        if wanted.rtsp_url is None:
            self.pulls.forget(stream)
        else:
            self.pulls.want(stream, wanted.rtsp_url)
        self._record(stream)

    def forget(self, stream: str) -> None:
        self.wanted.pop(stream, None)
        self.rtmp.forbid(stream)
        self.pulls.forget(stream)
        self.telemetry.forget(stream)
        self._stop(stream)

    def keep_clip(self, clip_id: uuid.UUID, wanted: WantedClip) -> None:
        """Again: nothing more.

        Raises:
            NoSuchStreamError: nothing of that stream is in memory.
            FullError: as many clips are being kept as may be.
        """
        stream = self.hub.streams.get(wanted.stream)
        if stream is None or stream.ring.key is None:
            raise NoSuchStreamError(f"there is no stream {wanted.stream}")
        if clip_id in self.clips:
            return
        if len(self.clips) >= _CLIPS_MOST:
            raise FullError(f"{len(self.clips)} clips are being kept")
        publisher = stream.publisher
        recorder = Recorder(
            self.directory,
            wanted.stream,
            Ground(),
            segment_s=_CLIP_S_MOST,
            transcoded=publisher is not None and publisher.is_transcoded,
            clip_id=clip_id,
        )
        for frame in stream.ring.between(wanted.begin, wanted.end):
            recorder.offer(frame)
        stream.taps.add(recorder.offer)
        self.clips[clip_id] = _Recording(recorder, stream, wanted.end)

    def _end_clips(self, now: datetime) -> None:
        for clip_id, clip in list(self.clips.items()):
            if clip.until is None or now < clip.until:
                continue
            del self.clips[clip_id]
            self._end(clip)

    def tend(self) -> None:
        """To be called often: begins to record what began to come, ends what ended."""
        for stream in list(self.wanted):
            self._record(stream)
        self._end_clips(self.hub.clock.now())
        self._closing = [each for each in self._closing if each.is_writing]

    def state(self, stream: str) -> dict[str, Any]:
        """For JSON."""
        wanted, recording_, pull = self.wanted[stream], self.recordings.get(stream), self.pulls.wanted.get(stream)
        return {
            "stream": stream,
            "wanted": wanted.model_dump(mode="json"),
            "recording_id": None if recording_ is None else str(recording_.recorder.recording_id),
            "recording_fault": "" if recording_ is None else recording_.recorder.fault,
            "recording_dropped": 0 if recording_ is None else recording_.recorder.dropped,
            "pull_fault": "" if pull is None else pull.fault,
            "telemetry_refused": self.telemetry.refused[stream],
        }

    def figures(self) -> dict[str, Any]:
        """For JSON: of all of them."""
        return {
            "rtmp_refused": dict(self.rtmp.refused),
            "rtmp_connections": len(self.rtmp.connections),
            "transcoding": len(self.transcoders.working),
            "transcoders_refused": self.transcoders.refused,
        }

    async def close(self) -> None:
        self._tending.cancel()
        await self.rtmp.close()
        await self.pulls.close()
        await self.transcoders.close()
        for stream in list(self.recordings):
            self._stop(stream)
        for clip in self.clips.values():
            self._end(clip)
        for recorder in self._closing:
            recorder.join(_CLOSES_WITHIN_S)

    def _open(self, stream: str, codec: Codec, kind: Kind) -> Taker:
        if codec == "hevc":
            self._kinds[stream] = kind
            return self.transcoders.open(stream)
        return self._publish(stream, kind, is_transcoded=False)

    def _open_coded(self, stream: str, codec: Codec) -> Taker:  # noqa: ARG002 - it is H.264
        return self._publish(stream, self._kinds.get(stream, "rtmp"), is_transcoded=True)

    def _publish(self, stream: str, kind: Kind, *, is_transcoded: bool) -> Taker:
        try:
            return _Direct(
                self.hub.publish_directly(
                    stream, kind, codec="h265" if is_transcoded else "h264", is_transcoded=is_transcoded
                )
            )
        except HubError as error:
            raise RefusedError(str(error)) from None

    def _begun(self, name: str) -> None:
        """At once: what came until the next look would be left out."""
        if name in self.wanted:
            self._record(name)

    def _record(self, name: str) -> None:
        running, stream = self.recordings.get(name), self.hub.streams.get(name)
        wanted = self._ground(self.wanted[name])
        publisher = None if stream is None else stream.publisher
        if running is not None and (
            wanted != running.recorder.ground
            or publisher is None
            or running.stream is not stream
            or not running.recorder.is_writing
        ):
            self._stop(name)
            running = None
        if wanted is None or running is not None or stream is None or publisher is None:
            return
        recorder = Recorder(
            self.directory,
            name,
            wanted,
            segment_s=self.limits.segment_s,
            transcoded=publisher.is_transcoded,
        )
        self.recordings[name] = _Recording(recorder, stream)
        for frame in stream.ring.gop():
            if frame.arrived_at >= publisher.since:  # else it is of a publisher before
                recorder.offer(frame)
        stream.taps.add(recorder.offer)

    def _ground(self, wanted: Wanted) -> Ground | None:
        """Of recording it now."""
        until_s = wanted.record_until_s
        is_over = until_s is not None and self.hub.clock.now().timestamp() >= until_s
        return None if is_over else wanted.record

    def _stop(self, name: str) -> None:
        running = self.recordings.pop(name, None)
        if running is not None:
            self._end(running)

    def _end(self, running: _Recording) -> None:
        running.stream.taps.discard(running.recorder.offer)
        running.recorder.close()
        self._closing.append(running.recorder)


class _Direct:
    """A stream of the hub, as readers speak to it."""

    def __init__(self, publisher: DirectPublisher) -> None:
        self._publisher = publisher

    def take(self, data: bytes, *, shown_ticks: int, key: bool) -> None:  # noqa: ARG002 - the hub looks itself
        if self._publisher.is_cut_off:
            raise RefusedError("another has taken its place, or it was cut off")
        self._publisher.take(data, shown_ticks)

    def end(self, why: str) -> None:  # noqa: ARG002 - who reads it says it
        self._publisher.end()


def is_source(stream: str) -> bool:
    """Whether it may be spoken of here: cameras are sent by their devices."""
    kind, _, source_id = stream.partition("/")
    try:
        return kind == "source" and str(uuid.UUID(source_id)) == source_id
    except ValueError:
        return False
