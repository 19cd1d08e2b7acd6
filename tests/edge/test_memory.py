"""What rules learned is kept over a restart, and a file that is wrong in any way costs only itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge.memory import Memory, scene_of
from tests.edge.clocks import HandClock
from vision.rules.base import Rule

if TYPE_CHECKING:
    from pathlib import Path

    from vision.rules.base import RuleEvent, Scene

STREET, SQUARE = scene_of("rtsp://192.0.2.1/street"), scene_of("rtsp://192.0.2.2/square")


class Learner(Rule):
    name = "learner"

    def __init__(self, knows: bytes | None = None) -> None:
        self.knows = knows
        self.ago_s: float | None = None

    def update(self, scene: Scene) -> list[RuleEvent]:
        del scene
        return []

    def snapshot(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any], ago_s: float) -> None:
        del state, ago_s

    def memory(self) -> bytes | None:
        return self.knows

    def recall(self, memory: bytes, ago_s: float) -> None:
        if memory.startswith(b"old"):
            raise ValueError("it is of another version")
        self.knows, self.ago_s = memory, ago_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def keep(folder: Path, clock: HandClock, *rules: Rule, scene: bytes = STREET) -> Path:
    memory = Memory(folder, clock)
    memory.keep("placa", scene, rules)
    memory.end()
    memory.run()
    return folder / "placa" / "learner.bin"


def test_it_comes_back_with_its_age(tmp_path: Path, clock: HandClock) -> None:
    path = keep(tmp_path, clock, Learner(b"the street"), Learner(None))
    assert [one.name for one in path.parent.iterdir()] == ["learner.bin"]
    clock.passed_s += 3600
    fresh = Learner()
    Memory(tmp_path, clock).give_back("placa", STREET, fresh)
    assert (fresh.knows, fresh.ago_s) == (b"the street", 3600.0)


def test_the_newest_replaces_what_waits(tmp_path: Path, clock: HandClock) -> None:
    memory = Memory(tmp_path, clock)
    for knows in (b"morning", b"noon"):
        memory.keep("placa", STREET, [Learner(knows)])
    memory.end()
    memory.run()
    fresh = Learner()
    memory.give_back("placa", STREET, fresh)
    assert fresh.knows == b"noon"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda content: content[:-1], "its file is damaged"),
        (lambda content: content[:10], "its file is damaged or of another version"),
        (lambda content: content[:-1] + b"\0", "its file is damaged"),
        (lambda _: b"", "its file is damaged or of another version"),
        (lambda content: content, "it was learned of another source"),
    ],
)
def test_a_wrong_file_begins_afresh_with_a_warning(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture, spoil: Any, said: str
) -> None:
    path = keep(tmp_path, clock, Learner(b"the street"))
    path.write_bytes(spoil(path.read_bytes()))
    fresh = Learner()
    Memory(tmp_path, clock).give_back("placa", SQUARE if "source" in said else STREET, fresh)
    assert fresh.knows is None
    assert [record.getMessage() for record in caplog.records] == [f"placa: learner begins afresh: {said}"]


def test_what_the_rule_refuses_and_what_is_not_there_begin_afresh(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    fresh = Learner()
    Memory(tmp_path, clock).give_back("placa", STREET, fresh)
    assert caplog.records == []
    keep(tmp_path, clock, Learner(b"old"))
    Memory(tmp_path, clock).give_back("placa", STREET, fresh)
    assert fresh.knows is None
    assert "another version" in caplog.records[0].getMessage()
