"""One broker for a file of tests, one room for each test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control_room.broker_access.keeping import Keeping
from control_room.enrolment import authority
from tests.control_room import door as doors
from tests.control_room import secure_broker
from tests.control_room.broker_access.town import Town


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[secure_broker.SecureBroker]:
    with secure_broker.running(tmp_path_factory.mktemp("secure-broker")) as running:
        yield running


@pytest.fixture
def town(broker: secure_broker.SecureBroker, database_url: str, tmp_path: Path) -> Iterator[Town]:
    stop = threading.Event()
    with doors.opened(database_url, tmp_path, more=broker.sections) as door:
        door.clock.now = datetime.now(UTC)
        settings = doors.settings(database_url, tmp_path, more=broker.sections)
        keys = authority.load(settings.enrolment)
        assert keys is not None
        keeping = Keeping(settings, keys, stop)
        keeping.thread.start()
        yield Town(door, broker, tmp_path, keeping)
        stop.set()
        keeping.thread.join(120)
