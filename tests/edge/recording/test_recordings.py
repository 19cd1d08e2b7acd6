"""Recording: packets bit for bit, in segments that say what they are, within limits that holds withstand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from edge.recording import RecordedCamera, RecordingError, Recordings, boxes, survey
from edge.source import ClockWitness
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.recording import packets
from wire.commands import HoldRecording

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

HOLD = UUID("0190a8a0-0000-7000-8000-000000000001")
HOUR = timedelta(hours=1)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def hold(from_s: float, to_s: float, *, until_s: float | None = None) -> HoldRecording:
    until = None if until_s is None else at(until_s)
    return HoldRecording(
        camera_id="placa", from_=at(from_s), to=at(to_s), hold_id=HOLD, reason="DP 12/2026", until=until
    )


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mp4"))


def new_files(folder: Path) -> Callable[[], Path]:
    made: list[Path] = []

    def new() -> Path:
        made.append(folder / f"{len(made)}.part")
        return made[-1]

    return new


@pytest.mark.parametrize(
    ("codec", "container", "b_frames"),
    [("libx264", "mp4", 0), ("libx264", "mp4", 2), ("libx265", "mp4", 0), ("mjpeg", "avi", 0), ("mpeg4", "avi", 0)],
)
def test_what_is_read_back_is_what_came(tmp_path: Path, codec: str, container: str, b_frames: int) -> None:
    path = clips.write(tmp_path / f"a.{container}", 100, fps=10, codec=codec, gop=10, b_frames=b_frames)
    recordings = packets.record(tmp_path / "recordings", path, HandClock())
    facts, came = packets.of(path)
    stretches = list(recordings.packets("placa", START, START + HOUR))
    read = [packet for stretch in stretches for packet in stretch.packets]
    captured = [moment for stretch in stretches for moment in stretch.captured]
    assert packets.alike(read) == packets.alike(came)
    assert [packet.pts_s for packet in read] == pytest.approx([packet.pts_s for packet in came], abs=1e-4)
    assert [packet.dts_s for packet in read] == pytest.approx([packet.dts_s for packet in came], abs=1e-4)
    assert [(moment - START).total_seconds() for moment in captured] == pytest.approx(
        [packet.dts_s - came[0].dts_s for packet in came], abs=0.002
    )
    assert {stretch.facts.codec for stretch in stretches} == {facts.codec}
    assert len({stretch.starts_s for stretch in stretches}) == 1
    assert len(stretches) > 3


def test_segments_are_named_by_camera_day_and_time_and_begin_at_key_frames(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    folder = tmp_path / "recordings"
    recordings = packets.record(folder, path, HandClock())
    assert files(folder) == [f"placa/2026-03-01/{name}.mp4" for name in NAMES]
    assert all(stretch.packets[0].key for stretch in recordings.packets("placa", START, START + HOUR))


NAMES = ["120000.000", "120002.000", "120004.000", "120006.000", "120008.000"]


def test_a_copy_holds_the_recorded_packets_from_the_key_frame_before(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10, b_frames=2)
    recordings = packets.record(tmp_path / "recordings", path, HandClock())
    copied = recordings.copy("placa", at(3.5), at(7.2), new_files(tmp_path), part_bytes=packets.MIB)
    _, came = packets.of(path)
    _, copy = packets.of(copied[0].path)
    assert len(copied) == 1
    assert packets.alike(copy) == packets.alike(came[30:73])
    assert (copied[0].captured_from, copied[0].captured_to) == (at(3), at(7.2))
    content = copied[0].path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_copy_begins_a_new_file_after_a_gap_and_where_one_grows_too_large(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 60, fps=10, gop=10)
    clock = HandClock()
    recordings = packets.record(tmp_path / "recordings", path, clock)
    packets.feed(recordings.recorder(packets.CAMERA), path, at(60))
    recordings.write()
    by_gap = recordings.copy("placa", START, at(100), new_files(tmp_path), part_bytes=packets.MIB)
    by_size = recordings.copy("placa", START, at(5.9), new_files(tmp_path), part_bytes=1)
    assert [(one.captured_from, one.captured_to) for one in by_gap] == [(START, at(5.9)), (at(60), at(65.9))]
    assert len(by_size) == 6
    assert recordings.gaps("placa", START, at(70)) == [(at(5.9), at(60)), (at(65.9), at(70))]
    spans = recordings.listing("placa", START, at(70)).spans
    assert [(span.from_, span.to, span.segments) for span in spans] == [(START, at(5.9), 3), (at(60), at(65.9), 3)]


def test_pictures_for_the_rules_go_on_over_segments_and_say_where_something_is_missing(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 60, fps=10, gop=10)
    recordings = packets.record(tmp_path / "recordings", path, HandClock())
    packets.feed(recordings.recorder(packets.CAMERA), path, at(60))
    recordings.write()
    frames = list(recordings.frames("placa", at(1), at(62), analysis_fps=5))
    numbers = [clips.number_of(frame.image) for frame in frames]
    assert numbers == [*range(10, 60, 2), *range(0, 21, 2)]
    assert [number for number, frame in enumerate(frames) if frame.discontinuity] == [25]
    assert frames[0].media_time_s == pytest.approx(0, abs=0.01)
    assert frames[25].media_time_s == pytest.approx(59, abs=0.01)
    assert frames[25].captured_at == at(60)


def test_what_is_too_old_goes_and_what_is_held_stays(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    clock, folder = HandClock(), tmp_path / "recordings"
    recordings = packets.record(folder, path, clock)
    touched = recordings.hold(hold(4.1, 5, until_s=9 * 24 * 3600))
    clock.passed_s = 7 * 24 * 3600 + 60
    recordings.write()
    kept = files(folder)
    clock.passed_s = 10 * 24 * 3600
    recordings.write()
    assert (touched.segments, kept) == (1, [f"placa/2026-03-01/{NAMES[2]}.mp4"])
    assert files(folder) == []


def test_what_is_too_much_costs_the_oldest_and_a_hold_stops_the_recording_before_it_is_lost(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    clock, folder = HandClock(), tmp_path / "recordings"
    recordings = packets.record(folder, path, clock)
    used = recordings.usage().used_bytes
    recordings.hold(hold(0, 5))
    recordings.close()
    recordings = Recordings(folder, packets.settings(limit_bytes=used // 2), clock)
    clock.passed_s = 60
    recordings.write()
    left = files(folder)
    assert left == [f"placa/2026-03-01/{name}.mp4" for name in NAMES[:3]]
    assert "full of what is held" in recordings.trouble("placa")
    recorder = recordings.recorder(packets.CAMERA)
    packets.feed(recorder, path, at(60))
    recordings.write()
    assert (files(folder), recorder.dropped_packets) == (left, 100)
    assert recordings.release(HOLD).segments == 3
    clock.passed_s = 120
    recordings.write()
    packets.feed(recorder, path, at(120))
    recordings.write()
    assert files(folder)[-1].endswith("120208.000.mp4")
    assert recordings.trouble("placa") == ""


def test_erasing_takes_whole_segments_and_spares_what_is_held(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    folder = tmp_path / "recordings"
    recordings = packets.record(folder, path, HandClock())
    recordings.hold(hold(2.5, 2.6))
    touched = recordings.erase("placa", at(2.5), at(6.5))
    assert (touched.segments, touched.kept_segments) == (2, 1)
    assert files(folder) == [f"placa/2026-03-01/{name}.mp4" for name in (NAMES[0], NAMES[1], NAMES[4])]
    assert recordings.erase("other", START, at(9)).segments == 0


def test_an_open_segment_is_listed_read_and_erased_when_it_closes(tmp_path: Path) -> None:
    facts, came = packets.of(clips.write(tmp_path / "a.mp4", 150, fps=10, gop=50))
    folder = tmp_path / "recordings"
    recordings = Recordings(folder, packets.settings(), HandClock())
    recorder = recordings.recorder(packets.CAMERA)
    recorder.begin(facts, 0.0)
    for packet in came[:45]:
        recorder.append(packet, at(packet.pts_s))
    recordings.write()
    listed = recordings.listing("placa", START, at(60)).spans
    read = [packet for stretch in recordings.packets("placa", START, at(60)) for packet in stretch.packets]
    erased = recordings.erase("placa", at(1), at(2))
    for packet in came[45:]:
        recorder.append(packet, at(packet.pts_s))
    recorder.lost()
    recordings.write()
    assert [(span.segments, span.to) for span in listed] == [(1, at(4.4))]
    assert packets.alike(read) == packets.alike(came[: len(read)])
    assert len(read) == 40  # what the fragments that are written hold
    assert erased.segments == 0
    assert [name.rsplit("/")[-1] for name in files(folder)] == ["120005.000.mp4", "120010.000.mp4"]


def test_masked_recordings_say_so_after_a_restart_too(tmp_path: Path) -> None:
    folder, clock = tmp_path / "recordings", HandClock()
    recordings = Recordings(folder, packets.settings(), clock)
    path = clips.write(tmp_path / "a.mp4", 60, fps=10, gop=10)
    packets.feed(recordings.recorder(RecordedCamera("placa", masked=True)), path)
    recordings.write()
    recordings.close()
    (folder / "recordings.sqlite3").unlink()
    again = Recordings(folder, packets.settings(), clock)
    assert [span.masked for span in again.listing("placa", START, at(60)).spans] == [True]


def test_a_disk_that_cannot_follow_costs_pictures_that_are_counted(tmp_path: Path) -> None:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    recordings = Recordings(tmp_path / "recordings", packets.settings(), HandClock())
    recorder = recordings.recorder(packets.CAMERA)
    _, came = packets.of(path)
    recorder._limit_bytes = sum(len(packet.data) for packet in came[:25])
    packets.feed(recorder, path)
    recordings.write()
    read = [packet for stretch in recordings.packets("placa", START, at(60)) for packet in stretch.packets]
    assert packets.alike(read) == packets.alike(came[: len(read)])
    assert len(read) + recorder.dropped_packets == 100
    assert 20 <= len(read) <= 25
    packets.feed(recorder, path, at(20))
    recordings.write()
    assert recordings.listing("placa", at(20), at(30)).spans[0].from_ == at(20)


def test_what_the_clocks_said_stands_in_the_seal(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "recordings", packets.settings(), HandClock())
    recorder = recordings.recorder(packets.CAMERA)
    recorder.testify(ClockWitness(START, True, 0.0, at(-3), "rtcp", -3.0, None))
    packets.feed(recorder, clips.write(tmp_path / "a.mp4", 10, fps=10))
    recordings.write()
    seal = boxes.outline(next(survey.files(recordings.folder))).seal
    assert seal is not None
    assert seal.clocks == {
        "at": "2026-03-01T12:00:00+00:00",
        "opened": True,
        "media_time_s": 0.0,
        "camera_at": "2026-03-01T11:59:57+00:00",
        "camera_by": "rtcp",
        "camera_offset_s": -3.0,
        "stream_drift_ppm": None,
    }


def test_a_codec_that_fits_no_segment_is_said(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path / "recordings", packets.settings(), HandClock())
    path = clips.write(tmp_path / "a.avi", 10, codec="msmpeg4v2")
    recorder = recordings.recorder(packets.CAMERA)
    packets.feed(recorder, path)
    recordings.write()
    assert "coded as msmpeg4v2" in recordings.trouble("placa")
    assert recorder.dropped_packets == 10


def test_a_copy_that_must_be_pixelated_needs_a_model(tmp_path: Path) -> None:
    recordings = packets.record(tmp_path / "r", clips.write(tmp_path / "a.mp4", 20), HandClock())
    with pytest.raises(RecordingError, match="no detection model"):
        recordings.copy_pixelated("placa", START, at(2), new_files(tmp_path), part_bytes=packets.MIB)
