"""`talaia-room retention run`, killed wherever it is: nothing is lost that must stay, and the next run goes on."""

from __future__ import annotations

import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from control_room.database import pool
from control_room.fsck import report
from control_room.holds import service as holds
from control_room.store.local import LocalStore
from tests.control_room import messages, services
from tests.control_room.messages import NOON
from tests.control_room.retention import month

EVENTS = 40
HELD, OPEN = (7, 30), (12, 13)
PROGRAM = Path(sys.executable).with_name("talaia-room")
DONE = "SELECT (SELECT count(*) FROM audit WHERE action = 'retention.remove')::int AS steps,"
DONE += " (SELECT count(*) FROM file_removals)::int AS files"


class Room:
    """Whose device was silent for so long that all of its events are over."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.store = LocalStore(folder / "store")
        self._settings = month.settings(folder, url)

    def fill(self, connection: pool.Connection) -> None:
        month.fill(connection, self.store, EVENTS)
        ago = datetime.now(UTC) - timedelta(days=11) - (NOON + EVENTS * month.EVERY)
        # All of it as far in the past as the process's own clock needs.
        connection.execute("CREATE TEMP TABLE moved AS SELECT * FROM events")
        connection.execute("UPDATE moved SET occurred_at = occurred_at + %s", (ago,))
        connection.execute("DELETE FROM events")
        connection.execute("INSERT INTO events SELECT * FROM moved")
        connection.execute("UPDATE alerts SET opened_at = opened_at + %s", (ago,))
        connection.execute("UPDATE evidence SET captured_to = captured_to + %s", (ago,))
        connection.execute("UPDATE alerts SET state = 'new', close_reason = NULL WHERE told_sequence = ANY(%s)",
                           (list(OPEN),))  # fmt: skip
        connection.execute(
            "INSERT INTO alert_history (alert_id, at, actor_kind, actor, action, state, version)"
            " SELECT alert_id, now(), 'user', 'marta', 'reopened', state, version FROM alerts WHERE state = 'new'"
        )
        for number in HELD:
            (held,) = messages.rows(connection, "SELECT alert_id FROM alerts WHERE told_sequence = %s", number)
            month.hold(connection, holds.Wanted(object_kind="alert", alert_id=held["alert_id"]))

    def run(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([PROGRAM, "retention", "run", "-c", self._settings], stdout=subprocess.DEVNULL)

    def is_sound(self) -> bool:
        with pool.connect(self.url) as reader:
            found = report.check(reader, self.store)
        assert found.is_sound, list(found.lines())
        (device,) = found.devices
        assert device.stored + device.removed == EVENTS
        assert device.gaps == []
        return True


def _kill_after(
    connection: pool.Connection, process: subprocess.Popen[bytes], steps: int, chance: random.Random
) -> int:
    """Once it has written so many steps, and a little later; how many it had."""
    while process.poll() is None:
        (done,) = messages.rows(connection, DONE)
        if done["steps"] >= steps:
            for _ in range(chance.randrange(30)):
                connection.execute("SELECT 1")
            break
    process.kill()
    process.wait(timeout=60)
    busy = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
    services.wait_until(lambda: messages.rows(connection, busy) == [], 60, "the killed process's connection ends")
    (done,) = messages.rows(connection, DONE)
    return int(done["steps"])


def test_killed_anywhere_it_goes_on(either_database_url: str, tmp_path: Path) -> None:
    chance = random.Random(11)
    room = Room(either_database_url, tmp_path)
    must_stay = {*HELD, *OPEN}
    with pool.connect(either_database_url, autocommit=True) as connection:
        room.fill(connection)
        steps = 0
        for _ in range(3):
            steps = _kill_after(connection, room.run(), steps + chance.randrange(1, 6), chance)
            assert room.is_sound()
            left = {row["sequence"] for row in messages.rows(connection, "SELECT sequence FROM stored_events")}
            assert must_stay <= left
            assert {month.name(number) for number in must_stay} <= {one.sha256 for one in room.store.contents()}
        assert steps > 0
        assert room.run().wait(timeout=120) == 0
        assert room.is_sound()
        left = {row["sequence"] for row in messages.rows(connection, "SELECT sequence FROM stored_events")}
        assert left == must_stay
        assert {one.sha256 for one in room.store.contents()} == {month.name(number) for number in must_stay}
        assert messages.rows(connection, "SELECT 1 FROM file_removals") == []
        (told,) = messages.rows(
            connection,
            "SELECT sum((detail ->> 'rows')::int)::int AS rows, sum((detail ->> 'kept')::int)::int AS kept"
            " FROM audit WHERE action = 'retention.remove' AND object_id = 'events'",
        )
        assert told == {"rows": EVENTS, "kept": len(must_stay)}, "each step was written down once"
