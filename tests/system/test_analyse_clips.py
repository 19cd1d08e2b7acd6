"""`talaia-edge analyse` on real street clips: the one dumping is found where and when it was, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import town as towns

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.data,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not DATA.is_dir(), reason="the real clips (../shared/data) are not on this machine"),
]
SLACK_S = 15.0


def analyse(clip: Path) -> list[dict[str, Any]]:
    done = towns.talaia("edge", "analyse", str(clip), "--rules", "illegal_dumping")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_holdall_is_found_once_where_and_when_it_was_left() -> None:
    clip = DATA / "dumping" / "aboda_video4.avi"
    truth = json.loads((DATA / "dumping" / "ground_truth.json").read_text(encoding="utf-8"))["clips"][0]
    labelled = truth["events"][0]
    opened = [message for message in analyse(clip) if message["phase"] == "opened"]
    assert len(opened) == 1
    thing = opened[0]["objects"][0]
    assert thing["role"] == "thing"
    seen_at_s = opened[0]["attributes"]["media_time_s"]
    assert labelled["t_pose_settled_s"] <= seen_at_s <= labelled["t_owner_gone_s"] + SLACK_S
    x1, y1, x2, y2 = labelled["bbox_xyxy"]
    width_px, height_px = truth["size"]
    centre_x_px = (thing["box"][0] + thing["box"][2]) / 2 * width_px
    centre_y_px = (thing["box"][1] + thing["box"][3]) / 2 * height_px
    assert x1 - (x2 - x1) / 4 <= centre_x_px <= x2 + (x2 - x1) / 4
    assert y1 - (y2 - y1) / 4 <= centre_y_px <= y2 + (y2 - y1) / 4


@pytest.mark.parametrize(
    "clip", ["vtest.avi", "one-by-one-person-detection.mp4", "car-detection.mp4", "road_bgs_video03.avi"]
)
def test_where_nothing_is_left_nothing_is_said(clip: str) -> None:
    assert analyse(DATA / "negatives" / clip) == []
