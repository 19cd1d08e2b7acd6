"""A folder's ground truth is read in the form of data/dumping, and what is wrong in it is said by its key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import UsageError
from models.events import alerts, truth
from tests.models.events.clip_writer import write_clip

LEFT_BAG = {"t_placed_s": 1.0, "t_owner_walks_s": 2.0, "t_owner_gone_s": 3.0, "bbox_xyxy": [1, 2, 30, 40]}


def write_truth(folder: Path, *events: dict[str, Any], clip: str = "a.avi") -> None:
    (folder / truth.FILE_NAME).write_text(json.dumps({"clips": [{"clip": clip, "events": list(events)}]}))


def test_labelled_clips_and_the_others_beside_them_are_read(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.avi", seconds=2, fps=5)
    write_clip(tmp_path / "b.avi", seconds=1, fps=5)
    (tmp_path / "notes.txt").touch()
    event = LEFT_BAG | {"bbox_upright_xyxy": [1, 0, 30, 40], "bbox_later": None, "unknown": {"key": 1}}
    write_truth(tmp_path, event, {"rule": "loitering", "t0": 1, "t1": 2})
    labelled, negative = truth.read_folder(tmp_path)
    assert (labelled.name, labelled.size_px, labelled.duration_s) == ("a.avi", (64, 48), 2.0)
    assert [label.rule for label in labelled.labels] == ["illegal_dumping", "loitering"]
    assert sorted(labelled.labels[0].boxes_px) == [(1, 0, 30, 40), (1, 2, 30, 40)]
    assert (labelled.labels[0].actor, labelled.labels[0].too_small) == ("person", False)
    assert (negative.name, negative.labels) == ("b.avi", [])
    assert alerts.wanted_rules([labelled, negative]) == ("illegal_dumping", "loitering")
    assert alerts.wanted_rules([negative]) == ("illegal_dumping",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON"),
        ("[]", "the whole file: got []"),
        ("{}", "clips: got nothing"),
        ('{"clips": [{"clip": "a.avi"}, {"clip": "a.avi"}]}', "clips: got 'a.avi' twice"),
        ('{"clips": [{"clip": "gone.avi"}]}', "clips.0.clip: got 'gone.avi'; it is not in"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: str, words: str) -> None:
    write_clip(tmp_path / "a.avi", seconds=1, fps=5)
    (tmp_path / truth.FILE_NAME).write_text(content)
    with pytest.raises(UsageError) as caught:
        truth.read_folder(tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rule": "dancing"}, "clips.0.events.0: rule: got 'dancing'; allowed: illegal_dumping"),
        ({"actor": "dog"}, "clips.0.events.0.actor: got \"dog\"; Input should be 'person' or 'vehicle'"),
        ({"bbox_xyxy": [1, 2, 3]}, "clips.0.events.0: bbox_xyxy: got [1, 2, 3]; allowed: [x1, y1, x2, y2]"),
        ({"bbox_xyxy": [30, 2, 3, 4]}, "bbox_xyxy: got [30, 2, 3, 4]; allowed"),
        ({"bbox_xyxy": None}, "bbox: got nothing"),
        ({"t_owner_walks_s": None}, "t_owner_walks_s: got nothing; illegal_dumping by a person needs it"),
        ({"actor": "vehicle", "t_placed_s": None}, "t_placed_s: got nothing; illegal_dumping by a vehicle needs it"),
        ({"rule": "loitering"}, "t0: got nothing; loitering by a person needs it"),
        ({"t_owner_gone_s": "soon"}, 'clips.0.events.0.t_owner_gone_s: got "soon"'),
        ({"t_placed_s": -1}, "clips.0.events.0.t_placed_s: got -1"),
    ],
)
def test_an_event_that_cannot_be_used_is_refused_by_its_key(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    write_clip(tmp_path / "a.avi", seconds=1, fps=5)
    write_truth(tmp_path, LEFT_BAG | change)
    with pytest.raises(UsageError) as caught:
        truth.read_folder(tmp_path)
    assert words in str(caught.value)


def test_a_folder_without_clips_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"DIR: .* has no clip"):
        truth.read_folder(tmp_path)
    with pytest.raises(UsageError, match=r"DIR: got .*; allowed: a folder with clips"):
        truth.read_folder(tmp_path / "none")
