"""Files through the source: pace, loops, masks, and what cannot be read."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from edge.errors import SourceError
from edge.mask import Masks
from edge.ring import PacketRing
from edge.source import BACK_OFF_LONGEST_S, Source, SourceSettings, keep_open, shown, video
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from vision.zones import Zone

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.frame import Frame


def make_source(path: Path, clock: HandClock, zones: list[Zone] | None = None, **wanted: Any) -> Source:
    settings = SourceSettings(location=str(path), **{"analysis_fps": 5.0, **wanted})
    return Source(settings, masks=Masks(zones or []), clock=clock, stop=Event())


def take(source: Source, count: int) -> list[Frame]:
    frames = source.frames()
    taken = [frame for frame, _ in zip(frames, range(count), strict=False)]
    frames.close()
    return taken


def test_samples_to_the_analysis_rate_and_counts_every_picture(tmp_path: Path) -> None:
    source = make_source(clips.write(tmp_path / "a.mp4", 40, fps=10), HandClock())
    frames = list(source.frames())
    assert [frame.index for frame in frames] == list(range(0, 40, 2))
    assert [frame.media_time_s for frame in frames] == pytest.approx([n * 0.2 for n in range(20)])
    assert [clips.number_of(frame.image) for frame in frames] == list(range(0, 40, 2))
    assert source.frames_read == 40
    assert not any(frame.discontinuity for frame in frames)


@pytest.mark.parametrize(
    ("fps", "analysis_fps", "expected"), [(30, 5.0, 20), (4, 5.0, 16), (12, 5.0, 20), (10, 10, 40)]
)
def test_analysis_rate_for_other_rates(tmp_path: Path, fps: int, analysis_fps: float, expected: int) -> None:
    source = make_source(clips.write(tmp_path / "a.mp4", fps * 4, fps=fps), HandClock(), analysis_fps=analysis_fps)
    assert len(list(source.frames())) == pytest.approx(expected, abs=1)


def test_a_loop_goes_on_in_time_and_number_and_says_where_the_seam_is(tmp_path: Path) -> None:
    source = make_source(clips.write(tmp_path / "a.mp4", 20, fps=10), HandClock(), loop=True)
    frames = take(source, 25)
    times = [frame.media_time_s for frame in frames]
    assert times == sorted(set(times))
    assert [number for number, frame in enumerate(frames) if frame.discontinuity] == [10, 20]
    assert [frame.index for frame in frames[9:12]] == [18, 20, 22]
    assert [clips.number_of(frame.image) for frame in frames[9:12]] == [18, 0, 2]


def test_real_time_waits_for_each_picture(tmp_path: Path) -> None:
    clock = HandClock()
    source = make_source(clips.write(tmp_path / "a.mp4", 30, fps=10), clock, realtime=True)
    frames = list(source.frames())
    assert clock.passed_s == pytest.approx(2.9)
    assert [(frame.captured_at - START).total_seconds() for frame in frames] == pytest.approx(
        [frame.media_time_s for frame in frames]
    )


def test_real_time_forgives_a_long_stop_instead_of_racing(tmp_path: Path) -> None:
    clock = HandClock()
    source = make_source(clips.write(tmp_path / "a.mp4", 60, fps=10), clock, realtime=True)
    for frame in source.frames():
        if frame.index == 20:
            clock.passed_s += 60.0
    assert clock.passed_s == pytest.approx(65.9, abs=0.3)


def test_without_real_time_nothing_waits(tmp_path: Path) -> None:
    clock = HandClock()
    list(make_source(clips.write(tmp_path / "a.mp4", 30), clock).frames())
    assert clock.waits_s == []


def test_a_file_with_a_clock_of_its_own(tmp_path: Path) -> None:
    source = make_source(clips.write(tmp_path / "a.mp4", 20, fps=10), HandClock(), starts_at=START)
    last = list(source.frames())[-1]
    assert (last.captured_at - START).total_seconds() == pytest.approx(1.8)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_codecs_and_containers_give_the_same_times(tmp_path: Path, codec: str) -> None:
    path = clips.write(tmp_path / "a.avi", 30, fps=10, codec=codec)
    frames = list(make_source(path, HandClock()).frames())
    assert [frame.media_time_s for frame in frames] == pytest.approx([n * 0.2 for n in range(15)])


def test_pictures_out_of_order_in_the_file_come_in_order(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 40, fps=10, b_frames=2)
    frames = list(make_source(path, HandClock(), analysis_fps=10.0).frames())
    assert [clips.number_of(frame.image) for frame in frames] == list(range(40))


def test_masks_are_black_before_anybody_looks(tmp_path: Path) -> None:
    def white(_: int) -> NDArray[np.uint8]:
        return np.full((120, 160, 3), 255, np.uint8)

    zone = Zone(name="windows", kind="mask", points=[(0, 0), (0.5, 0), (0.5, 1), (0, 1)])
    source = make_source(clips.write(tmp_path / "a.mp4", 5, picture=white), HandClock(), [zone])
    for frame in source.frames():
        assert frame.image[:, :80].max() == 0
        assert frame.image[:, 84:].min() > 240


def with_bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def two_sizes(path: Path) -> Path:
    """A bare H.264 stream whose second half is of another size."""

    def large(_: int) -> NDArray[np.uint8]:
        return np.zeros((240, 320, 3), np.uint8)

    one = clips.write(path.with_suffix(".1"), 10, format_name="h264")
    two = clips.write(path.with_suffix(".2"), 10, format_name="h264", picture=large)
    return with_bytes(path, one.read_bytes() + two.read_bytes())


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    table = {
        "is empty (0 bytes)": with_bytes(tmp_path / "empty.mp4", b""),
        "is not a video that can be read": with_bytes(tmp_path / "text.mp4", b"no video " * 500),
        "cannot be opened: no such file": tmp_path / "absent.mp4",
        "is not a file": tmp_path,
        "changes size after 0.4 s, from 160x120 to 320x240 px": two_sizes(tmp_path / "sizes.h264"),
    }
    said = {}
    for expected, path in table.items():
        with pytest.raises(SourceError) as caught:
            list(make_source(path, HandClock()).frames())
        said[expected] = str(caught.value)
    assert [expected for expected, text in said.items() if not text.startswith(expected)] == []


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
def test_a_truncated_file_gives_what_it_has_and_then_says_so(tmp_path: Path, name: str) -> None:
    whole = clips.write(tmp_path / f"whole-{name}", 100, fps=10, gop=5)
    content = whole.read_bytes()
    if name.endswith("mp4"):
        content = _moov_first(whole)
    cut = with_bytes(tmp_path / name, content[: int(len(content) * 0.6)])
    found: list[Frame] = []
    with pytest.raises(SourceError, match=r"truncated|damaged|cannot be read on"):
        found.extend(make_source(cut, HandClock()).frames())
    assert 5 <= len(found) < 50


def _moov_first(path: Path) -> bytes:
    import av  # noqa: PLC0415 - only here

    fast = path.with_name("fast.mp4")
    with av.open(str(path)) as source, av.open(str(fast), "w", options={"movflags": "+faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return fast.read_bytes()


def test_of_a_stream_nothing_counts_before_its_first_key_frame(tmp_path: Path) -> None:
    """Who joins late begins in the middle of a group of pictures."""
    import av  # noqa: PLC0415 - only here

    whole, cut = clips.write(tmp_path / "whole.mkv", 40, fps=10, gop=10), tmp_path / "cut.mkv"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if number >= 4 and packet.size:
                packet.stream = stream
                target.mux(packet)
    opened = video.Video(str(cut), live=True)
    taken = list(opened.packets(HandClock().now))
    with pytest.raises(SourceError, match="the stream ended"):
        opened.check_end()
    opened.close()
    assert (len(taken), taken[0].key, taken[0].pts_s) == (30, True, 0.0)


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []

    def lost(self, reason: str) -> None:
        self.said.append(reason)

    def back(self) -> None:
        if not self.said or self.said[-1] != "back":
            self.said.append("back")


def test_a_source_that_fails_is_opened_again_ever_less_often(tmp_path: Path) -> None:
    path = tmp_path / "camera.mp4"

    class MendingClock(HandClock):
        def wait(self, stop: Event, seconds: float) -> bool:
            if len(self.waits_s) == 7:
                clips.write(path, 10, fps=10)
            return super().wait(stop, seconds)

    clock, stop, told = MendingClock(), Event(), Told()
    source = Source(SourceSettings(location=str(path), analysis_fps=5.0), masks=Masks([]), clock=clock, stop=stop)
    frames = list(keep_open(source, clock=clock, stop=stop, report=told))
    assert clock.waits_s == [1, 2, 4, 8, 16, BACK_OFF_LONGEST_S, BACK_OFF_LONGEST_S, BACK_OFF_LONGEST_S]
    assert len(frames) == 5
    assert told.said[-2:] == ["back", "the file has ended"]
    assert set(told.said[:-2]) == {"cannot be opened: no such file or directory"}


def test_the_ring_is_told_of_every_packet(tmp_path: Path) -> None:
    ring = PacketRing(span_s=60, limit_bytes=1_000_000)
    path = clips.write(tmp_path / "a.mp4", 40, fps=10)
    settings = SourceSettings(location=str(path), analysis_fps=5.0)
    list(Source(settings, masks=Masks([]), clock=HandClock(), stop=Event(), sinks=[ring]).frames())
    [stretch] = ring.between(0, 100)
    assert len(stretch.packets) == 40
    assert stretch.packets[0].key


def test_a_location_is_shown_without_its_password() -> None:
    assert shown("rtsp://admin:secret@192.0.2.1:554/live?x=1") == "rtsp://192.0.2.1:554/live?x=1"
    assert shown("/films/a.mp4") == "/films/a.mp4"


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_packets_of_a_container_are_stored_as_ffmpegs_own_filter_would(tmp_path: Path, codec: str) -> None:
    path = clips.write(tmp_path / "a.mp4", 25, codec=codec, b_frames=2 if codec == "libx264" else 0)
    opened = video.Video(str(path), live=False)
    stored = [one.data for taken in opened.packets(HandClock().now) for one in opened.stored(taken)]
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        name = "h264_mp4toannexb" if codec == "libx264" else "hevc_mp4toannexb"
        plain = BitStreamFilterContext(name, stream)
        expected = [bytes(one) for packet in container.demux(stream) if packet.size for one in plain.filter(packet)]
    assert len(stored) == 25
    assert stored == expected
