"""What an agent speaks to: a broker, a room at it, and the room's door for files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge import camera, handoff
from edge.ptz import desk, turning
from tests.edge.broker import Broker, Room
from tests.edge.door import Door

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.source import SourceSettings


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    started = Broker(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def room(broker: Broker) -> Iterator[Room]:
    opened = Room(broker.port)
    yield opened
    opened.close()


@pytest.fixture
def door() -> Iterator[Door]:
    with Door() as opened:
        yield opened


@pytest.fixture
def patient_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for some seconds loses neither a camera nor a picture by it."""
    made: Callable[..., SourceSettings] = camera.source_settings
    monkeypatch.setattr(camera, "source_settings", lambda *of: replace(made(*of), silence_s=60.0))
    monkeypatch.setattr(handoff, "_WAIT_S", 60.0)


@pytest.fixture
def patient_heads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it give up a camera that is turned and does not answer within seconds."""
    monkeypatch.setattr(turning, "_ANSWER_S", 60.0)
    monkeypatch.setattr(turning, "_LAST_STOP_S", 60.0)
    monkeypatch.setattr(desk, "_ANSWER_S", 120.0)
    monkeypatch.setattr(desk, "_FAREWELL_S", 60.0)
