"""`talaia-room analyse-footage` as people run it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.drawn_flight import filming, flying, ground
from control_room import cli

Run = Callable[..., tuple[int, str, str]]
SIZE_M = (60.0, 50.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute would do; this is six seconds with its subtitles beside it."""
    scene = ground.draw(8, SIZE_M, 0.1, waste=4)
    plan = flying.Plan(30, fps=3, size_px=(640, 360), speed_m_s=8.0, passes_max=1)
    return filming.film(tmp_path_factory.mktemp("card"), "DJI[1]_0001", scene, plan, 8)


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    monkeypatch.setenv("TALAIA_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))  # no model was built here

    def run_here(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main(["analyse-footage", *(str(each) for each in arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run_here


def test_geojson_is_written_with_the_telemetry_found_beside_the_video(run: Run, video: Path, tmp_path: Path) -> None:
    out = tmp_path / "places.geojson"
    code, said, notes = run(video, "--out", out)
    assert (code, said) == (0, "")
    assert "note: without the detector" in notes
    assert "places to look at" in notes.splitlines()[-1]
    told = json.loads(out.read_text())
    assert told["type"] == "FeatureCollection"
    assert {feature["properties"]["feature"] for feature in told["features"]} == {"candidate", "coverage"}
    assert told["summary"]["looks"] >= 3
    assert [path.name for path in tmp_path.iterdir()] == ["places.geojson"]


def test_the_lens_may_be_named(run: Run, video: Path, tmp_path: Path) -> None:
    out = tmp_path / "places.geojson"
    assert run(video, "--camera-model", "Mavic 3E", "--out", out)[0] == 0
    first = json.loads(out.read_text())["features"][0]["properties"]
    assert "Mavic 3 Enterprise" in first["method"]


@pytest.mark.parametrize(
    "asked",
    [
        (["gone.mp4"], 1, "gone.mp4: there is no such file"),
        (["VIDEO", "--telemetry", "gone.srt"], 1, "gone.srt: cannot be read"),
        (["VIDEO", "--camera-model", "Box Brownie"], 2, "--camera-model: got 'Box Brownie'; allowed: "),
        (["VIDEO", "--calibration", "gone.json"], 2, "gone.json: No such file"),
        (["VIDEO", "--dem", "gone.tif"], 1, "--dem: gone.tif: no DEM"),
        (["alone.mp4"], 1, "no telemetry beside the video or in it"),
        (["text.mp4", "--telemetry", "SUBTITLES"], 1, "text.mp4: is no video"),
    ],
)
def test_one_line_for_what_cannot_be_used(
    run: Run, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[list[str], int, str]
) -> None:
    words, code, said = asked
    monkeypatch.chdir(tmp_path)
    (tmp_path / "alone.mp4").write_bytes(video.read_bytes())
    (tmp_path / "text.mp4").write_text("no video " * 20)
    named = {"VIDEO": str(video), "SUBTITLES": str(video.with_suffix(".SRT"))}
    got, out, err = run(*(named.get(word, word) for word in words), "--out", "places.geojson")
    assert (got, out) == (code, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not (tmp_path / "places.geojson").exists()


def test_an_output_that_cannot_be_written_is_named(run: Run, video: Path, tmp_path: Path) -> None:
    code, _, err = run(video, "--out", tmp_path / "no" / "folder.geojson")
    assert code == 1
    assert "cannot be written" in err.splitlines()[-1]
