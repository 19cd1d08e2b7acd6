"""A card is confirmed, its files come, and the flight is there: over HTTP, with real files and the real queue."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from control_room.fsck import report
from tests.control_room import door as doors
from tests.control_room.flights import sending


def test_a_card_becomes_a_flight_with_its_track(door: doors.Door, tmp_path: Path) -> None:
    pere, log, film = door.as_person("pere"), sending.srt(), sending.video(tmp_path / "a.mp4")
    card = [
        {"name": "DJI_0001.MP4", "folder": "DCIM", "bytes": len(film), "modified_at": sending.BEGAN.isoformat()},
        {"name": "DJI_0001.SRT", "folder": "DCIM", "bytes": len(log), "modified_at": sending.BEGAN.isoformat()},
    ]
    proposal = pere.post("/api/v1/flights/cards", json={"files": card}).json()
    assert [[file["kind"] for file in flight["files"]] for flight in proposal["flights"]] == [["telemetry", "video"]]
    assert proposal["known"] == []
    flight_id, [video, srt] = sending.confirm(
        pere, sending.entry("DJI_0001.MP4", film), sending.entry("DJI_0001.SRT", log, kind="telemetry", belongs_to=0)
    )
    assert [one["kind"] for one in pere.get("/api/v1/flights/unfinished").json()["items"]] == ["telemetry", "video"]
    assert sending.send(pere, srt, log, filename="DJI_0001.SRT").status_code == 204
    sending.analyst_once(door)
    before = pere.get(f"/api/v1/flights/{flight_id}").json()
    assert before["take_off_at"] == "2026-05-20T10:00:00Z"  # there before the video is
    assert before["greatest_height_m"] == 60.0
    assert 15 < before["length_m"] < 25
    assert len(before["track"]) == 20
    assert sending.send(pere, video, film, filename="DJI_0001.MP4").status_code == 204
    sending.analyst_once(door)
    files = sending.footage(door.as_person("marta"), flight_id)
    assert {name: file["state"] for name, file in files.items()} == {"DJI_0001.MP4": "ready", "DJI_0001.SRT": "ready"}
    assert (files["DJI_0001.MP4"]["duration_s"], files["DJI_0001.MP4"]["width_px"]) == (2.0, 160)
    assert files["DJI_0001.MP4"]["telemetry"]["rows"] == 20  # of the log beside it
    after = pere.get(f"/api/v1/flights/{flight_id}").json()
    assert {"code": "telemetry_longer", "values": {"name": "DJI_0001.MP4", "seconds": 17}} in after["doubts"]
    told = pere.get(f"/api/v1/flights/{flight_id}/telemetry", params={"rows": 5}).json()
    assert (told["rows"], told["every"], len(told["items"])) == (20, 4, 5)
    assert {item["footage_id"] for item in told["items"]} == {video}
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


def test_an_upload_goes_on_after_a_week_from_another_browser(door: doors.Door, tmp_path: Path) -> None:
    pere, film = door.as_person("pere"), sending.video(tmp_path / "a.mp4")
    flight_id, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", film))
    begun = sending.begin(pere, video, len(film))
    half = len(film) // 2
    assert sending.add(pere, begun.headers["Location"], 0, film[:half]).status_code == 204
    door.clock.move(days=7)
    other = door.as_person("pere")
    [left] = other.get("/api/v1/flights/unfinished").json()["items"]
    assert (left["here_bytes"], left["upload_id"]) == (half, begun.headers["Location"].rpartition("/")[2])
    card = {"files": [{"name": "DJI_0001.MP4", "bytes": len(film), "modified_at": sending.BEGAN.isoformat()}]}
    [known] = other.post("/api/v1/flights/cards", json=card).json()["known"]
    assert (known["footage_id"], known["state"], known["upload_id"]) == (video, "awaited", left["upload_id"])
    assert sending.add(other, begun.headers["Location"], half, film[half:]).status_code == 204
    assert sending.footage(other, flight_id)["DJI_0001.MP4"]["state"] == "ready"
    assert other.get("/api/v1/flights/unfinished").json()["items"] == []


def test_what_is_here_is_known_by_its_content_or_perhaps_by_its_name(door: doors.Door, tmp_path: Path) -> None:
    pere, film = door.as_person("pere"), sending.video(tmp_path / "a.mp4")
    _, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", film))
    sending.send(pere, video, film)
    digest = hashlib.sha256(film).hexdigest()
    named = {"name": "DJI_0001.MP4", "bytes": len(film), "modified_at": sending.BEGAN.isoformat()}
    renamed = {"name": "copy.mp4", "bytes": len(film), "sha256": digest}
    later = named | {"modified_at": "2026-05-21T10:00:00Z"}
    known = pere.post("/api/v1/flights/cards", json={"files": [named, renamed, later]}).json()["known"]
    assert [(one["index"], one["footage_id"], one["sure"]) for one in known] == [(0, video, False), (1, video, True)]
    _, [again] = sending.confirm(pere, sending.entry("copy.mp4", film))
    refused = sending.send(pere, again, film)
    assert doors.problem(refused) == (409, "same-content")
    assert door.rows("SELECT state FROM footage WHERE footage_id = %s", again)[0]["state"] == "refused"
    with door.connection() as connection:
        assert report.check(connection, door.room.store).is_sound


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00\x00\x00\x08mdat", "damaged"),
        (b"PK\x03\x04" * 9, "alien_kind"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(door: doors.Door, content: bytes, code: str) -> None:
    pere = door.as_person("pere")
    flight_id, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", content))
    assert doors.problem(sending.send(pere, video, content, filename="DJI_0001.MP4")) == (422, "refused-file")
    file = sending.footage(pere, flight_id)["DJI_0001.MP4"]
    assert (file["state"], file["reason"].partition(":")[0]) == ("refused", code)
    assert list(door.room.store.contents()) == []


def test_another_pilots_flight_is_read_and_not_changed(door: doors.Door) -> None:
    pere, anna, marta = (door.as_person(name) for name in ("pere", "anna", "marta"))
    flight_id, [footage_id] = sending.confirm(anna, sending.entry("DJI_0001.SRT", b"x" * 9, kind="telemetry"))
    assert pere.get(f"/api/v1/flights/{flight_id}").json()["may_change"] is False
    changed = pere.patch(f"/api/v1/flights/{flight_id}", json={"version": 1, "purpose": "dumping"})
    assert doors.problem(changed) == (403, "anothers-flight")
    assert doors.problem(sending.begin(pere, footage_id, 9)) == (403, "anothers-flight")
    assert doors.problem(sending.begin(anna, footage_id, 10)) == (422, "other-size")
    assert doors.problem(marta.post("/api/v1/flights/cards", json={"files": []}))[0] == 403
    assert marta.patch(f"/api/v1/flights/{flight_id}", json={"version": 1, "purpose": "dumping"}).status_code == 200


def test_the_log_is_changed_by_version_and_keeps_its_history(door: doors.Door) -> None:
    pere = door.as_person("pere")
    flight_id, _ = sending.confirm(pere, sending.entry("DJI_0001.SRT", b"x" * 9, kind="telemetry"))
    address = f"/api/v1/flights/{flight_id}"
    first = pere.patch(address, json={"version": 1, "purpose": "dumping", "weather": "calm"}).json()
    assert (first["version"], first["purpose"], first["weather"]) == (2, "dumping", "calm")
    stale = pere.patch(address, json={"version": 1, "purpose": "fire"})
    assert doors.problem(stale) == (409, "stale-version")
    assert stale.json()["flight"]["purpose"] == "dumping"
    assert doors.problem(pere.patch(address, json={"version": 2, "aircraft_id": flight_id})) == (
        422,
        "unknown-reference",
    )
    backwards = {"version": 2, "take_off_at": "2026-05-20T11:00:00Z", "landed_at": "2026-05-20T10:00:00Z"}
    assert doors.problem(pere.patch(address, json=backwards)) == (422, "wrong-times")
    history = pere.get(address).json()["history"]
    assert [row["action"] for row in history] == ["add", "correct"]
    assert history[1]["changed"]["purpose"] == [None, "dumping"]


def test_files_move_and_drafts_merge(door: doors.Door) -> None:
    pere = door.as_person("pere")
    one, two = sending.srt(), sending.srt(30, began=sending.BEGAN.replace(hour=15))
    flight_id, files = sending.confirm(
        pere, sending.entry("A.SRT", one, kind="telemetry"), sending.entry("B.SRT", two, kind="telemetry")
    )
    for footage_id, content in zip(files, (one, two), strict=True):
        sending.send(pere, footage_id, content)
    sending.analyst_once(door)
    address = f"/api/v1/flights/{flight_id}"
    whole = pere.get(address).json()
    assert whole["landed_at"] == "2026-05-20T15:00:29Z"
    all_of_them = pere.post(f"{address}/move", json={"version": whole["version"], "footage_ids": files})
    assert doors.problem(all_of_them) == (422, "wrong-files")
    other = pere.post(f"{address}/move", json={"version": whole["version"], "footage_ids": files[1:]}).json()
    assert (other["take_off_at"], other["files"]) == ("2026-05-20T15:00:00Z", 1)
    left = pere.get(address).json()
    assert (left["landed_at"], left["files"]) == ("2026-05-20T10:00:19Z", 1)
    merged = pere.post(f"{address}/merge", json={"version": left["version"], "flight_id": other["flight_id"]}).json()
    assert (merged["files"], merged["landed_at"]) == (2, "2026-05-20T15:00:29Z")
    assert pere.get(f"/api/v1/flights/{other['flight_id']}").status_code == 404
    assert len(pere.get("/api/v1/flights").json()["items"]) == 1


def test_a_draft_is_thrown_away_with_its_files(door: doors.Door) -> None:
    pere, log = door.as_person("pere"), sending.srt()
    flight_id, [footage_id] = sending.confirm(pere, sending.entry("A.SRT", log, kind="telemetry"))
    sending.send(pere, footage_id, log)
    sending.analyst_once(door)
    address = f"/api/v1/flights/{flight_id}/delete"
    version = pere.get(f"/api/v1/flights/{flight_id}").json()["version"]
    assert pere.post(address, json={"version": version, "reason": "a test"}).status_code == 422  # not confirmed
    hold = {"object": {"kind": "flight", "flight_id": flight_id}, "reason": "case 7"}
    held = door.as_person("marta").post("/api/v1/holds", json=hold)
    assert held.status_code == 201, held.text
    given = {"version": version, "reason": "a test", "confirm": True}
    assert doors.problem(pere.post(address, json=given)) == (409, "not-a-draft")
    door.as_person("anna").post(f"/api/v1/holds/{held.json()['hold_id']}/release", json={"reason": "over"})
    assert pere.post(address, json=given).status_code == 204
    assert door.rows("SELECT count(*) AS n FROM telemetry_samples")[0]["n"] == 0
    # The room itself may be at it; what is not noted any more is gone.
    assert door.rows("SELECT count(*) AS n FROM file_removals")[0]["n"] == 1 or list(door.room.store.contents()) == []
    [row] = door.rows("SELECT reason FROM audit WHERE action = 'flight.delete'")
    assert row["reason"] == "a test"


def test_an_original_with_people_needs_a_reason_that_is_written_down(door: doors.Door, tmp_path: Path) -> None:
    pere, film = door.as_person("pere"), sending.video(tmp_path / "a.mp4")
    flight_id, [video] = sending.confirm(pere, sending.entry("DJI_0001.MP4", film))
    address = f"/api/v1/flights/{flight_id}/footage/{video}/content"
    assert doors.problem(pere.get(address))[0] == 404
    sending.send(pere, video, film)
    assert doors.problem(pere.get(address)) == (403, "reason-needed")
    for _ in range(3):
        part = pere.get(address, params={"reason": "case 7"}, headers={"Range": "bytes=0-99"})
        assert (part.status_code, part.content) == (206, film[:100])
    rows = door.rows("SELECT actor, reason FROM audit WHERE action = 'footage.open'")
    assert rows == [{"actor": "pere", "reason": "case 7"}]
    assert doors.problem(pere.get(address, params={"pixelated": "true"})) == (404, "not-pixelated")


def test_the_list_pages_and_filters(door: doors.Door) -> None:
    pere, anna = door.as_person("pere"), door.as_person("anna")
    made = []
    for number in range(5):
        door.clock.move(minutes=1)
        client = anna if number == 2 else pere
        made.append(sending.confirm(client, sending.entry(f"{number}.SRT", b"x", kind="telemetry"))[0])
    first = pere.get("/api/v1/flights", params={"limit": 3}).json()
    second = pere.get("/api/v1/flights", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["flight_id"] for one in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    assert [one["flight_id"] for one in pere.get("/api/v1/flights?pilot=anna").json()["items"]] == [made[2]]
    assert doors.problem(pere.get("/api/v1/flights?cursor=nonsense"))[0] == 422
