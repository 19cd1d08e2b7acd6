"""Writes one segment: the packets as they come, in a file of which every whole fragment can be read at any moment."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error

from edge.recording.boxes import Opening, Seal, seal_box, sync_folder
from edge.recording.facts import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue

    from edge.recording.facts import RecordedCamera
    from edge.source import ClockWitness, StoredPacket, StreamFacts

SUFFIX = ".mp4"
RECORDABLE = frozenset({"h264", "hevc", "mjpeg", "mpeg4"})
"""What fits into the container; another codec's camera is not recorded, and its status says so."""
TICK = Fraction(1, 90_000)
TICKS_A_SECOND = 90_000
_FRAGMENT_US = 2_000_000
"""A fragment is written out at each key frame, and after so long: as much is lost when the agent is killed."""
_OPTIONS = {"movflags": "frag_keyframe+delay_moov+default_base_moof+skip_trailer", "frag_duration": str(_FRAGMENT_US)}


@dataclass(frozen=True, slots=True)
class Segment:
    """A closed segment, as the index lists it."""

    path: str
    """Within the recordings folder: camera/day/time.mp4."""
    camera_id: str
    captured_from: datetime
    captured_to: datetime
    bytes: int
    sha256: str
    masked: bool


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """What a camera sends between two losses."""

    facts: StreamFacts
    began_at: datetime
    """The device's clock at which the times in its packets are 0."""


class _Drain:
    """Takes what the muxer writes, front to back, and sums it up.

    It has no `seek`, so the muxer cannot go back: what lies on the disk is never changed. What the disk refuses is kept
    as `fault`, for an exception does not come through the muxer whole; from then on nothing more is written.
    """

    def __init__(self, path: Path) -> None:
        self.written = 0
        self.sha256 = hashlib.sha256()
        self.shut = False
        self.fault: OSError | None = None
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def write(self, data: bytes) -> int:
        left = memoryview(data)
        while left and not self.shut and self.fault is None:
            try:
                done = os.write(self._descriptor, left)
            except OSError as error:
                self.fault = error
                break
            self.sha256.update(left[:done])
            self.written += done
            left = left[done:]
        return len(data)

    def check(self) -> None:
        if self.fault is not None:
            raise self.fault

    def end(self, *, durable: bool) -> None:
        self.shut = True
        try:
            if durable:
                os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)


class SegmentWriter:
    """One open segment; its first packet is a key frame.

    Raises:
        OSError: from the constructor, `add` and `close`, where the disk cannot take it; call `abandon` then.
        RecordingError: likewise, where the packets make no video.
    """

    def __init__(
        self, path: Path, camera: RecordedCamera, stream: OpenedStream, first: StoredPacket, captured_from: datetime
    ) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        facts = stream.facts
        self._opening = Opening(
            camera_id=camera.camera_id,
            captured_from=captured_from,
            masked=camera.masked,
            stream_from=stream.began_at,
            at_s=first.pts_s,
        )
        self._drain = _Drain(path)
        self._arrived_ms: list[int] = []
        self._origin_s = first.pts_s
        self._last_dts: int | None = None
        self.captured_from = self.captured_to = captured_from
        try:
            self._output = av.open(self._drain, "w", format="mp4", options=_OPTIONS)
            self._output.metadata["comment"] = self._opening.model_dump_json()
            muxed = self._output.add_mux_stream(facts.codec, width=facts.width_px, height=facts.height_px)
            self._stream = cast("av.VideoStream", muxed)
            self._stream.time_base = TICK
        except (av.error.FFmpegError, ValueError) as error:
            self._drain.end(durable=False)
            path.unlink()
            raise RecordingError(f"{facts.codec} cannot be recorded: {error}") from None

    @property
    def written_bytes(self) -> int:
        return self._drain.written

    def add(self, stored: StoredPacket, captured_at: datetime) -> None:
        dts = round((stored.dts_s - self._origin_s) * TICKS_A_SECOND)
        if self._last_dts is not None:
            dts = max(dts, self._last_dts + 1)
        muxed = packet_of(stored.data)
        muxed.stream, muxed.time_base = self._stream, TICK
        muxed.dts, muxed.is_keyframe = dts, stored.key
        muxed.pts = max(dts, round((stored.pts_s - self._origin_s) * TICKS_A_SECOND))
        try:
            self._output.mux(muxed)
        except av.error.FFmpegError as error:
            raise RecordingError(f"the packets make no video: {error}") from None
        self._drain.check()
        self._last_dts = dts
        self.captured_to = max(self.captured_to, captured_at)
        self._arrived_ms.append(round((captured_at - self.captured_from).total_seconds() * 1000))

    def close(self, root: Path, witness: ClockWitness | None = None) -> Segment:
        """Seal the segment and make it durable."""
        try:
            self._output.close()
        except av.error.FFmpegError as error:
            raise RecordingError(f"the packets make no video: {error}") from None
        seal = Seal(
            opening=self._opening,
            captured_to=self.captured_to,
            sha256=self._drain.sha256.hexdigest(),
            packets=len(self._arrived_ms),
            arrived_ms=self._arrived_ms,
            clocks=None if witness is None else _plain(witness),
        )
        self._drain.write(seal_box(seal))
        self._drain.check()
        self._drain.end(durable=True)
        sync_folder(self.path.parent)
        return segment_of(root, self.path, seal)

    def abandon(self) -> None:
        """Let go of the file as it lies there."""
        if not self._drain.shut:
            self._drain.end(durable=False)
        with suppress(av.error.FFmpegError):
            self._output.close()


def _plain(witness: ClockWitness) -> dict[str, JsonValue]:
    """As JSON has it."""
    said = asdict(witness)
    return {key: one.isoformat() if isinstance(one, datetime) else one for key, one in said.items()}


def segment_of(root: Path, path: Path, seal: Seal) -> Segment:
    return Segment(
        path=str(path.relative_to(root)),
        camera_id=seal.opening.camera_id,
        captured_from=seal.opening.captured_from,
        captured_to=seal.captured_to,
        bytes=path.stat().st_size,
        sha256=seal.sha256,
        masked=seal.opening.masked,
    )


def new_path(root: Path, camera_id: str, captured_at: datetime) -> Path:
    """A name that nothing has yet: the device's clock may have been set back."""
    folder = root / camera_id / f"{captured_at:%Y-%m-%d}"
    name = f"{captured_at:%H%M%S}.{captured_at.microsecond // 1000:03d}"
    path = folder / f"{name}{SUFFIX}"
    again = 1
    while path.exists():
        again += 1
        path = folder / f"{name}-{again}{SUFFIX}"
    return path


def packet_of(data: bytes) -> av.Packet[av.VideoStream]:
    """A copy: readers look beyond the end, where a packet that is made of bytes themselves has no zeros."""
    packet = cast("av.Packet[av.VideoStream]", av.Packet(len(data)))
    packet.update(data)
    return packet
