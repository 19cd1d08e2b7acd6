"""Where the package cannot be had the street is drawn, and whoever asked is told so."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from launch.footage import make
from tests.launch.footage import clips


def test_killed_run_leaves_nothing_half_made(drawn: clips.DrawnRun) -> None:
    assert [name for name in drawn.after_kill if name != ".lock"] == []


def test_next_run_clears_up_and_finishes(drawn: clips.DrawnRun) -> None:
    assert drawn.finished.returncode == 0, drawn.finished.stderr
    names = sorted(path.name for path in drawn.clips.directory.iterdir())
    assert names == [".lock", make.FACTS, make.STAGED, make.STREET]


def test_says_that_it_is_drawn_and_why(drawn: clips.DrawnRun) -> None:
    lines = [line for line in drawn.finished.stderr.splitlines() if "drawn street" in line]
    assert len(lines) == 1
    assert "apt-get" in lines[0]
    assert (drawn.clips.facts["drawn"], drawn.clips.facts["package"]) == (True, None)
    assert drawn.finished.stdout.strip() == str(drawn.clips.directory)


def test_drawn_thing_is_carried_left_and_stays(drawn: clips.DrawnRun) -> None:
    facts = drawn.clips.facts["staged_dumping"]
    x1, y1, x2, y2 = (round(edge) for edge in facts["bbox_px"])
    first, placed = (round(facts[key] * facts["frame_rate"]) for key in ("appears_s", "placed_s"))
    differences = drawn.clips.differences({first - 2, placed + 50, facts["frames"] - 1})
    assert differences[first - 2][40:].mean() < 3
    for frame in (placed + 50, facts["frames"] - 1):
        assert differences[frame][y1:y2, x1:x2].mean() > 25
        differences[frame][y1 - 6 : y2 + 12, x1 - 6 : x2 + 6] = 0
        assert differences[frame][40:].mean() < 3
    assert facts["frames"] / facts["frame_rate"] - facts["owner_left_picture_s"] >= 25


def test_second_run_keeps_the_drawn_street_while_nothing_better_is_to_be_had(
    drawn: clips.DrawnRun, without_apt: dict[str, str]
) -> None:
    before = (drawn.clips.directory / make.STAGED).stat().st_mtime_ns
    again = subprocess.run(
        [*clips.MAKE, str(drawn.clips.directory)],
        env=without_apt,
        check=False,
        capture_output=True,
        text=True,
        timeout=clips.LONG_S,
    )
    assert again.returncode == 0
    assert "there already" in again.stderr
    assert (drawn.clips.directory / make.STAGED).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda directory: (directory / make.STREET).write_bytes(b"cut"),
        lambda directory: (directory / make.STAGED).unlink(),
        lambda directory: (directory / make.FACTS).write_text("{}"),
        lambda directory: (directory / make.FACTS).write_text("no json"),
        lambda directory: (directory / make.FACTS).write_text(
            json.dumps({**json.loads((directory / make.FACTS).read_text()), "made_by": "other code"})
        ),
    ],
)
def test_spoilt_or_older_clips_do_not_count_as_made(drawn: clips.DrawnRun, tmp_path: Path, spoil: object) -> None:
    for name in (make.STREET, make.STAGED, make.FACTS):
        shutil.copy(drawn.clips.directory / name, tmp_path)
    assert make.kept(tmp_path) is not None
    assert callable(spoil)
    spoil(tmp_path)
    assert make.kept(tmp_path) is None
