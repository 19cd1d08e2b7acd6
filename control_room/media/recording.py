"""Writes a source's pictures to files as they came: on a thread of its own, so that a slow disk holds up no viewer.

DIRECTORY/RECORDING/00001.part   is being written: an MP4 in fragments, each of which is whole on the disk at once
DIRECTORY/RECORDING/00001.mp4    is finished
DIRECTORY/RECORDING/00001.json   what it is (`Segment`); written before the .mp4 has its name

The room's processes take finished ones away (control_room/live_recordings/taking.py). After a kill `salvage` finishes
what was open: what is lost is what had come since the last key picture.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import uuid
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import av.error
from pydantic import BaseModel, ConfigDict
from uuid_utils import compat as uuids

from control_room.media import h264

if TYPE_CHECKING:
    from pathlib import Path

    from control_room.media.ring import Frame

_TICK = Fraction(1, h264.CLOCK_HZ)
_LAST_TICKS = h264.CLOCK_HZ // 25
_WAITING_MOST = 2000
"""Pictures that wait for the disk: a minute and more. Then all up to the next key picture are left out."""
_OPTIONS = {"movflags": "frag_keyframe+empty_moov+delay_moov+default_base_moof", "flush_packets": "1"}
_log = logging.getLogger(__name__)


class Ground(BaseModel):
    """Under which it is recorded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flight_id: uuid.UUID | None = None
    authorisation_id: uuid.UUID | None = None


class Segment(BaseModel):
    """A file, as its room learns of it."""

    model_config = ConfigDict(extra="forbid")

    recording_id: uuid.UUID
    """Of a clip: the clip's."""
    is_clip: bool = False
    part: int
    stream: str
    ground: Ground
    captured_from: datetime
    """Server's clock, when the picture came."""
    captured_to: datetime
    width_px: int
    height_px: int
    pictures: int
    transcoded: bool = False


class Recorder:
    """Of one stream, from its first key picture on until `close`. `offer` never waits."""

    def __init__(
        self,
        directory: Path,
        stream: str,
        ground: Ground,
        *,
        segment_s: float,
        transcoded: bool,
        clip_id: uuid.UUID | None = None,
    ) -> None:
        self.recording_id = clip_id or uuids.uuid7()
        self._is_clip = clip_id is not None
        self.ground = ground
        self.dropped = 0
        """Pictures that were left out because the disk cannot follow."""
        self.fault = ""
        """Why nothing is written any more; one line."""
        self._directory = directory / str(self.recording_id)
        self._stream = stream
        self._segment_s = segment_s
        self._transcoded = transcoded
        self._waiting: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._is_dropping = False
        self._open: _Open | None = None
        self._part = 0
        self._thread = threading.Thread(target=self._write, name=f"records {stream}", daemon=True)
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        self._is_dropping = self._waiting.qsize() > _WAITING_MOST or (self._is_dropping and not frame.is_key)
        if self._is_dropping or self.fault:
            self.dropped += 1
        else:
            self._waiting.put(frame)

    @property
    def is_writing(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """What waits is still written; returns at once."""
        self._waiting.put(None)

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _write(self) -> None:
        try:
            while (frame := self._waiting.get()) is not None:
                self._take(frame)
            self._finish()
        except (OSError, av.error.FFmpegError, ValueError) as error:
            self.fault = f"it cannot be recorded: {' '.join(str(error).split())[:200]}"
            _log.error("%s: %s", self._stream, self.fault)

    def _take(self, frame: Frame) -> None:
        opened = self._open
        if opened is not None and frame.is_key and opened.is_over(frame, self._segment_s):
            self._finish()
            opened = None
        if opened is None:
            seen = _picture(frame) if frame.is_key else None
            if seen is None:
                return
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._part += 1
            segment = Segment(
                recording_id=self.recording_id,
                is_clip=self._is_clip,
                part=self._part,
                stream=self._stream,
                ground=self.ground,
                captured_from=frame.arrived_at,
                captured_to=frame.arrived_at,
                width_px=seen.width_px,
                height_px=seen.height_px,
                pictures=0,
                transcoded=self._transcoded,
            )
            opened = self._open = _Open(self._directory, segment)
        opened.add(frame)

    def _finish(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _picture(frame: Frame) -> h264.Picture | None:
    contents = h264.contents(frame.payloads)
    return h264.picture(contents.sps) if contents.sps is not None else None


class _Open:
    """One file in the making."""

    def __init__(self, directory: Path, segment: Segment) -> None:
        self._segment = segment
        self._path = directory / f"{segment.part:05d}.part"
        _write_facts(self._path, segment)
        self._output = av.open(str(self._path), "w", format="mp4", options=_OPTIONS)
        muxed = self._output.add_mux_stream("h264", width=segment.width_px, height=segment.height_px, time_base=_TICK)
        self._video = cast("av.VideoStream", muxed)
        self._begin: int | None = None
        self._waiting: Frame | None = None

    def is_over(self, key: Frame, segment_s: float) -> bool:
        """Long enough, or another size of picture begins, which a player would not follow."""
        seen = _picture(key)
        size = (self._segment.width_px, self._segment.height_px)
        is_other = seen is not None and (seen.width_px, seen.height_px) != size
        return is_other or key.arrived_at - self._segment.captured_from >= timedelta(seconds=segment_s)

    def add(self, frame: Frame) -> None:
        if self._begin is None:
            self._begin = frame.timestamp
        if self._waiting is not None:
            self._mux(self._waiting, frame.timestamp - self._waiting.timestamp)
        self._waiting = frame

    def close(self) -> None:
        if self._waiting is not None:
            self._mux(self._waiting, _LAST_TICKS)
        self._output.close()
        _name(self._path, self._segment)

    def _mux(self, frame: Frame, duration: int) -> None:
        packet = av.Packet(h264.annex_b(frame.payloads))
        packet.stream, packet.time_base = self._video, _TICK
        packet.pts = packet.dts = frame.timestamp - (self._begin or 0)
        packet.duration, packet.is_keyframe = duration, frame.is_key
        self._output.mux_one(packet)
        self._segment.captured_to = max(self._segment.captured_to, frame.arrived_at)
        self._segment.pictures += 1


def salvage(directory: Path) -> int:
    """Finish what a killed process left open; how many files. To be called before anything is recorded."""
    salvaged = 0
    for path in sorted(directory.glob("*/*.part")):
        facts = path.with_suffix(".json")
        try:
            segment = Segment.model_validate_json(facts.read_bytes())
            with path.open("r+b") as file:
                file.truncate(_whole_bytes(path))
            segment.pictures, seconds = _measured(path)
            segment.captured_to = segment.captured_from + timedelta(seconds=seconds)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            _log.warning("%s held no whole picture: %s", path.name, " ".join(str(error).split())[:200])
            path.unlink(missing_ok=True)
            facts.unlink(missing_ok=True)
            continue
        _name(path, segment)
        salvaged += 1
    return salvaged


def _whole_bytes(path: Path) -> int:
    """Up to the last box that is whole; a fragment's index without its pictures is none."""
    size = path.stat().st_size
    at = whole = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            header = file.read(16)
            length = int.from_bytes(header[:4])
            if length == 1:
                length = int.from_bytes(header[8:16])
            if length < 8 or at + length > size:  # noqa: PLR2004 - a box has a header
                break
            at += length
            if header[4:8] != b"moof":
                whole = at
    return whole


def _measured(path: Path) -> tuple[int, float]:
    """Pictures and seconds; raises ValueError where there are none."""
    pictures, last = 0, 0
    with av.open(str(path), format="mp4") as container:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and packet.pts is not None:
                pictures += 1
                last = max(last, packet.pts)
        tick = container.streams.video[0].time_base
    if not pictures or tick is None:
        raise ValueError("no picture")
    return pictures, float(last * tick)


def _name(path: Path, segment: Segment) -> None:
    """It is finished: durable, with what it is beside it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    _write_facts(path, segment)
    path.rename(path.with_suffix(".mp4"))
    _sync(path.parent)


def _write_facts(path: Path, segment: Segment) -> None:
    facts = path.with_suffix(".json")
    part = facts.with_suffix(".json-part")
    with part.open("w", encoding="utf-8") as file:
        file.write(segment.model_dump_json())
        file.flush()
        os.fsync(file.fileno())
    part.rename(facts)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
