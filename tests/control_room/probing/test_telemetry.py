"""Telemetry is read in a process that can reach nothing, with the same result as without."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from control_room.config import Town
from control_room.probing import telemetry
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, TelemetryError

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TOWN = Town()


def read(path: Path) -> tuple[telemetry.Header, list[telemetry.Row]]:
    with path.open("rb") as file, telemetry.read(file, path.name, TOWN, NOW) as (header, rows):
        return header, list(rows)


def cue(number: int, *, lat: object = 41.1189) -> str:
    seconds = f"{number // 30:02},{number % 30 * 33:03}"
    place = f"[latitude: {lat}] [longitude: 1.2445] [rel_alt: {number}.000 abs_alt: 60.000]"
    clock = f"2026-05-20 12:00:{number // 30:02}.000"
    look = "[gb_yaw: 10.0 gb_pitch: -80.0 gb_roll: 0.0]"
    return f"{number}\n00:00:{seconds} --> 00:00:{seconds}\n{clock}\n{place} {look}\n\n"


def test_rows_come_as_they_are_read_without_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "DJI_0001.SRT"
    path.write_text("".join(cue(number) for number in range(1, 301)))
    header, rows = read(path)
    direct = formats.read(path, Assumptions(ZoneInfo(TOWN.time_zone), TOWN.time_zone, (TOWN.lat, TOWN.lon)), now=NOW)
    assert (header.format, header.rows, header.fault) == ("srt", 300, "")
    assert [row["rel_alt_m"] for row in rows] == [sample.rel_alt_m for sample in direct.samples]
    assert rows[0]["time_utc"] == direct.samples[0].time_utc == datetime(2026, 5, 20, 10, tzinfo=UTC)
    assert any("Europe/Madrid" in remark for remark in header.said)


def test_a_text_of_windows_and_one_of_two_bytes_are_read(tmp_path: Path) -> None:
    for encoding in ("utf-16", "cp1252"):
        path = tmp_path / f"{encoding}.srt"
        path.write_bytes(("".join(cue(number) for number in range(1, 20)) + "25°").encode(encoding))
        assert read(path)[0].rows == 19


@pytest.mark.parametrize("content", [b"", b"nothing of a flight", b"\x00" * 5000])
def test_what_holds_no_telemetry_has_a_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.srt"
    path.write_bytes(content)
    header, rows = read(path)
    assert header.fault
    assert not header.is_our_fault
    assert rows == []


def test_what_a_taken_over_process_says_is_not_believed() -> None:
    line = b'[7, 1e300, "x", 91, 1.0, 1e9, null, NaN, 5, true, 1, 2, 24, 70, 40, 1.5, ["a", 3]]\n'
    row = telemetry._row(line, 1)
    assert (row["row"], row["time_utc"], row["time_s"], row["lat"], row["lon"]) == (1, None, None, None, None)
    assert (row["rel_alt_m"], row["gimbal_yaw_deg"], row["gimbal_roll_deg"], row["zoom"]) == (None, None, None, 2.0)
    with pytest.raises(telemetry.UnreadError):
        telemetry._row(b"[1, 2]\n", 1)


@pytest.mark.data
def test_every_given_file_is_read_inside_as_outside() -> None:
    folder = DATA / "telemetry"
    if not folder.is_dir():
        pytest.skip("../shared/data/telemetry is not here")
    assumptions = Assumptions(ZoneInfo(TOWN.time_zone), TOWN.time_zone, (TOWN.lat, TOWN.lon))
    # One of each reader: each costs a process.
    kinds = {"DJI_sample.SRT", "ardupilot_test_dataflash.BIN", "gpx_cerknicko-jezero.gpx", "broken_empty.SRT"}
    kinds.add("klv_DynamicConstantMISMMSPacketData.bin")
    for path in [path for path in sorted(folder.iterdir()) if path.name in kinds]:
        header, rows = read(path)
        expected, fault = _outside(path, assumptions)
        assert [(row["lat"], row["rel_alt_m"]) for row in rows] == expected, path.name
        assert header.fault == fault, path.name


def _outside(path: Path, assumptions: Assumptions) -> tuple[list[tuple[float | None, float | None]], str]:
    try:
        return [(one.lat, one.rel_alt_m) for one in formats.read(path, assumptions, now=NOW).samples], ""
    except TelemetryError as error:
        return [], str(error)[:300]


def test_subtitles_in_a_video_are_read(tmp_path: Path) -> None:
    import av  # noqa: PLC0415 - only here

    with tempfile.NamedTemporaryFile("w", suffix=".srt") as text:
        text.write("".join(cue(number) for number in range(1, 31)))
        text.flush()
        path = tmp_path / "video.mkv"
        with av.open(text.name) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.subtitles[0])
            for packet in source.demux(source.streams.subtitles[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
    header, rows = read(path)
    assert (header.format, len(rows)) == ("subtitles", 30)
