"""What is doubtful is kept, marked and said; what cannot be read is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.vision.telemetry.reads import Read
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, TelemetryError

CUE = "{n}\n00:00:{s:02d},000 --> 00:00:{e:02d},000\n{clock}\n[latitude: {lat:.6f}] [longitude: 1.244500]\n\n"


def file_of(rows: list[tuple[int, float, str]]) -> str:
    return "".join(
        CUE.format(n=number, s=second, e=second + 1, lat=lat, clock=clock)
        for number, (second, lat, clock) in enumerate(rows, 1)
    )


def test_a_jump_is_kept_and_said(reading: Read) -> None:
    telemetry = reading(file_of([(0, 41.1, ""), (1, 41.100001, ""), (2, 41.2, ""), (3, 41.100003, "")]))
    assert [sample.notes for sample in telemetry.samples] == [(), (), ("position jumps",), ("position jumps",)]
    assert telemetry.remarks == ["position jumps at cue 3 and 1 more; kept"]


def test_times_that_repeat_or_run_back(reading: Read) -> None:
    telemetry = reading(file_of([(0, 41.1, ""), (0, 41.1, ""), (5, 41.1, ""), (2, 41.1, "")]))
    assert [sample.time_s for sample in telemetry.samples] == [0, 0, 5, 2]
    assert telemetry.remarks == [
        "time goes backwards at cue 4; kept",
        "same time as the row before at cue 2; kept",
    ]


def test_a_clock_that_runs_a_year_ahead(tmp_path: Path, town: Assumptions) -> None:
    path = tmp_path / "file"
    path.write_text(file_of([(0, 41.1, "2027-05-01 12:00:00"), (1, 41.1, "2027-05-01 12:00:01")]))
    telemetry = formats.read(path, town, now=datetime(2026, 5, 1, tzinfo=UTC))
    assert "the clock was wrong: 2027-05-01 is still to come" in telemetry.remarks


def test_a_clock_that_disagrees_with_the_video(reading: Read) -> None:
    telemetry = reading(file_of([(0, 41.1, "2024-05-01 12:00:00"), (10, 41.1, "2025-05-01 12:00:10")]))
    assert "10 s by its own count are 31536010 s by its clock" in telemetry.remarks


def test_cues_that_cannot_be_used_are_named(reading: Read) -> None:
    good = "00:00:01,000 --> 00:00:02,000\n[latitude: 41.1] [longitude: 1.2]\n\n"
    text = (
        f"1\n{good}2\nrubbish --> rubbish\n[latitude: 41.1] [longitude: 1.2]\n\n3\n{good}"
        "4\n00:00:03,000 --> 00:00:04,000\n[latitude: 41.1]\n\n5\n00:00:04,000 --> 00:00:05,000\n"
        "[latitude: 0.0] [longitude: 0.0]\n\n6\n00:00:05,000 --> 00:00:06,000\n[latitude: 95.0] [longitude: 1.0]\n\n7\n"
    )
    telemetry = reading(text)
    assert [sample.row for sample in telemetry.samples] == [1, 3]
    assert [(each.row, each.cause) for each in telemetry.skipped] == [
        (2, "its times cannot be read"),
        (4, "no longitude"),
        (5, "no satellite fix yet (0, 0)"),
        (6, "latitude 95 is out of range"),
        (7, "cut off"),
    ]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "the file is empty"),
        (b"\x00" * 100, "the file is empty"),
        (b"Dear pilot, nothing here.", "holds no telemetry of a known format"),
        (b"1\n00:00:00,000 --> 00:00:01,000\nHello\n\n", "no cue holds a position: no position"),
        (b"<gpx><trk></trk></gpx>", "it holds no point with a place"),
        (b'<!DOCTYPE gpx [<!ENTITY a "aaaa">]><gpx>&a;</gpx>', "refused: it declares entities"),
        (b"<gpx>" + b"<a>" * 100 + b"</a>" * 100 + b"</gpx>", "refused: its elements lie too deep"),
        (
            b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x10\x00mdat" + b"\x01" * 500,
            "the video is damaged",
        ),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9", "the still tells no place"),
        (b"\xa3\x95\x80" + b"\x00" * 86, "the log holds no position"),
        (b"latitude,longitude\n", "no line follows its head"),
    ],
)
def test_nothing_to_read_is_said_in_one_line(reading: Read, content: bytes, cause: str) -> None:
    with pytest.raises(TelemetryError) as raised:
        reading(content)
    assert str(raised.value).startswith(cause)
    assert "\n" not in str(raised.value)


def test_folders_and_absent_files(tmp_path: Path, town: Assumptions) -> None:
    with pytest.raises(TelemetryError, match="is a folder"):
        formats.read(tmp_path, town)
    with pytest.raises(TelemetryError, match="cannot be read: No such file"):
        formats.read(tmp_path / "absent.srt", town)


def test_points_after_the_damage_are_saved(reading: Read) -> None:
    points = [
        f'<trkpt lat="41.{n}" lon="1.2"><ele>{n}</ele><time>2024-05-01T10:00:0{n}Z</time></trkpt>' for n in range(6)
    ]
    points[2] = '<trkpt lat="41.2" lon=<<1.2">'
    telemetry = reading("<gpx><trk><trkseg>" + "\n".join(points) + "</trkseg></trk></gpx>")
    assert [sample.abs_alt_m for sample in telemetry.samples] == [0, 1, 3, 4, 5]
    assert [each.cause.split(":")[0] for each in telemetry.skipped] == ["damaged at line 3"]
