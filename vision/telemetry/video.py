"""Telemetry inside videos: subtitles of MP4, MOV and Matroska, KLV of MPEG transport streams, a phone's place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vision.telemetry import klv, quality, subtitles, text, wall_clock
from vision.telemetry.cues import Cue
from vision.telemetry.reading import SAMPLES_MAX, Assumptions, Telemetry, TelemetryError
from vision.telemetry.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MATROSKA = b"\x1a\x45\xdf\xa3"
_PLACE_KEYS = ("com.apple.quicktime.location.ISO6709", "location", "location-eng", "xyz")
_ISO_6709 = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
_CUE_BYTES_MAX = 64 * 1024
_CLOSED_FORMS = {"djmd": "DJI's closed form (djmd)", "dbgi": "DJI's closed form (dbgi)", "gpmd": "GoPro's form (gpmd)"}


class VideoReader:
    """Detected by the first bytes of the containers."""

    name = "video"

    def matches(self, head: bytes, path: Path) -> bool:
        del path
        return (
            head[4:8] in _BOXES
            or head.startswith(_MATROSKA)
            or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
            or klv.is_transport_stream(head)
        )

    def read(self, path: Path, assumptions: Assumptions) -> Telemetry:
        import av  # noqa: PLC0415 - only videos need it
        import av.error  # noqa: PLC0415
        import av.logging  # noqa: PLC0415

        av.logging.set_level(av.logging.PANIC)
        try:
            # Opened by us and not by ffmpeg: so a path may also be one open file of a process that can open nothing.
            with path.open("rb") as file, av.open(file, metadata_errors="replace") as container:
                return _read(container, assumptions)
        except av.error.FFmpegError as error:
            raise TelemetryError(_in_words(error, path)) from None


def _in_words(error: Exception, path: Path) -> str:
    with path.open("rb") as file:
        is_mp4 = file.read(12)[4:8] in _BOXES
    if is_mp4:
        return "the video is damaged: its index (moov) is missing or broken, as of a recording that was not closed"
    return f"the video cannot be read: {getattr(error, 'strerror', None) or error}"


def _read(container: Any, assumptions: Assumptions) -> Telemetry:
    begins_s = _begin(container)
    causes: list[str] = []
    for stream in container.streams:
        if stream.type == "subtitle":
            reading = _subtitles(container, stream, begins_s)
            try:
                return subtitles.read(reading, "subtitles", assumptions)
            except TelemetryError as error:
                causes.append(f"its subtitles: {error}")
            container.seek(0)
    data = [stream for stream in container.streams if stream.type == "data"]
    for stream in data:
        if _codec(stream) not in {"klv", ""}:
            continue
        try:
            return klv.read_chunks(_chunks(container, stream, begins_s))
        except TelemetryError as error:
            causes.append(f"its data: {error}")
        container.seek(0)
    causes.extend(f"its telemetry has {form}" for form in sorted(_closed_forms(data)))
    placed = _place_of_all(container, assumptions)
    if placed is not None:
        placed.remarks.extend(causes)
        return placed
    raise TelemetryError("the video holds no telemetry that can be read" + (f": {causes[0]}" if causes else ""))


def _codec(stream: Any) -> str:
    context = stream.codec_context
    return "" if context is None else str(context.name)


def _closed_forms(streams: list[Any]) -> set[str]:
    names = " ".join(f"{stream.metadata.get('handler_name')} {getattr(stream, 'codec_tag', '')}" for stream in streams)
    return {form for mark, form in _CLOSED_FORMS.items() if mark in names.lower()}


def _begin(container: Any) -> float:
    """When the picture begins: the zero of `time_s`."""
    for stream in container.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return float(stream.start_time * stream.time_base)
    return 0.0


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Of one stream; the rest of the file is not even read where its index tells the places."""
    from av.stream import Discard  # noqa: PLC0415 - only videos need it

    for each in container.streams:
        each.discard = Discard.default if each.index == stream.index else Discard.all
    for count, packet in enumerate(container.demux(stream)):
        if count > SAMPLES_MAX:
            raise TelemetryError(f"more than {SAMPLES_MAX} packets")
        if packet.size:
            yield packet


def _time(packet: Any, begins_s: float) -> float | None:
    if packet.pts is None or packet.time_base is None:
        return None
    return round(float(packet.pts * packet.time_base) - begins_s, 6)


def _subtitles(container: Any, stream: Any, begins_s: float) -> list[Cue]:
    in_boxes = _codec(stream) in {"mov_text", "tx3g"}
    found: list[Cue] = []
    for packet in _packets(container, stream):
        raw = bytes(packet)[:_CUE_BYTES_MAX]
        if in_boxes:
            raw = raw[2 : 2 + int.from_bytes(raw[:2], "big")]
        content = text.decode(raw).strip()
        if not content:
            continue
        start = _time(packet, begins_s)
        lasts = float(packet.duration * packet.time_base) if packet.duration else None
        end = None if start is None or lasts is None else round(start + lasts, 6)
        found.append(Cue(len(found) + 1, start, end, content))
    return found


def _chunks(container: Any, stream: Any, begins_s: float) -> Iterator[tuple[bytes, float | None]]:
    for packet in _packets(container, stream):
        yield bytes(packet), _time(packet, begins_s)


def _place_of_all(container: Any, assumptions: Assumptions) -> Telemetry | None:
    """A phone writes one place for the whole video."""
    told = {key.lower(): value for key, value in container.metadata.items()}
    found = next((hit for key in _PLACE_KEYS if (hit := _ISO_6709.match(told.get(key.lower(), "")))), None)
    if found is None:
        return None
    sample = Sample(row=1, time_s=0.0, lat=float(found[1]), lon=float(found[2]))
    if quality.place_fault(sample.lat, sample.lon) is not None:
        return None
    sample.abs_alt_m = quality.height(float(found[3])) if found[3] else None
    written = wall_clock.find(told.get("com.apple.quicktime.creationdate", "") or told.get("creation_time", ""))
    known = None if written is None else wall_clock.LocalClock(assumptions).utc(written, None)
    if known is not None:
        sample.time_utc, sample.utc_source = known
    telemetry = Telemetry(format="video", row_name="video", samples=[sample])
    telemetry.remarks.append("the video tells one place for all of it")
    return telemetry
