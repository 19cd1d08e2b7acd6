"""`talaia-room georeference`: the figures on real flights, and a clear line for every bad input."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio  # type: ignore[import-untyped]
from affine import Affine

from control_room.cli import main
from vision.georeference import globe

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
FLIGHT = DATA / "georeference"
STILLS = DATA / "drone_stills"
LANDMARKS = Path(__file__).resolve().parents[2] / "vision" / "georeference" / "drone_stills_landmarks.csv"
needs_flight = pytest.mark.skipif(not FLIGHT.is_dir(), reason="../shared/data/georeference is not here")
needs_stills = pytest.mark.skipif(not STILLS.is_dir(), reason="../shared/data/drone_stills is not here")

SRT = """1
00:00:00,000 --> 00:00:00,033
FrameCnt: 1, DiffTime: 33ms
2026-05-02 10:00:00.000
[focal_len: 24.00] [dzoom_ratio: 1.00], [latitude: 41.180000] [longitude: 1.530000] \
[rel_alt: 80.000 abs_alt: 200.000] [gb_yaw: 10.0 gb_pitch: -60.0 gb_roll: 0.0]

2
00:00:00,033 --> 00:00:00,066
FrameCnt: 2, DiffTime: 33ms
2026-05-02 10:00:00.033
[focal_len: 24.00] [dzoom_ratio: 1.00], [latitude: 41.180001] [longitude: 1.530000] \
[rel_alt: 80.000 abs_alt: 200.000] [gb_yaw: 10.0 gb_pitch: -60.2 gb_roll: 0.0]

301
00:00:10,000 --> 00:00:10,033
FrameCnt: 301, DiffTime: 33ms
2026-05-02 10:00:10.000
[focal_len: 24.00] [dzoom_ratio: 1.00], [latitude: 41.180001] [longitude: 1.530000] \
[rel_alt: 80.000 abs_alt: 200.000] [gb_yaw: 10.0 gb_pitch: -5.0 gb_roll: 0.0]
"""


def georeference(points: Path, *more: str | Path) -> list[dict[str, str]]:
    out = points.with_suffix(".out.csv")
    assert main(["georeference", str(points), *map(str, more), "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def srt(tmp_path: Path) -> Path:
    path = tmp_path / "flight.srt"
    path.write_text(SRT, encoding="utf-8")
    return path


def points_file(folder: Path, text: str) -> Path:
    path = folder / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


class Flight:
    """The surveyed car of the real flight."""

    def __init__(self, folder: Path) -> None:
        truth = json.loads((FLIGHT / "ground_truth.json").read_text())
        self.target = (truth["target"]["lat"], truth["target"]["lon"])
        lines = [f"{click['frame']},{click['pixel_x_px']},{click['pixel_y_px']}" for click in truth["clicks"]]
        self.points = points_file(folder, "\n".join(["frame,x_px,y_px", *lines]) + "\n")

    def errors_m(self, *more: str | Path) -> tuple[np.ndarray, np.ndarray]:
        """Distances from the true place, and what was claimed."""
        rows = georeference(self.points, "--telemetry", FLIGHT / "quinta_da_boa_vista.srt", *more)
        places = [(float(row["lat"]), float(row["lon"])) for row in rows]
        missed = [np.hypot(*globe.offset_m(self.target, place)) for place in places]
        return np.array(missed), np.array([float(row["ce90_m"]) for row in rows])


@pytest.mark.data
@needs_flight
def test_a_calibrated_flight_is_placed_within_three_metres(tmp_path: Path) -> None:
    missed, claimed = Flight(tmp_path).errors_m("--calibration", FLIGHT / "calibration.json")
    assert len(missed) == 54
    assert np.median(missed) <= 3.0
    assert np.percentile(missed, 90) <= 5.0
    assert np.mean(missed <= claimed) >= 0.9
    assert np.median(claimed) <= 8.0


@pytest.mark.data
@needs_flight
@pytest.mark.parametrize("model", [[], ["--camera-model", "Mavic 3 Enterprise"], ["--camera-model", "dji m3e"]])
def test_a_nominal_camera_places_within_six_metres(tmp_path: Path, model: list[str]) -> None:
    missed, claimed = Flight(tmp_path).errors_m(*model)
    assert np.median(missed) <= 6.0
    assert np.mean(missed <= claimed) >= 0.9


@pytest.mark.data
@needs_flight
def test_a_level_dem_ten_metres_off_moves_the_median_by_less_than_half_a_metre(tmp_path: Path) -> None:
    dem = tmp_path / "dem.tif"
    grid = Affine(0.0002, 0, -43.25, 0, -0.0002, -22.88)
    profile = {"driver": "GTiff", "width": 300, "height": 300, "count": 1, "dtype": "float32", "compress": "lzw"}
    with rasterio.open(dem, "w", crs="EPSG:4326", transform=grid, **profile) as file:
        file.write(np.full((300, 300), 22.55, np.float32), 1)
    flight = Flight(tmp_path)
    calibrated = ("--calibration", FLIGHT / "calibration.json")
    flat, on_dem = flight.errors_m(*calibrated)[0], flight.errors_m(*calibrated, "--dem", dem)[0]
    assert abs(np.median(on_dem) - np.median(flat)) <= 0.5


def spread_m(rows: list[dict[str, str]]) -> dict[str, float]:
    """Of each landmark, the farthest place from the mean."""
    places = defaultdict(list)
    for row in rows:
        places[row["landmark"]].append((float(row["lat"]), float(row["lon"])))
    spread = {}
    for name, found in places.items():
        lat, lon = np.mean(found, axis=0).tolist()
        spread[name] = max(float(np.hypot(*globe.offset_m((lat, lon), place))) for place in found)
    return spread


@pytest.mark.data
@needs_stills
def test_landmarks_of_different_stills_fall_together(tmp_path: Path) -> None:
    text = LANDMARKS.read_text(encoding="utf-8").replace("DJI_", f"{STILLS}/DJI_")
    rows = georeference(points_file(tmp_path, text))
    assert max(spread_m(rows).values()) <= 4.0
    assert not any("rotated" in row["method"] for row in rows)


@pytest.mark.data
@needs_stills
def test_stills_turned_after_the_flight_are_named_and_fall_together_too(tmp_path: Path) -> None:
    """By half a turn and a quarter; the metadata stays as the camera wrote it."""
    turns = {"DJI_0018.JPG": 2, "DJI_0020.JPG": 0, "DJI_0022.JPG": 1, "DJI_0030.JPG": 0}
    for name, turn in turns.items():
        turn_file(STILLS / name, tmp_path / name, turn)
    lines = ["landmark,image,x_px,y_px"]
    with LANDMARKS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            x, y = float(row["x_px"]), float(row["y_px"])
            shown = {0: (x, y), 1: (2250 - y, x), 2: (4000 - x, 2250 - y)}[turns[row["image"]]]
            lines.append(f"{row['landmark']},{row['image']},{shown[0]},{shown[1]}")
    rows = georeference(points_file(tmp_path, "\n".join(lines)))
    assert max(spread_m(rows).values()) <= 4.0
    for row in rows:
        assert ("rotated after the flight" in row["method"]) == (turns[row["image"]] != 0)


def turn_file(source: Path, out: Path, turn: int) -> None:
    """What a simple editor does: other pixels under the old EXIF and XMP, without the preview."""
    content = source.read_bytes()
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    turned = cv2.imencode(".jpg", np.ascontiguousarray(np.rot90(picture, -turn)))[1].tobytes()
    metadata, place = b"", 2
    while content[place + 1] == 0xE1:
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        thumbnail = content.find(b"\xff\xd8\xff", place, end)
        whole = content[place:end] if thumbnail < 0 else content[place:thumbnail] + bytes(end - thumbnail)
        metadata, place = metadata + whole, end
    out.write_bytes(b"\xff\xd8" + metadata + turned[2:])


def test_the_output_keeps_the_columns_and_refuses_by_name(tmp_path: Path, srt: Path) -> None:
    text = "what,frame,x_px,y_px\nbag,1,960,540\nsofa,301,960,540\ntyre,900,960,540\nfridge,1,5000,540\n"
    rows = georeference(points_file(tmp_path, text), "--telemetry", srt)
    assert list(rows[0]) == ["what", "frame", "x_px", "y_px", "lat", "lon", "ce90_m", "depression_deg", "method"]
    assert float(rows[0]["depression_deg"]) == pytest.approx(60.0, abs=0.01)
    assert 3.0 < float(rows[0]["ce90_m"]) < 8.0
    assert "flat ground" in rows[0]["method"]
    assert "35 mm" in rows[0]["method"] or "equivalent" in rows[0]["method"]
    for row, why in zip(rows[1:], ("5.0 degrees down", "frame 900 is outside", "outside the picture"), strict=True):
        assert row["method"].startswith("refused: ")
        assert why in row["method"]
        assert row["lat"] == row["lon"] == row["ce90_m"] == row["depression_deg"] == ""


def test_a_time_between_two_cues_is_interpolated(tmp_path: Path, srt: Path) -> None:
    rows = georeference(points_file(tmp_path, "time_s,x_px,y_px\n0.0165,960,540\n"), "--telemetry", srt)
    assert float(rows[0]["depression_deg"]) == pytest.approx(60.1, abs=0.01)


def test_the_nominal_size_is_the_least_usual_one_that_holds_the_points(tmp_path: Path, srt: Path) -> None:
    small = georeference(points_file(tmp_path, "frame,x_px,y_px\n1,960,540\n1,1500,900\n"), "--telemetry", srt)
    large = georeference(points_file(tmp_path, "frame,x_px,y_px\n1,1920,1080\n1,3000,1800\n"), "--telemetry", srt)
    assert "1920 x 1080 px assumed" in small[0]["method"]
    assert "3840 x 2160 px assumed" in large[0]["method"]
    assert large[1]["lat"] == small[1]["lat"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frame,x_px\n1,2\n", ["x_px, y_px", "got the columns frame, x_px"]),
        ("x_px,y_px\n1,2\n", ["image, frame, time_s"]),
        ("frame,x_px,y_px\n1,2,3\n1,abc,3\n", ["row 2 (line 3)", "column x_px", "'abc'", "allowed: a number"]),
        ("frame,x_px,y_px\n1,nan,3\n", ["row 1 (line 2)", "'nan'"]),
        ("frame,x_px,y_px\n1.5,2,3\n", ["column frame", "'1.5'", "a whole number"]),
        ("frame,x_px,y_px\n,2,3\n", ["column frame", "which picture"]),
        ("frame,x_px,y_px\n1,2,3,4\n", ["more values than the 3 columns"]),
        ("frame,x_px,y_px\n", ["got no row"]),
        ("", ["got the columns nothing"]),
    ],
)
def test_bad_points_are_one_line_and_no_output(
    tmp_path: Path, srt: Path, capsys: pytest.CaptureFixture[str], text: str, words: list[str]
) -> None:
    points = points_file(tmp_path, text)
    out = tmp_path / "out.csv"
    assert main(["georeference", str(points), "--telemetry", str(srt), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(word in said for word in words), said
    assert not out.exists()


@pytest.mark.parametrize(
    "case",
    [
        ([], 2, "--telemetry: got nothing"),
        (["--telemetry", "{srt}", "--camera-model", "Kodak"], 2, "--camera-model: got 'Kodak'; allowed: "),
        (["--telemetry", "{srt}", "--calibration", "{none}"], 2, "No such file"),
        (["--telemetry", "{none}"], 1, "none"),
        (["--telemetry", "{srt}", "--dem", "{srt}"], 1, "--dem: "),
        (["--telemetry", "{srt}", "--out", "{none}/out.csv"], 1, "--out: "),
    ],
)
def test_bad_files_are_one_line(
    tmp_path: Path, srt: Path, capsys: pytest.CaptureFixture[str], case: tuple[list[str], int, str]
) -> None:
    more, status, words = case
    points = points_file(tmp_path, "frame,x_px,y_px\n1,2,3\n")
    named = [word.replace("{srt}", str(srt)).replace("{none}", str(tmp_path / "none")) for word in more]
    assert main(["georeference", str(points), "--out", str(tmp_path / "out.csv"), *named]) == status
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("note: ")]
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        ("{", "no JSON"),
        ("[]", "got list"),
        ('{"width_px": 0}', "width_px: got 0"),
        ('{"width_px": 10, "height_px": 10, "camera_matrix": [[1]]}', "camera_matrix"),
        (
            '{"width_px":10,"height_px":10,"camera_matrix":[[9,0,5],[0,9,5],[0,0,1]],"distortion":["a"]}',
            "distortion: got ['a']",
        ),
    ],
)
def test_a_bad_calibration_is_one_line(
    tmp_path: Path, srt: Path, capsys: pytest.CaptureFixture[str], calibration: str, words: str
) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(calibration)
    points = points_file(tmp_path, "frame,x_px,y_px\n1,2,3\n")
    out = str(tmp_path / "o.csv")
    assert main(["georeference", str(points), "--telemetry", str(srt), "--calibration", str(path), "--out", out]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said


def test_an_image_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe1\xff")
    names = ["missing.jpg", "text.jpg", "cut.jpg", "x" * 5000]
    rows = georeference(points_file(tmp_path, "\n".join(["image,x_px,y_px", *(f"{name},1,2" for name in names)])))
    assert rows[0]["method"] == "refused: the image cannot be read: No such file or directory"
    assert rows[1]["method"] == "refused: the image is no JPEG"
    assert rows[2]["method"] == "refused: the image is a damaged JPEG"
    assert rows[3]["method"] == "refused: the image cannot be read: File name too long"
