"""Reads the telemetry of one file that has come, in the sandbox, and writes it down with what it tells of the flight.

A job of the queue (`control_room.analyses.jobs`): it may run again after a kill and does no harm then.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from control_room.database import sql
from control_room.flights import showing, track, video_times
from control_room.probing import telemetry
from control_room.store.local import LocalStore

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from control_room.config import Town
    from control_room.database import pool
    from control_room.store.content import Store

_QUERIES = sql.load(__file__)
_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)
_OF_THE_CARDS_TIMES = frozenset({"no_times", "clock_ahead", "clock_behind"})
_READ_KINDS = frozenset({"telemetry", "still", "video"})
_log = logging.getLogger(__name__)


def read(connection: pool.Connection, store: Store, town: Town, footage_id: uuid.UUID, now: datetime) -> None:
    """Samples of the file in place of those read before, and the flight as they tell it; in one transaction.

    Raises:
        telemetry.UnreadError: the reading process was ended; nothing is changed, another try may do.
        StoreAwayError, NoSuchContentError: of the store.
    """
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        file = cursor.execute(_QUERIES["lock_footage"], {"footage_id": footage_id}).fetchone()
        if file is None or file["state"] != "ready":
            return
        if file["kind"] in _READ_KINDS:
            _read(connection, store, town, file, now)
            _time_videos(connection, file["flight_id"], ZoneInfo(town.time_zone))
        settle(connection, file["flight_id"], now)
        showing.publish(connection, file["flight_id"], now)


def _read(connection: pool.Connection, store: Store, town: Town, file: dict[str, Any], now: datetime) -> None:
    """A file beside a video tells of that video: its rows are the video's."""
    target = file["footage_id"]
    with opened(store, file["sha256"]) as content, telemetry.read(content, file["name"], town, now) as (header, rows):
        if header.is_our_fault:
            raise telemetry.UnreadError(header.fault)
        beside = None
        if file["kind"] == "telemetry":
            target = file["belongs_to"] or target
        else:
            beside = connection.execute(_QUERIES["log_of"], {"footage_id": target}).fetchone()
        told = _Told(header, file["received_at"] or now, now)
        if header.rows and beside is None:
            connection.execute(_QUERIES["forget_samples"], {"footage_id": target})
            _copy(connection, target, rows, told)
    said = told.as_json(town.time_zone) if beside is None else beside[1]
    parameters = {"now": now, "captured_from": told.first, "captured_to": told.last}
    connection.execute(_QUERIES["note_read"], parameters | {"footage_id": file["footage_id"], "telemetry": Jsonb(said)})
    if target != file["footage_id"] and header.rows:
        connection.execute(_QUERIES["note_read"], parameters | {"footage_id": target, "telemetry": Jsonb(said)})


def _time_videos(connection: pool.Connection, flight_id: uuid.UUID, zone: ZoneInfo) -> None:
    """Those without telemetry of their own, so that their part of a whole flight's log is found."""
    row = connection.execute(_QUERIES["logged"], {"flight_id": flight_id}).fetchone()
    log = None if row is None or row[0] is None else (row[0], row[1])
    with connection.cursor(row_factory=dict_row) as cursor:
        videos = cursor.execute(_QUERIES["untold_videos"], {"flight_id": flight_id}).fetchall()
    for video in videos:
        length_s = video["duration_s"]
        guessed = video_times.guesses(video["name"], video["created_at"], video["modified_at"], length_s, zone)
        began_at = video_times.began_at(list(guessed), length_s, log)
        if began_at is not None and began_at != video["captured_from"]:
            connection.execute(_QUERIES["time_video"], {"footage_id": video["footage_id"], "from": began_at})


class _Told:
    """What the rows say together, gathered while they pass."""

    def __init__(self, header: telemetry.Header, received_at: datetime, now: datetime) -> None:
        self._header, self._received_at, self._now = header, received_at, now
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.has_gimbal = False
        self.clock_is_off = 0

    def take(self, row: telemetry.Row) -> datetime:
        """The row's time; where the drone's clock says none that can be, the receipt and its time in the video."""
        self.has_gimbal = self.has_gimbal or row["gimbal_pitch_deg"] is not None
        at: datetime | None = row["time_utc"]
        if at is not None and not _EARLIEST <= at <= self._now + _AHEAD:
            self.clock_is_off += 1
            at = None
        if at is not None:
            self.first = at if self.first is None else min(self.first, at)
            self.last = at if self.last is None else max(self.last, at)
        return at or self._received_at + timedelta(seconds=row["time_s"] or 0.0)

    def as_json(self, zone: str) -> dict[str, Any]:
        header = self._header
        said: dict[str, Any] = {"rows": header.rows, "skipped": header.skipped, "gimbal": self.has_gimbal}
        if header.fault:
            said["fault"] = header.fault
        if header.format:
            said |= {"format": header.format, "said": header.said, "skipped_first": header.skipped_first}
            said |= {"make": header.make, "model": header.model, "zone": zone}
        if self.clock_is_off:
            said["times_impossible"] = self.clock_is_off
        return said


def _copy(connection: pool.Connection, footage_id: uuid.UUID, rows: Iterator[telemetry.Row], told: _Told) -> None:
    with connection.cursor() as cursor, cursor.copy(_QUERIES["copy_samples"]) as copy:
        for row in rows:
            at = told.take(row)
            values = [row[name] for name in telemetry.COLUMNS[2:-1]]
            notes = None if row["notes"] is None else Jsonb(row["notes"])
            copy.write_row([footage_id, at, row["row"], *values, notes])


def settle(connection: pool.Connection, flight_id: uuid.UUID, now: datetime) -> None:
    """Times, places, heights, track and doubts of a flight as its files tell them, in the caller's transaction."""
    flown = track.summarise(_points(connection, flight_id))
    with connection.cursor(row_factory=dict_row) as cursor:
        files = cursor.execute(_QUERIES["facts_of_files"], {"flight_id": flight_id}).fetchall()
        flight = cursor.execute(_QUERIES["lock"], {"flight_id": flight_id}).fetchone()
    if flight is None:
        return
    # What was doubtful about the card's own times is settled where telemetry tells the true ones.
    settled = _OF_THE_CARDS_TIMES if flown is not None else frozenset()
    doubts = [
        doubt for doubt in flight["doubts"] if doubt.get("of") != "telemetry" and doubt.get("code") not in settled
    ]
    given: dict[str, Any] = dict.fromkeys(
        ("take_off_at", "landed_at", "take_off_lat", "take_off_lon", "landing_lat", "landing_lon"), None
    )
    given |= {"greatest_height_m": None, "length_m": None, "track": None}
    if flown is not None:
        given |= {"take_off_at": flown.take_off_at, "landed_at": flown.landed_at, "track": Jsonb(flown.track)}
        given |= {"take_off_lat": flown.take_off[0], "take_off_lon": flown.take_off[1]}
        given |= {"landing_lat": flown.landing[0], "landing_lon": flown.landing[1]}
        given |= {"greatest_height_m": flown.greatest_height_m, "length_m": flown.length_m}
    given["doubts"] = Jsonb(doubts + track.doubts(files, flown, now))
    connection.execute(_QUERIES["settle"], given | {"flight_id": flight_id, "now": now})


def _points(connection: pool.Connection, flight_id: uuid.UUID) -> Iterator[track.Point]:
    """Stills fly too, but a flight that has a log is told by that."""
    rows = connection.execute(_QUERIES["flown"], {"flight_id": flight_id}).fetchall()
    has_log = any(not is_still for *_, is_still in rows)
    for at, lat, lon, height_m, jumps, _, is_still in rows:
        if not (has_log and is_still):
            yield track.Point(at, lat, lon, height_m, bool(jumps))


@contextlib.contextmanager
def opened(store: Store, sha256: str) -> Iterator[BinaryIO]:
    """A kept file as a real open file; of a store on a network a copy, gone afterwards.

    Raises:
        NoSuchContentError: the store has lost it.
    """
    if isinstance(store, LocalStore) and store.path(sha256).exists():
        with store.path(sha256).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile(dir=store.staging.incoming) as copy:
        for piece in store.read(sha256):
            copy.write(piece)
        copy.seek(0)
        yield copy
