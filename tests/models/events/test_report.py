"""The page says the counts, the intervals, each failure and its drawing; it shows no pixel of a clip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from models import cli
from models.events import benchmark, scores, truth
from models.events.alerts import Alert, Heard
from models.events.report import counts
from tests.models.events.clip_writer import write_clip
from vision.rules.illegal_dumping import IllegalDumpingSettings

SETTINGS = IllegalDumpingSettings(unattended_s=1.0)
LABEL: dict[str, Any] = {"t_placed_s": 0.2, "t_owner_walks_s": 0.3, "t_owner_gone_s": 0.5, "bbox": [10, 10, 30, 40]}
ON_IT = Alert("illegal_dumping", 2.0, (20 / 64, 20 / 48, 22 / 64, 22 / 48), 0.9)
BESIDE = Alert("illegal_dumping", 2.0, (50 / 64, 20 / 48, 52 / 64, 22 / 48), 0.9)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Give a kept result: one thing found, one missed with a false alarm elsewhere, one quiet negative."""
    events = [LABEL | {"conditions": {"size": "small"}}, LABEL | {"what": "sofa", "conditions": ["low contrast"]}]
    clips: list[dict[str, Any]] = [
        {"clip": f"{name}.avi", "events": [event]} for name, event in zip("ab", events, strict=True)
    ]
    clips.append({"clip": "c.avi", "conditions": {"kind": "rain"}})
    (tmp_path / "ground_truth.json").write_text(json.dumps({"clips": clips}))
    for name in "abc":
        write_clip(tmp_path / f"{name}.avi", seconds=4, fps=5)
    heard = {"a.avi": [ON_IT], "b.avi": [BESIDE], "c.avi": []}
    judged = [scores.judge(clip, Heard(heard[clip.name]), SETTINGS) for clip in truth.read_folder(tmp_path)]
    results = benchmark.Results(("illegal_dumping",), SETTINGS, judged)
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(benchmark.fields(tmp_path, results, {"blob_timer": results})))
    return path


def test_the_page_has_counts_conditions_failures_and_drawings(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "page" / "accuracy.md"
    assert cli.main(["accuracy", f"staged={kept}", "--out", str(out), "--report", str(tmp_path / "mine")]) == 0
    page = out.read_text()
    assert "| staged (3) | 0.00 | Talaia | 1 / 2 (0.09 to 0.91) | 1 / 2 (0.09 to 0.91) | 1 |" in page
    assert "| size | small | 1 / 1 (0.21 to 1.00) | 1 / 1 (0.21 to 1.00) |" in page
    assert "| low contrast | yes | 0 / 1 (0.00 to 0.79) |" in page
    assert "| kind | rain | 1 | 0.1 | 0 | 0 |" in page
    assert "missed, window 1.1 to 6.7 s: sofa; alert at 2.0 s: box off by 15 px" in page
    assert "(accuracy/staged-b.svg)" in page
    assert sorted(path.name for path in out.parent.rglob("*.*")) == ["accuracy.md", "staged-b.svg"]
    pictures = sorted((tmp_path / "mine" / "staged").iterdir())
    assert [path.name for path in pictures] == ["b-false-0.jpg", "b-missed-0.jpg"]
    picture = cv2.imread(str(pictures[0]))
    assert picture is not None
    assert picture.shape == (48, 64, 3)


def test_many_numbers_become_bands(kept: Path) -> None:
    results = json.loads(kept.read_text())
    [event] = results["clips"][0]["events"]
    results["clips"][0]["events"] = [event | {"conditions": {"height_px": number}} for number in range(9)]
    rows = counts.by_condition(counts.Part("staged", results | {"baselines": {}}))
    assert {value: row["talaia"].of for (key, value), row in rows.items() if key == "height_px"} == {
        "under 3": 3,
        "3 to 6": 3,
        "6 and more": 3,
    }


def test_conditions_that_tell_clips_apart_are_left_out(kept: Path) -> None:
    results = json.loads(kept.read_text())
    [event] = results["clips"][0]["events"]
    conditions = [{"background": f"street {number}", "hidden_share": max(0, number - 12) / 10} for number in range(20)]
    results["clips"] = [results["clips"][0] | {"events": [event | {"conditions": each} for each in conditions]}]
    rows = counts.by_condition(counts.Part("staged", results | {"baselines": {}}))
    assert {one: row["talaia"].of for one, row in rows.items()} == {
        ("hidden_share", "under 0.1"): 13,
        ("hidden_share", "0.1 and more"): 7,
    }


@pytest.mark.parametrize("content", ["{", "[]", '{"rules": {}}'])
def test_a_file_that_keeps_no_results_is_refused(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept.json").write_text(content)
    assert cli.main(["accuracy", f"a={tmp_path / 'kept.json'}", "--out", str(tmp_path / "a.md")]) == 2
    assert "kept.json: " in capsys.readouterr().err
    assert not (tmp_path / "a.md").exists()
