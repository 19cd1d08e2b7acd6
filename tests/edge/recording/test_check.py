"""The check finds what is gone, changed, left open or unlisted; a repair loses nothing that a file still holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge.recording import Recordings
from edge.recording.check import check
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import NAMES, at, files, hold

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = clips.write(tmp_path / "a.mp4", 100, fps=10, gop=10)
    packets.record(tmp_path / "recordings", path, HandClock()).close()
    return tmp_path / "recordings"


def segment(folder: Path, number: int) -> Path:
    return folder / "placa" / "2026-03-01" / f"{NAMES[number]}.mp4"


def found(folder: Path, *, repair: bool = False, running: bool = False) -> list[tuple[str, int, bool, bool]]:
    checked = check(folder, repair=repair, running=running)
    numbers = {f"placa/2026-03-01/{name}.mp4": number for number, name in enumerate(NAMES)}
    return [(one.code, numbers.get(one.path, -1), one.lost, one.repaired) for one in checked.findings]


def spans(folder: Path) -> list[tuple[float, float, int]]:
    recordings = Recordings(folder, packets.settings(), HandClock())
    listed = recordings.listing("placa", START, at(3600)).spans
    recordings.close()
    return [((one.from_ - START).total_seconds(), (one.to - START).total_seconds(), one.segments) for one in listed]


def test_a_sound_recording_has_no_findings(folder: Path) -> None:
    assert found(folder) == []
    assert check(folder, repair=False, running=False).segments == 5


def test_what_is_gone_or_changed_is_a_loss(folder: Path) -> None:
    segment(folder, 1).unlink()
    content = bytearray(segment(folder, 2).read_bytes())
    content[1500] ^= 1
    segment(folder, 2).write_bytes(content)
    with segment(folder, 3).open("ab") as file:
        file.write(b"more")
    segment(folder, 4).write_bytes(segment(folder, 0).read_bytes())
    assert found(folder) == [
        ("damaged", 2, True, False),
        ("damaged", 3, True, False),
        ("missing", 1, True, False),
        ("differs", 4, True, False),
    ]


def test_a_lost_or_broken_index_is_made_again_from_the_files(folder: Path) -> None:
    before = spans(folder)
    for path in folder.glob("recordings.sqlite3*"):
        path.unlink()
    assert found(folder)[0] == ("index", -1, False, False)
    assert found(folder, repair=True)[0] == ("index", -1, False, True)
    assert (found(folder), spans(folder)) == ([], before)
    (folder / "recordings.sqlite3").write_bytes(b"no database at all" * 100)
    assert found(folder, repair=True)[0][0] == "index"
    assert (found(folder), spans(folder)) == ([], before)


def test_a_segment_that_a_running_agent_has_closed_and_not_listed_yet_is_no_finding(folder: Path) -> None:
    index = Recordings(folder, packets.settings(), HandClock())
    index._index.forget([str(segment(folder, 4).relative_to(folder))])
    index.close()
    assert found(folder, running=True) == []
    assert found(folder) == [("orphan", 4, False, False)]


@pytest.mark.parametrize("cut_bytes", [400, 1500])
def test_an_open_segment_is_closed_up_to_its_last_whole_fragment(folder: Path, cut_bytes: int) -> None:
    last = segment(folder, 4)
    index = Recordings(folder, packets.settings(), HandClock())
    index._index.forget([str(last.relative_to(folder))])
    index.close()
    last.write_bytes(last.read_bytes()[:-cut_bytes])
    assert found(folder, running=True) == []
    assert found(folder) == [("unclosed", 4, False, False)]
    assert found(folder, repair=True) == [("unclosed", 4, False, True)]
    assert found(folder) == []
    read = list(Recordings(folder, packets.settings(), HandClock()).packets("placa", at(8), at(60)))[-1]
    assert 10 <= len(read.packets) <= 20


def test_the_next_start_closes_it_too_and_nothing_whole_leaves_no_file(folder: Path) -> None:
    for number, length in ((3, 100), (4, 2500)):
        path = segment(folder, number)
        recordings = Recordings(folder, packets.settings(), HandClock())
        recordings._index.forget([str(path.relative_to(folder))])
        recordings.close()
        path.write_bytes(path.read_bytes()[:length])
    Recordings(folder, packets.settings(), HandClock()).close()
    assert found(folder) == []
    assert segment(folder, 3).exists() is False
    assert len(files(folder)) == 4


def test_what_was_being_erased_is_no_loss_and_goes_at_the_next_start(folder: Path) -> None:
    recordings = Recordings(folder, packets.settings(), HandClock())
    recordings._index.doom([f"placa/2026-03-01/{name}.mp4" for name in NAMES[:2]])
    recordings.close()
    segment(folder, 0).unlink()
    assert found(folder) == []
    Recordings(folder, packets.settings(), HandClock()).close()
    assert len(files(folder)) == 3


def test_holds_outlive_the_index_and_a_broken_one_is_found(folder: Path) -> None:
    recordings = Recordings(folder, packets.settings(), HandClock())
    recordings.hold(hold(0, 5))
    recordings.close()
    for path in folder.glob("recordings.sqlite3*"):
        path.unlink()
    check(folder, repair=True, running=False)
    again = Recordings(folder, packets.settings(), HandClock())
    assert [(span.held, span.segments) for span in again.listing("placa", START, at(60)).spans] == [
        (True, 3),
        (False, 2),
    ]
    again.close()
    next((folder / "holds").iterdir()).write_text("{")
    assert found(folder) == [("hold", -1, True, False)]
