"""What is proposed for a card: pairs, pieces, lenses, flights, and what is doubtful about their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from control_room.flights import cards, names
from control_room.flights.cards import CardFile

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 6, 1, 18, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)


def card(*entries: tuple[str, int, float | None]) -> list[CardFile]:
    """Name with folder, bytes, minutes after NOON."""
    found = []
    for path, size, minutes in entries:
        folder, _, name = path.rpartition("/")
        at = None if minutes is None else NOON + timedelta(minutes=minutes)
        found.append(CardFile(name=name, folder=folder, bytes=size, modified_at=at))
    return found


def shape(files: list[CardFile], now: datetime = NOW) -> list[list[str]]:
    return [[files[file.index].name for file in flight.files] for flight in cards.propose(files, MADRID, now).flights]


def codes(files: list[CardFile], now: datetime = NOW) -> set[str]:
    return {doubt.code for flight in cards.propose(files, MADRID, now).flights for doubt in flight.doubts}


def test_log_and_proxy_go_with_their_video_and_before_it() -> None:
    files = card(
        ("DCIM/100/DJI_0001.MP4", 900, 5), ("DCIM/100/DJI_0001.LRF", 90, 5), ("DCIM/100/DJI_0001.SRT", 9, 5),
        ("DCIM/100/DJI_0002.JPG", 7, 6),
    )  # fmt: skip
    proposal = cards.propose(files, MADRID, NOW)
    assert shape(files) == [["DJI_0001.SRT", "DJI_0002.JPG", "DJI_0001.LRF", "DJI_0001.MP4"]]
    by_name = {files[file.index].name: file for file in proposal.flights[0].files}
    assert by_name["DJI_0001.SRT"].belongs_to == by_name["DJI_0001.LRF"].belongs_to == 0
    assert by_name["DJI_0001.MP4"].recording == by_name["DJI_0001.SRT"].recording
    assert by_name["DJI_0002.JPG"].recording is None


def test_a_gap_parts_flights_and_a_pause_does_not() -> None:
    files = card(("DJI_0001.MP4", 9, 0), ("DJI_0002.MP4", 9, 8), ("DJI_0003.MP4", 9, 60), ("DJI_0004.MP4", 9, 62))
    assert shape(files) == [["DJI_0001.MP4", "DJI_0002.MP4"], ["DJI_0003.MP4", "DJI_0004.MP4"]]


def test_a_full_file_goes_on_in_the_next_number() -> None:
    files = card(("DJI_0007.MP4", 4_000_000_000, 0), ("DJI_0008.MP4", 4_000_000_000, 5), ("DJI_0009.MP4", 5, 9))
    [flight] = cards.propose(files, MADRID, NOW).flights
    assert {(file.recording, file.part) for file in flight.files} == {("dji_0007", 1), ("dji_0007", 2), ("dji_0007", 3)}
    small = card(("DJI_0007.MP4", 400, 0), ("DJI_0008.MP4", 400, 5))
    [flight] = cards.propose(small, MADRID, NOW).flights
    assert [file.part for file in flight.files] == [None, None]


def test_chapters_of_an_action_camera_are_one_recording() -> None:
    files = card(("GX020123.MP4", 9, 12), ("GX010123.MP4", 9, 3), ("GL010123.LRV", 2, 3), ("GX010124.MP4", 9, 14))
    [flight] = cards.propose(files, MADRID, NOW).flights
    by_name = {files[file.index].name: file for file in flight.files}
    assert by_name["GX010123.MP4"].part == 1
    assert by_name["GX020123.MP4"].part == 2
    assert by_name["GX010123.MP4"].recording == by_name["GX020123.MP4"].recording
    assert by_name["GX010124.MP4"].recording != by_name["GX010123.MP4"].recording
    assert by_name["GL010123.LRV"].belongs_to == 1
    old = [names.read(name).chapter for name in ("GOPR0456.MP4", "GP010456.MP4")]
    assert old == [1, 2]


def test_lenses_of_one_moment_are_one_recording_and_each_log_finds_its_own() -> None:
    stem = "DJI_20260601120000_0001"
    files = card(*((f"{stem}_{name}", 9, 5) for name in ("W.MP4", "Z.MP4", "T.MP4", "W.SRT", "T.SRT")))
    [flight] = cards.propose(files, MADRID, NOW).flights
    by_name = {files[file.index].name.removeprefix(f"{stem}_"): file for file in flight.files}
    assert [by_name[f"{each}.MP4"].lens for each in "WZT"] == ["wide", "zoom", "thermal"]
    assert len({file.recording for file in flight.files}) == 1
    assert (by_name["W.SRT"].belongs_to, by_name["T.SRT"].belongs_to) == (0, 2)


def test_one_log_that_fits_two_videos_is_left_to_the_pilot() -> None:
    files = card(("A/DJI_0001.MP4", 9, 0), ("B/DJI_0001.MP4", 9, 1), ("logs/DJI_0001.SRT", 3, 1))
    [flight] = cards.propose(files, MADRID, NOW).flights
    log = next(file for file in flight.files if file.kind == "telemetry")
    assert log.belongs_to is None
    assert "two_videos_for_one_log" in {doubt.code for doubt in flight.doubts}


def test_a_log_of_the_whole_flight_is_of_no_single_video() -> None:
    files = card(("DJI_0001.MP4", 9, 0), ("DJI_0002.MP4", 9, 5), ("flight.tlog", 9, 7), ("DJI_0010.MP4", 9, 90))
    assert shape(files) == [["flight.tlog", "DJI_0001.MP4", "DJI_0002.MP4"], ["DJI_0010.MP4"]]
    assert cards.propose(files, MADRID, NOW).flights[0].files[0].belongs_to is None


def test_what_cannot_be_used_is_said() -> None:
    files = card(("DJI_0001.MP4", 9, 0), ("DJI_0001.THM", 9, 0), ("DJI_0002.SRT", 0, 0), ("MISC/.db", 3, 0))
    skipped = {files[each.index].name: each.reason for each in cards.propose(files, MADRID, NOW).skipped}
    assert skipped == {"DJI_0001.THM": "not_taken", "DJI_0002.SRT": "empty", ".db": "not_taken"}


def test_a_local_time_in_a_name_is_the_towns() -> None:
    files = card(("DJI_20260601123000_0001_V.MP4", 9, 35))
    [flight] = cards.propose(files, MADRID, NOW).flights
    assert flight.began_at == datetime(2026, 6, 1, 10, 30, tzinfo=UTC)
    assert "zone_assumed" in {doubt.code for doubt in flight.doubts}


def test_the_hour_that_comes_twice_is_told_by_the_end_of_the_recording() -> None:
    name = "DJI_20261025023000_0001_V.MP4"
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    early = CardFile(name=name, bytes=9, modified_at=datetime(2026, 10, 25, 0, 40, tzinfo=UTC))
    late = CardFile(name=name, bytes=9, modified_at=datetime(2026, 10, 25, 1, 40, tzinfo=UTC))
    began = [cards.propose([each], MADRID, now).flights[0].began_at for each in (early, late)]
    assert began == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert "hour_changed" in codes([early], now)


@pytest.mark.parametrize(
    ("modified_at", "code"),
    [
        (datetime(2025, 6, 1, 10, tzinfo=UTC), "clock_behind"),
        (datetime(2027, 6, 1, 10, tzinfo=UTC), "clock_ahead"),
        (datetime(1980, 1, 1, tzinfo=UTC), "no_times"),
    ],
)
def test_a_wrong_clock_is_a_doubt_and_no_end(modified_at: datetime, code: str) -> None:
    files = [CardFile(name="DJI_0001.MP4", bytes=9, modified_at=modified_at)]
    assert shape(files) == [["DJI_0001.MP4"]]
    assert code in codes(files)


def test_a_name_and_a_card_that_disagree_by_a_year_are_said() -> None:
    files = [CardFile(name="DJI_20250601120000_0001_V.MP4", bytes=9, modified_at=NOON)]
    assert {"clocks_disagree", "clock_behind"} <= codes(files)


def test_what_was_read_is_believed_before_the_card() -> None:
    files = card(("DJI_0001.MP4", 9, 0), ("DJI_0002.MP4", 9, 5))
    told = CardFile(
        name="DJI_0002.MP4", bytes=9, modified_at=NOON, captured_from=NOON + timedelta(hours=3),
        captured_to=NOON + timedelta(hours=3, minutes=4),
    )  # fmt: skip
    assert len(cards.propose(files, MADRID, NOW).flights) == 1
    assert shape([files[0], told]) == [["DJI_0001.MP4"], ["DJI_0002.MP4"]]


def test_four_hundred_files_are_some_flights() -> None:
    files = card(
        *((f"DCIM/DJI_{n:04}.{ext}", 9, n * 2 + (n // 50) * 60) for n in range(1, 201) for ext in ("MP4", "SRT"))
    )
    proposal = cards.propose(files, MADRID, NOW + timedelta(days=1))
    assert sum(len(flight.files) for flight in proposal.flights) == 400
    assert len(proposal.flights) == 5
    logs = [file for flight in proposal.flights for file in flight.files if file.kind == "telemetry"]
    assert all(files[file.belongs_to or 0].name == files[file.index].name.replace("SRT", "MP4") for file in logs)


def test_files_without_times_stay_with_their_folder() -> None:
    files = card(("A/one.mp4", 9, None), ("A/two.mp4", 9, None), ("B/three.mp4", 9, None))
    assert shape(files) == [["one.mp4", "two.mp4"], ["three.mp4"]]
    assert "no_times" in codes(files)
