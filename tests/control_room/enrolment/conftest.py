"""A room that enrols devices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control_room import config
from control_room.commands import keys as command_keys
from control_room.enrolment import authority
from tests.control_room import door as doors


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    """A room with both keys."""
    enrolment = {"directory": str(tmp_path / "town")}
    authority.make(config.Enrolment.model_validate(enrolment), "Tarragona", datetime.now(UTC))
    key_file = str(tmp_path / "command.key")
    command_keys.make(config.Commands(key_file=key_file))
    with doors.opened(database_url, tmp_path, key_file=key_file, more={"enrolment": enrolment}) as opened:
        opened.clock.now = datetime.now(UTC)
        yield opened
