"""What an agent speaks to: a broker, a room at it, and the room's door for files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.edge.broker import Broker, Room
from tests.edge.door import Door

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
