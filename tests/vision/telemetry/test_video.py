"""Subtitles and places inside MP4."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, TelemetryError

CUE = (
    "FrameCnt: {n}, DiffTime: 33ms\n2024-12-09 15:24:0{n}.500\n"
    "[latitude: 41.10000{n}] [longitude: 1.24] [rel_alt: 5.0 abs_alt: 9.0]"
)

ASS_HEAD = (
    b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,16\n"
    b"[Events]\nFormat: Layer, Start, End, Style, Text\n"
)


def write(path: Path, cues: list[str], metadata: dict[str, str] | None = None) -> None:
    options = {"movflags": "use_metadata_tags"} if metadata else {}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        container.metadata.update(metadata or {})
        video = container.add_stream("mpeg4", rate=10, width=64, height=64)
        said = container.add_stream("mov_text") if cues else None
        if said is not None:
            said.codec_context.subtitle_header = ASS_HEAD
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for number, cue in enumerate(cues):
            text = cue.encode()
            packet = av.Packet(len(text).to_bytes(2, "big") + text)
            packet.pts = packet.dts = number * 200
            packet.duration, packet.time_base, packet.stream = 200, Fraction(1, 1000), said  # type: ignore[assignment]
            container.mux(packet)


def test_subtitles_in_mp4(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    write(path, [CUE.format(n=n) for n in range(1, 5)])
    telemetry = formats.read(path, town)
    assert telemetry.format == "subtitles"
    assert [sample.time_s for sample in telemetry.samples] == pytest.approx([0, 0.2, 0.4, 0.6])
    assert [(sample.frame, sample.lat, sample.rel_alt_m) for sample in telemetry.samples][1:3] == [
        (2, 41.100002, 5),
        (3, 41.100003, 5),
    ]


def test_a_video_without_telemetry_says_so(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    write(path, [])
    with pytest.raises(TelemetryError, match=r"^the video holds no telemetry that can be read$"):
        formats.read(path, town)


def test_subtitles_of_another_kind_are_named(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    write(path, ["Hello", "there"])
    with pytest.raises(TelemetryError, match="its subtitles: no cue holds a position"):
        formats.read(path, town)


def test_a_phone_tells_one_place(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    write(path, [], {"com.apple.quicktime.location.ISO6709": "+41.1189+001.2445+020.5/"})
    telemetry = formats.read(path, town)
    assert [(sample.lat, sample.lon, sample.abs_alt_m) for sample in telemetry.samples] == [(41.1189, 1.2445, 20.5)]
    assert telemetry.remarks[0] == "the video tells one place for all of it"


def test_a_recording_that_was_not_closed(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    write(path, [CUE.format(n=1)])
    path.write_bytes(path.read_bytes()[:1500])
    with pytest.raises(TelemetryError, match=r"its index \(moov\) is missing"):
        formats.read(path, town)
