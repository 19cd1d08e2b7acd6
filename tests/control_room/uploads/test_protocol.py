"""tus 1.0: one test for each thing that the protocol says a server MUST do, named by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import LiteralString

import httpx
import pytest

from tests.control_room import door as doors
from tests.control_room.uploads.sender import ROOT, TRACK, TUS, TYPE, add, begin, checksum, head, metadata, send

PARTIAL = {"Upload-Concat": "partial"}


@pytest.fixture
def pilot(lasting_door: doors.Door) -> Iterator[httpx.Client]:
    """One who has begun nothing yet."""
    yield lasting_door.as_person("pere")
    _execute(lasting_door, "DELETE FROM uploads")


def _execute(door: doors.Door, statement: LiteralString) -> None:
    with door.connection() as connection:
        connection.execute(statement)


def begun(client: httpx.Client, length: int = 100, headers: dict[str, str] | None = None) -> str:
    answer = begin(client, length, headers)
    assert answer.status_code == 201, answer.text
    address: str = answer.headers["Location"]
    return address


def offset(client: httpx.Client, address: str) -> int:
    return int(head(client, address).headers["Upload-Offset"])


# Core ---------------------------------------------------------------------------------------------------------------


def test_core_every_answer_but_that_to_options_has_tus_resumable(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    address = begun(pilot)
    nobody = lasting_door.client()
    answers = [
        begin(pilot, 100),
        begin(pilot, None),
        head(pilot, address),
        add(pilot, address, 0, b"x"),
        add(pilot, address, 9, b"x"),
        begin(nobody, 100),
        pilot.delete(address, headers=TUS),
        head(pilot, address),
    ]
    assert [answer.status_code for answer in answers] == [201, 422, 200, 204, 409, 401, 204, 404]
    assert {answer.headers["Tus-Resumable"] for answer in answers} == {"1.0.0"}
    assert "Tus-Resumable" not in pilot.options(ROOT).headers


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1"])
def test_core_another_version_is_412_with_tus_version_and_not_processed(
    pilot: httpx.Client, version: str | None
) -> None:
    address = begun(pilot)
    said = {} if version is None else {"Tus-Resumable": version}
    place = TYPE | {"Upload-Offset": "0"}
    answers = [
        pilot.post(ROOT, headers=said | {"Upload-Length": "1"}),
        pilot.head(address, headers=said),
        pilot.patch(address, headers=said | place, content=b"x"),
        pilot.delete(address, headers=said),
    ]
    assert {answer.status_code for answer in answers} == {412}
    assert {answer.headers["Tus-Version"] for answer in answers} == {"1.0.0"}
    assert offset(pilot, address) == 0


@pytest.mark.parametrize("said", [{}, {"Tus-Resumable": "0.0.1"}])
def test_core_options_tells_tus_version_and_ignores_tus_resumable(pilot: httpx.Client, said: dict[str, str]) -> None:
    answer = pilot.options(ROOT, headers=said)
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Max-Size"] == str(32 * 1024**3)
    extensions = "creation,creation-with-upload,expiration,checksum,termination,concatenation"
    assert answer.headers["Tus-Extension"] == extensions


def test_core_head_always_has_upload_offset_also_0_and_upload_length(pilot: httpx.Client) -> None:
    address = begun(pilot)
    first = head(pilot, address)
    assert (first.headers["Upload-Offset"], first.headers["Upload-Length"]) == ("0", "100")
    add(pilot, address, 0, b"x" * 40)
    assert head(pilot, address).headers["Upload-Offset"] == "40"


def test_core_head_of_a_whole_upload_still_has_its_offset(pilot: httpx.Client) -> None:
    address = begun(pilot, len(TRACK), metadata(filename="flight.srt"))
    assert add(pilot, address, 0, TRACK).status_code == 204
    assert head(pilot, address).headers["Upload-Offset"] == str(len(TRACK))


def test_core_head_is_never_cached(pilot: httpx.Client) -> None:
    assert head(pilot, begun(pilot)).headers["Cache-Control"] == "no-store"


def test_core_head_of_nothing_is_404_without_an_offset(pilot: httpx.Client) -> None:
    answer = head(pilot, f"{ROOT}/018f0000-0000-7000-8000-000000000000")
    assert answer.status_code == 404
    assert "Upload-Offset" not in answer.headers


def test_core_patch_is_204_with_the_new_offset(pilot: httpx.Client) -> None:
    address = begun(pilot)
    answer = add(pilot, address, 0, b"x" * 30)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "30")
    assert add(pilot, address, 30, b"x" * 5).headers["Upload-Offset"] == "35"


@pytest.mark.parametrize("said", [None, "application/octet-stream", "text/plain"])
def test_core_patch_of_another_content_type_is_415_and_keeps_nothing(pilot: httpx.Client, said: str | None) -> None:
    address = begun(pilot)
    kind = {} if said is None else {"Content-Type": said}
    answer = pilot.patch(address, headers=TUS | kind | {"Upload-Offset": "0"}, content=b"xx")
    assert answer.status_code == 415
    assert offset(pilot, address) == 0


@pytest.mark.parametrize("at", [0, 1, 11, 99])
def test_core_patch_at_another_offset_is_409_and_changes_nothing(pilot: httpx.Client, at: int) -> None:
    address = begun(pilot)
    add(pilot, address, 0, b"x" * 10)
    assert add(pilot, address, at, b"yyy").status_code == 409
    assert offset(pilot, address) == 10


@pytest.mark.parametrize("said", ["-1", "one", "1.0", "", "+1", "٣", "9" * 40])
def test_core_upload_offset_and_length_are_non_negative_integers(pilot: httpx.Client, said: str) -> None:
    address = begun(pilot)
    encoded = said.encode()
    asked = [("Tus-Resumable", "1.0.0"), *TYPE.items()]
    placed = pilot.patch(address, headers=[*asked, (b"Upload-Offset", encoded)], content=b"x")  # type: ignore[arg-type]  # httpx takes both
    sized = pilot.post(ROOT, headers=[("Tus-Resumable", "1.0.0"), (b"Upload-Length", encoded)])  # type: ignore[arg-type]  # httpx takes both
    assert (placed.status_code, sized.status_code) == (422, 422)
    assert offset(pilot, address) == 0


def test_core_patch_of_nothing_is_404(pilot: httpx.Client) -> None:
    assert add(pilot, f"{ROOT}/018f0000-0000-7000-8000-000000000000", 0, b"x").status_code == 404


def test_core_the_method_named_instead_counts(pilot: httpx.Client) -> None:
    address = begun(pilot)
    instead = {"X-HTTP-Method-Override": "PATCH"}
    answer = pilot.post(address, headers=TUS | TYPE | instead | {"Upload-Offset": "0"}, content=b"xxx")
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "3")
    ended = pilot.post(address, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert ended.status_code == 204
    assert head(pilot, address).status_code == 404


# Creation -----------------------------------------------------------------------------------------------------------


def test_creation_is_201_with_location(pilot: httpx.Client) -> None:
    answer = begin(pilot, 5)
    assert answer.status_code == 201
    assert head(pilot, answer.headers["Location"]).status_code == 200


def test_creation_over_tus_max_size_is_413(pilot: httpx.Client) -> None:
    limit = int(pilot.options(ROOT).headers["Tus-Max-Size"])
    assert begin(pilot, limit + 1).status_code == 413


def test_creation_of_unknown_length_is_refused_because_it_is_not_offered(pilot: httpx.Client) -> None:
    assert "creation-defer-length" not in pilot.options(ROOT).headers["Tus-Extension"]
    assert begin(pilot, None, {"Upload-Defer-Length": "1"}).status_code == 422


def test_creation_metadata_is_told_again_as_it_was_sent(pilot: httpx.Client) -> None:
    told = {"Upload-Metadata": "filename Zmx5LnNydA==,is_confidential,other Yg=="}
    assert head(pilot, begun(pilot, 5, told)).headers["Upload-Metadata"] == told["Upload-Metadata"]
    assert "Upload-Metadata" not in head(pilot, begun(pilot)).headers


@pytest.mark.parametrize("told", ["a YQ==,a YQ==", ", YQ==", "a %%%", "a YQ==,", "a YQ== b", "á YQ==", "x" * 5000])
def test_creation_metadata_has_different_ascii_keys_and_base64(pilot: httpx.Client, told: str) -> None:
    answer = pilot.post(ROOT, headers={**TUS, "Upload-Length": "1", "Upload-Metadata": told.encode()})  # type: ignore[arg-type]  # httpx takes both
    assert answer.status_code == 422


def test_creation_of_length_0_is_whole_at_once(pilot: httpx.Client) -> None:
    answer = head(pilot, begun(pilot, 0, PARTIAL))
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("0", "0")


def test_creation_with_upload_takes_what_comes_and_tells_the_offset(pilot: httpx.Client) -> None:
    half = begin(pilot, len(TRACK), TYPE | metadata(filename="flight.srt"), content=TRACK[:100])
    assert (half.status_code, half.headers["Upload-Offset"]) == (201, "100")
    assert add(pilot, half.headers["Location"], 100, TRACK[100:]).status_code == 204
    whole = begin(pilot, len(TRACK), TYPE | metadata(filename="flight.srt"), content=TRACK)
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(TRACK)))
    assert pilot.get(whole.headers["Location"]).json()["state"] == "finished"


def test_creation_with_upload_needs_the_content_type(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    before = lasting_door.rows("SELECT count(*) FROM uploads")
    assert begin(pilot, 3, {"Content-Type": "text/plain"}, content=b"xxx").status_code == 415
    assert begin(pilot, 3, TYPE, content=b"xxxx").status_code == 413
    assert lasting_door.rows("SELECT count(*) FROM uploads") == before


# Expiration ---------------------------------------------------------------------------------------------------------


def test_expiration_is_told_at_the_beginning_and_with_each_piece(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    answer = begin(pilot, 100)
    first = parsedate_to_datetime(answer.headers["Upload-Expires"])
    assert answer.headers["Upload-Expires"].endswith(" GMT")
    assert (first - lasting_door.clock()).total_seconds() == pytest.approx(336 * 3600, abs=2)
    lasting_door.clock.move(hours=1)
    added = add(pilot, answer.headers["Location"], 0, b"x")
    assert (parsedate_to_datetime(added.headers["Upload-Expires"]) - first).total_seconds() == pytest.approx(
        3600, abs=2
    )


# Checksum -----------------------------------------------------------------------------------------------------------


def test_checksum_algorithms_are_told_and_sha1_is_one(pilot: httpx.Client) -> None:
    assert "sha1" in pilot.options(ROOT).headers["Tus-Checksum-Algorithm"].split(",")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_checksum_that_holds_is_204(pilot: httpx.Client, algorithm: str) -> None:
    address = begun(pilot)
    assert add(pilot, address, 0, b"abc", checksum(b"abc", algorithm)).status_code == 204
    assert offset(pilot, address) == 3


def test_checksum_mismatch_is_460_and_the_piece_is_discarded(pilot: httpx.Client) -> None:
    address = begun(pilot)
    add(pilot, address, 0, b"abc")
    answer = add(pilot, address, 3, b"def", checksum(b"dxf"))
    assert doors.problem(answer) == (460, "checksum-mismatch")
    assert offset(pilot, address) == 3
    begun_so = begin(pilot, 3, TYPE | checksum(b"dxf"), content=b"def")
    assert begun_so.status_code == 460


@pytest.mark.parametrize("said", ["md4 YQ==", "sha1", "sha1 YQ==", "sha1 %%%", "crc32 AAAAAA=="])
def test_checksum_of_an_unknown_algorithm_is_400_and_keeps_nothing(pilot: httpx.Client, said: str) -> None:
    address = begun(pilot)
    assert add(pilot, address, 0, b"abc", {"Upload-Checksum": said}).status_code == 400
    assert offset(pilot, address) == 0


# Termination --------------------------------------------------------------------------------------------------------


def test_termination_is_204_and_404_ever_after(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    address = begun(pilot)
    add(pilot, address, 0, b"x")
    assert pilot.delete(address, headers=TUS).status_code == 204
    after = [head(pilot, address), add(pilot, address, 1, b"x"), pilot.delete(address, headers=TUS)]
    assert [answer.status_code for answer in after] == [404, 404, 404]
    assert not (lasting_door.folder / "store" / "uploads" / address.rpartition("/")[2]).exists()


def test_termination_of_a_whole_file_frees_it(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    content = TRACK + b"only here\n"
    address = begun(pilot, len(content), metadata(filename="flight.srt"))
    assert add(pilot, address, 0, content).status_code == 204
    sha256 = hashlib.sha256(content).hexdigest()
    assert lasting_door.room.store.size_bytes(sha256) == len(content)
    assert pilot.delete(address, headers=TUS).status_code == 204
    assert lasting_door.room.store.size_bytes(sha256) is None
    (row,) = lasting_door.rows("SELECT detail FROM audit WHERE action = 'upload.erase' ORDER BY audit_id DESC LIMIT 1")
    assert row["detail"] == {"sha256": sha256}


# Concatenation ------------------------------------------------------------------------------------------------------


def joined(pilot: httpx.Client, addresses: list[str], headers: dict[str, str] | None = None) -> httpx.Response:
    return begin(pilot, None, {"Upload-Concat": "final;" + " ".join(addresses)} | (headers or {}))


def parts(pilot: httpx.Client, *contents: bytes) -> list[str]:
    addresses = []
    for content in contents:
        addresses.append(begun(pilot, len(content), PARTIAL))
        add(pilot, addresses[-1], 0, content)
    return addresses


def test_concatenation_joins_in_order_and_the_length_is_the_sum(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    one, two, empty = parts(pilot, TRACK, b"the second part\n", b"")
    answer = joined(pilot, [two, str(pilot.base_url.join(empty)), one], metadata(filename="flight.srt"))
    assert answer.status_code == 201, answer.text
    whole = b"the second part\n" + TRACK
    found = pilot.get(answer.headers["Location"]).json()
    assert (found["length"], found["sha256"]) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert b"".join(lasting_door.room.store.read(found["sha256"])) == whole
    final = head(pilot, answer.headers["Location"])
    assert final.headers["Upload-Offset"] == final.headers["Upload-Length"] == str(len(whole))


def test_concatenation_head_tells_upload_concat_as_it_was_sent(pilot: httpx.Client) -> None:
    (part,) = parts(pilot, TRACK)
    assert head(pilot, part).headers["Upload-Concat"] == "partial"
    answer = joined(pilot, [part])
    assert head(pilot, answer.headers["Location"]).headers["Upload-Concat"] == f"final;{part}"


def test_concatenation_patch_of_a_final_upload_is_403_and_changes_nothing(pilot: httpx.Client) -> None:
    final = joined(pilot, parts(pilot, TRACK)).headers["Location"]
    assert doors.problem(add(pilot, final, len(TRACK), b"x")) == (403, "final-upload")
    assert offset(pilot, final) == len(TRACK)


def test_concatenation_of_what_is_not_whole_or_not_partial_is_refused(pilot: httpx.Client) -> None:
    (part,) = parts(pilot, TRACK)
    coming, whole_kind = begun(pilot, 10, PARTIAL), begun(pilot, 10)
    assert doors.problem(joined(pilot, [part, coming])) == (409, "unfinished-parts")
    assert doors.problem(joined(pilot, [part, whole_kind])) == (409, "unfinished-parts")
    assert offset(pilot, part) == len(TRACK), "the parts stay as they are"


@pytest.mark.parametrize("said", ["final;", "other", "final;/etc/passwd", "final;/api/v1/uploads/x"])
def test_concatenation_of_anything_else_is_422(pilot: httpx.Client, said: str) -> None:
    assert begin(pilot, None, {"Upload-Concat": said}).status_code == 422


def test_concatenation_takes_no_upload_length(pilot: httpx.Client) -> None:
    (part,) = parts(pilot, TRACK)
    assert begin(pilot, len(TRACK), {"Upload-Concat": f"final;{part}"}).status_code == 422


def test_concatenation_of_anothers_parts_is_403(pilot: httpx.Client, lasting_door: doors.Door) -> None:
    (part,) = parts(pilot, TRACK)
    assert joined(lasting_door.as_person("anna"), [part]).status_code == 403


def test_a_whole_file_is_looked_into_and_told(pilot: httpx.Client) -> None:
    answer = send(pilot, TRACK, metadata(filename="flight.srt", filetype="application/x-subrip"))
    assert answer.status_code == 204
    found = pilot.get(str(answer.request.url.path)).json()
    assert found["found"]["container"] == "text"
    assert (found["state"], found["name"], found["offset"]) == ("finished", "flight.srt", len(TRACK))
