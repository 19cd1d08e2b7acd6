"""Files of flights go when their time is over, logs after their years; what is held stays."""

from __future__ import annotations

from uuid_utils import compat as uuids

from control_room import config
from control_room.fsck import report
from control_room.retention import limits, service
from tests.control_room import door as doors
from tests.control_room import services
from tests.control_room.flights import sending


def run(door: doors.Door, **later: float) -> dict[str, int]:
    now = door.clock.move(**later)
    with door.connection() as connection:
        until = limits.at(now, config.Retention())
        planned = {step.kind: step.rows for step in service.plan(connection, until, now)}
        steps = list(service.Run(connection, door.room.store, until, now).steps())
        assert report.check(connection, door.room.store).is_sound
    done: dict[str, int] = {step.kind: step.rows for step in steps}
    assert planned.get("footage", 0) == done.get("footage", 0)
    return done


def flown(door: doors.Door, name: str, seconds: int) -> str:
    pere, log = door.as_person("pere"), sending.srt(seconds, began=door.clock())
    flight_id, [footage_id] = sending.confirm(pere, sending.entry(name, log, kind="telemetry"))
    assert sending.send(pere, footage_id, log).status_code == 204
    sending.analyst_once(door)
    return flight_id


def test_files_go_after_their_days_and_those_of_a_held_flight_stay(door: doors.Door) -> None:
    gone, held = flown(door, "A.SRT", 20), flown(door, "B.SRT", 30)
    marta = door.as_person("marta")
    hold = {"object": {"kind": "flight", "flight_id": held}, "reason": "case 7"}
    hold_id = marta.post("/api/v1/holds", json=hold).json()["hold_id"]
    assert run(door, days=20).get("footage", 0) == 0
    assert run(door, days=11)["footage"] == 1
    rows = {str(row["flight_id"]): row for row in door.rows("SELECT flight_id, state, sha256 FROM footage")}
    assert (rows[gone]["state"], rows[held]["state"]) == ("erased", "ready")
    left = [rows[held]["sha256"]]
    services.wait_until(  # the room itself may be at it
        lambda: [content.sha256 for content in door.room.store.contents()] == left, 60, "the other's file to be gone"
    )
    address = f"/api/v1/flights/{gone}"
    file = door.as_person("pere").get(f"{address}/footage").json()["items"][0]
    answer = door.as_person("pere").get(f"{address}/footage/{file['footage_id']}/content")
    assert doors.problem(answer) == (410, "erased")
    assert len(door.as_person("pere").get(address).json()["track"]) == 20  # the log stays
    door.as_person("anna").post(f"/api/v1/holds/{hold_id}/release", json={"reason": "over"})
    assert run(door, minutes=1)["footage"] == 1


def test_a_log_goes_after_its_years_with_all_that_is_of_it(door: doors.Door) -> None:
    flight_id = flown(door, "A.SRT", 20)
    with door.connection() as connection:
        connection.execute(
            "INSERT INTO findings (finding_id, flight_id, state, label, seen_at, method, added_by, added_at)"
            " VALUES (%s, %s, 'candidate', 'unusual', %s, 'by hand', 'pere', %s)",
            (uuids.uuid7(), flight_id, door.clock(), door.clock()),
        )
    run(door, days=31)
    assert "flights" not in run(door, days=3 * 365 - 40)
    assert run(door, days=20)["flights"] == 1
    for table in ("flights", "footage", "telemetry_samples", "findings", "flight_history"):
        assert door.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0, table  # noqa: S608 - names of this test
    [row] = door.rows("SELECT detail FROM audit WHERE action = 'retention.remove' AND object_id = 'flights'")
    assert row["detail"]["rows"] == 1


def test_a_card_that_nobody_sent_to_its_end_can_be_thrown_away(door: doors.Door) -> None:
    pere, log = door.as_person("pere"), sending.srt()
    flight_id, [footage_id] = sending.confirm(pere, sending.entry("A.SRT", log, kind="telemetry"))
    begun = sending.begin(pere, footage_id, len(log))
    sending.add(pere, begun.headers["Location"], 0, log[:100])
    given = {"version": 1, "reason": "the wrong card", "confirm": True}
    assert pere.post(f"/api/v1/flights/{flight_id}/delete", json=given).status_code == 204
    assert door.rows("SELECT 1 FROM uploads") == []
    assert list(door.room.store.staging.uploads.iterdir()) == []
