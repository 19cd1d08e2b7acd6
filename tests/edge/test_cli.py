"""The commands as people call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge import cli, config
from edge.clock import Clock
from edge.outbox import FILE_NAME, Outbox
from edge.sections import DetectorSection
from models import catalogue
from models.errors import ModelError
from tests.edge import clips
from tests.edge.written import maker
from wire import message as wire_message
from wire.event import EventMessage

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(
        '[device]\nid = "dev-1"\ndata_dir = "data"\n[room]\nurl = "http://127.0.0.1:9"\ntoken = "dev-1.x"\n'
        '[mqtt]\nurl = "mqtt://127.0.0.1:9"\n'
        '[[camera]]\nid = "good"\nname = "good"\nsource = "file:good.mp4"\n'
        '[[camera]]\nid = "bad"\nname = "bad"\nsource = "file:bad.mp4"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def _model() -> None:
    section = DetectorSection()
    try:
        catalogue.locate(section.model, section.input_px)
    except ModelError as error:
        pytest.skip(f"the detection model is not built: {error}")


def test_the_example_is_printed_whole() -> None:
    shown = call("config", "--example")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, config.example(), "")


def test_check_tries_each_camera(file: Path, tmp_path: Path) -> None:
    clips.write(tmp_path / "good.mp4", 5)
    (tmp_path / "bad.mp4").write_bytes(b"")
    checked = call("check", "-c", file, "--json")
    told = json.loads(checked.stdout)
    assert (checked.returncode, told["ok"]) == (1, False)
    assert [(one["id"], one["ok"], one["reason"]) for one in told["cameras"]] == [
        ("good", True, ""),
        ("bad", False, "is empty (0 bytes)"),
    ]
    verdicts = {one["about"]: one["verdict"] for one in told["device"]}
    assert {about: verdicts[about] for about in ("data folder", "room", "broker", "command key")} == {
        "data folder": "ok",
        "room": "note",  # it is away: events wait on the device
        "broker": "note",
        "command key": "note",
    }
    clips.write(tmp_path / "bad.mp4", 5)
    said = call("check", "-c", file)
    assert said.returncode == 0
    assert "  ok    stream: h264, 160x120 px\n" in said.stdout


def test_outbox_counts(file: Path, tmp_path: Path) -> None:
    for command in ("outbox", "fsck"):
        never_ran = call(command, "-c", file, "--json")
        assert (never_ran.returncode, never_ran.stdout) == (1, "")
        assert "holds no outbox" in never_ran.stderr
    outbox, began = Outbox(tmp_path / "data" / FILE_NAME, Clock()), Clock().now()
    messages = [outbox.append(maker(Clock())) for _ in range(3)]
    outbox.acknowledge([messages[0].message_id])
    counted = json.loads(call("outbox", "-c", file, "--json").stdout)  # while the agent has it open
    outbox.close()
    assert (counted["written"], counted["acked"], counted["pending"]) == (3, 1, 2)
    assert 0 < counted["oldest_pending_s"] < (Clock().now() - began).total_seconds()


def test_fsck(file: Path, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "data" / FILE_NAME, Clock())
    outbox.append(maker(Clock()))
    outbox.close()
    checked = call("fsck", "-c", file, "--json")
    assert (checked.returncode, json.loads(checked.stdout)) == (
        0,
        {"ok": True, "checked": 1, "violations": [], "recordings": []},
    )


WRONG: list[tuple[list[str], str]] = [
    ([], "the following arguments are required: COMMAND"),
    (["fly"], "argument COMMAND: invalid choice: 'fly'"),
    (["run", "-c", "absent.toml"], "absent.toml: cannot be read: No such file or directory"),
    (["analyse"], "the following arguments are required: VIDEO"),
    (["analyse", "x.mp4", "--rules", "dumping"], "--rules: got 'dumping'; allowed: illegal_dumping, "),
    (
        ["analyse", "x.mp4", "--set", "illegal_dumping.unattended_s"],
        "--set: got 'illegal_dumping.unattended_s'; allowed",
    ),
    (
        ["analyse", "x.mp4", "--set", "illegal_dumping.unattended_s=soon"],
        "--set illegal_dumping.unattended_s: got 'soon'; allowed: a number",
    ),
    (
        ["analyse", "x.mp4", "--set", "illegal_dumping.patience=3"],
        "--set illegal_dumping.patience: got 3; allowed: one of the keys calendar, cool_down_s, ",
    ),
    (
        ["analyse", "x.mp4", "--zones", "zones.json"],
        "zones.json: zones[z].points[1][0]: got 2; allowed: less than or equal",
    ),
    (["analyse", "x.mp4", "--zones", "text"], "text: is no JSON: "),
    (["analyse", "x.mp4", "--camera", "a"], "--camera: got 'a'; allowed: only together with -c FILE"),
]


@pytest.mark.parametrize(("arguments", "expected"), WRONG)
def test_wrong_usage_is_one_line(
    tmp_path: Path,
    arguments: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "zones.json").write_text('{"zones": [{"name": "z", "points": [[0, 0], [2, 0]]}]}', encoding="utf-8")
    (tmp_path / "text").write_text("no JSON", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith(f"talaia-edge: {expected}")


def walk(index: int) -> Any:
    """Two real people would be better; a person is drawn, and the rule is told to believe little."""
    image = np.full((240, 320, 3), 150, np.uint8)
    left = 10 + 4 * index
    cv2.ellipse(image, (left + 20, 90), (9, 11), 0, 0, 360, (120, 150, 200), -1)
    cv2.rectangle(image, (left + 6, 102), (left + 34, 160), (40, 40, 160), -1)
    cv2.rectangle(image, (left + 10, 160), (left + 30, 220), (60, 30, 30), -1)
    return image


@pytest.mark.usefixtures("_model")
def test_analyse_a_video_in_which_nothing_happens(tmp_path: Path) -> None:
    said = call("analyse", clips.write(tmp_path / "still.mp4", 60, picture=lambda _: walk(10)))
    assert (said.returncode, said.stdout) == (0, "")
    assert said.stderr == "still.mp4: times by the modification time of the file\n"


@pytest.mark.usefixtures("_model")
def test_analyse_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    said = call("analyse", "empty.mp4", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "talaia-edge: empty.mp4: is empty (0 bytes)\n"


@pytest.mark.data
@pytest.mark.usefixtures("_model")
def test_analyse_prints_messages_alone_and_says_what_it_found_before_a_break(tmp_path: Path) -> None:
    video = ROOT.parent / "shared" / "data" / "negatives" / "one-by-one-person-detection.mp4"
    if not video.exists():
        pytest.skip("../shared/data is not there")
    zones = tmp_path / "zones.json"
    zones.write_text('{"zones": [{"name": "z", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}]}', encoding="utf-8")
    cut = tmp_path / "cut.mp4"
    content = video.read_bytes()
    cut.write_bytes(content[: len(content) // 10])
    said = call("analyse", cut, "--zones", zones, "--rules", "intrusion", "--set", "intrusion.confirm_s=0.5")
    assert said.returncode == 1
    assert "cut.mp4: is truncated: it ends after" in said.stderr
    [line] = said.stdout.splitlines()
    message, warnings = wire_message.read(EventMessage, line.encode())
    assert (message.rule, message.phase, message.sequence, message.zone, warnings) == (
        "intrusion",
        "opened",
        1,
        "z",
        [],
    )
    assert message.attributes["clock"] == "creation time in the file"
    began_s, emitted_s = message.attributes["began_media_time_s"], message.attributes["media_time_s"]
    assert isinstance(began_s, float)
    assert isinstance(emitted_s, float)
    assert 0 < began_s < emitted_s < 20
