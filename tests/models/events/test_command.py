"""`talaia-models evaluate-events` as a person uses it, with the real agent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models import ModelError, cli
from models.events import alerts
from tests.models.events.clip_writer import write_clip

LABEL = {"t_placed_s": 0.2, "t_owner_walks_s": 0.3, "t_owner_gone_s": 0.5, "bbox": [1, 2, 30, 40], "what": "bag"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_clip(tmp_path / "a.avi", seconds=2, fps=5)
    write_clip(tmp_path / "still.avi", seconds=1, fps=5)
    (tmp_path / "ground_truth.json").write_text(json.dumps({"clips": [{"clip": "a.avi", "events": [LABEL]}]}))
    return tmp_path


def test_what_is_missed_is_counted_and_a_broken_video_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.avi").write_bytes(b"no video")
    arguments = ["evaluate-events", str(folder), "--json", "--jobs", "2", "--set", "illegal_dumping.unattended_s=2"]
    assert cli.main(arguments) == 1
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert told["rules"] == {
        "illegal_dumping": {
            "labelled": 1, "found": 0, "missed": 1, "false": 0, "hours": 0.0008, "precision": None, "recall": 0.0,
            "time_to_alert_s": {"p50": None, "p90": None},
        }
    }  # fmt: skip
    assert [clip["clip"] for clip in told["clips"]] == ["a.avi", "broken.avi", "still.avi"]
    [event] = told["clips"][0]["events"]
    assert (event["verdict"], event["why"], event["window_s"]) == ("missed", "no alert at all", [2.1, 7.7])
    assert list(told["broken"]) == ["broken.avi"]
    assert "broken.avi cannot be read to its end: talaia-edge: " in said.err


def test_a_table_is_printed_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate-events", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["illegal_dumping", "1", "0", "1", "0", "0.001", "-", "0.000", "-", "-"]
    assert "  missed  illegal_dumping 'bag': no alert at all" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "illegal_dumping.unattended_s=0"], "illegal_dumping.unattended_s: got 0"),
        (["--set", "illegal_dumping.colour=1"], "illegal_dumping.colour"),
        (["-c", "none.toml"], "none.toml: cannot be read"),
    ],
)
def test_wrong_options_give_one_line_and_2(
    folder: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate-events", str(folder), *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_the_rules_times_are_those_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "edge.toml"
    config.write_text(
        '[[camera]]\nid = "a"\nrules.illegal_dumping.unattended_s = 30\n'
        '[[camera]]\nid = "b"\nrules.illegal_dumping = {unattended_s = 40, enabled = true}\n'
    )
    chosen = alerts.Analyser(rules=(), config=config, camera="b", changes=("illegal_dumping.settled_s=9",))
    settings = alerts.dumping_settings(chosen)
    assert (settings.unattended_s, settings.settled_s) == (40, 9)


def test_a_line_that_is_no_event_is_no_alert() -> None:
    with pytest.raises(ModelError, match=r"printed a line that is no event: 'hello'"):
        alerts.opened("hello\n")


@pytest.mark.data
def test_the_dumping_of_the_data_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "dumping"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    assert cli.main(["evaluate-events", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["rules"]["illegal_dumping"]
    assert (told["labelled"], told["found"], told["false"]) == (1, 1, 0)
