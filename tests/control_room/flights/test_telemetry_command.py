"""`talaia-room telemetry` as people run it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from control_room import cli

HEAD = (
    "time_s,time_utc,lat,lon,rel_alt_m,abs_alt_m,gimbal_yaw_deg,gimbal_pitch_deg,gimbal_roll_deg,focal_length_mm,zoom"
)
CUE = "{n}\n00:00:0{n},000 --> 00:00:0{n},900\n2024-07-01 12:00:0{n}\n[latitude: 41.1] [longitude: {lon}]\n\n"
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_here(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main([str(each) for each in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_here


def test_rows_on_stdout_and_what_was_skipped_on_stderr(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "flight.SRT"
    path.write_text(CUE.format(n=1, lon=1.2) + CUE.format(n=2, lon=999) + CUE.format(n=3, lon=1.2))
    code, out, err = run("telemetry", path)
    assert (code, out) == (
        0,
        f"{HEAD}\n1,2024-07-01T10:00:01Z,41.1,1.2,,,,,,,\n3,2024-07-01T10:00:03Z,41.1,1.2,,,,,,,\n",
    )
    assert err == "cue 2: longitude 999 is out of range\nnote: its times name no zone: Europe/Madrid was assumed\n"


def test_the_town_s_zone_is_the_setting(run: Run, tmp_path: Path) -> None:
    settings, path = tmp_path / "room.toml", tmp_path / "flight.SRT"
    settings.write_text('[town]\ntime_zone = "Atlantic/Canary"\n')
    path.write_text(CUE.format(n=1, lon=1.2))
    code, out, err = run("telemetry", "-c", settings, path)
    assert code == 0
    assert "2024-07-01T11:00:01Z" in out
    assert "Atlantic/Canary was assumed" in err


@pytest.mark.parametrize("content", [b"", b"nothing", b"1\n00:00:00,000 --> 00:00:01,000\n\n", b"\xff\xd8\xff\xe0"])
def test_one_line_and_no_row_where_nothing_can_be_had(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "flight\nof two lines.SRT"
    path.write_bytes(content)
    code, out, err = run("telemetry", path)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1


def test_an_absent_file(run: Run, tmp_path: Path) -> None:
    code, out, err = run("telemetry", tmp_path / "absent.srt")
    assert (code, out) == (1, "")
    assert err.endswith("absent.srt: cannot be read: No such file or directory\n")


@pytest.mark.data
def test_every_file_of_the_data_ends_as_promised(run: Run) -> None:
    if not DATA.is_dir():
        pytest.skip("../shared/data is not there")
    for path in sorted((DATA / "telemetry").iterdir()):
        code, out, err = run("telemetry", path)
        if code == 1:
            assert out == ""
            assert err.count("\n") == 1
            continue
        assert code == 0
        rows = list(csv.DictReader(io.StringIO(out)))
        assert rows
        for row in rows:
            assert -90 <= float(row["lat"]) <= 90
            assert -180 <= float(row["lon"]) <= 180
            assert not row["time_utc"] or datetime.fromisoformat(row["time_utc"]).tzinfo is not None
