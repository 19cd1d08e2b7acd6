"""What a rule that no longer runs had open is closed by the device."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge import config, endings
from edge.outbox import FILE_NAME, Occurrence, Outbox, RuleState
from tests.edge.clocks import HandClock
from tests.edge.written import maker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = '[device]\nid = "dev-1"\ndata_dir = "data"\n[room]\nurl = "http://h"\ntoken = "t"\n[mqtt]\nurl = "mqtt://h"\n'
CAMERA = '[[camera]]\nid = "{id}"\nname = "P"\nsource = "file:a"\n[camera.rules.illegal_dumping]\nenabled = {enabled}\n'


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox(tmp_path / "data" / FILE_NAME, HandClock())
    yield opened
    opened.close()


def settings(folder: Path, camera_id: str, enabled: str) -> config.Settings:
    path = folder / "edge.toml"
    path.write_text(HEAD + CAMERA.format(id=camera_id, enabled=enabled), encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize(
    ("camera_id", "enabled", "closed"), [("placa", "true", 0), ("placa", "false", 1), ("another", "true", 1)]
)
def test_only_what_nobody_watches_any_more_is_closed(
    tmp_path: Path, outbox: Outbox, camera_id: str, enabled: str, closed: int
) -> None:
    clock = HandClock()
    opened = outbox.append(
        maker(clock),
        occurrence=Occurrence("placa", "illegal_dumping", 4, open=True, began_at=clock.now()),
        rule_state=RuleState("placa", "illegal_dumping", {"next_number": 5}),
    )
    clock.passed_s = 3600
    wanted = settings(tmp_path, camera_id, enabled)
    assert endings.close_switched_off(wanted, outbox, clock) == closed
    assert endings.close_switched_off(wanted, outbox, clock) == 0
    rows = [json.loads(one.payload) for one in outbox.pending(10)]
    told = [(row["sequence"], row["phase"], row["event_id"], row["attributes"].get("ended")) for row in rows]
    expected = [(1, "opened", str(opened.event_id), None), (2, "closed", str(opened.event_id), "rule_off")]
    assert told == expected[: 1 + closed]
    if closed:
        assert rows[1]["occurred_at"] == "2026-03-01T13:00:00Z"
        assert outbox.event_of("placa", "illegal_dumping", 4) is None
        assert outbox.rule_state("placa", "illegal_dumping") is None


def test_an_outbox_of_an_earlier_version_closes_by_its_messages(tmp_path: Path, outbox: Outbox) -> None:
    outbox.append(maker(HandClock()), occurrence=Occurrence("placa", "illegal_dumping", 1, open=True))
    outbox._connection.execute("alter table occurrences drop column told")
    outbox.close()
    again = Outbox(tmp_path / "data" / FILE_NAME, HandClock())
    assert endings.close_switched_off(settings(tmp_path, "placa", "false"), again, HandClock()) == 1
    assert again.counts().written == 2
    again.close()
