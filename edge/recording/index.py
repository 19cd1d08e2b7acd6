"""Which closed segment lies where: one SQLite file, quick to ask, made again from the segments where it is lost."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from threading import RLock
from typing import TYPE_CHECKING, Any

from edge.recording.facts import RecordingError
from edge.recording.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

FILE_NAME = "recordings.sqlite3"
_BUSY_S = 10.0
_COLUMNS = "path, camera_id, captured_from, captured_to, bytes, sha256, masked"


class Index:
    """May be used from several threads.

    Raises:
        RecordingError: the file cannot be opened, or (from any call) the disk is full or broken.
    """

    def __init__(self, path: Path) -> None:
        self._lock = RLock()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")  # what a power cut takes is found in the files
            schema = resources.files("edge.recording").joinpath("schema.sql").read_text(encoding="utf-8")
            self._connection.executescript(schema)
        except sqlite3.Error as error:
            raise RecordingError(f"{path}: {error}") from None

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def add(self, segments: Iterable[Segment]) -> None:
        rows = [
            (one.path, one.camera_id, _text(one.captured_from), _text(one.captured_to), one.bytes, one.sha256)
            for one in segments
        ]
        masked = [one.masked for one in segments]
        with self._transaction() as connection:
            connection.executemany(
                f"insert or replace into segments ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our columns
                [(*row, int(flag)) for row, flag in zip(rows, masked, strict=True)],
            )

    def touching(self, camera_id: str, from_: datetime, to: datetime) -> list[Segment]:
        """A camera's segments that share a moment with the span, in order of time."""
        return self._select(
            "camera_id = ? and captured_from <= ? and captured_to >= ? order by captured_from, path",
            (camera_id, _text(to), _text(from_)),
        )

    def before(self, camera_id: str, at: datetime) -> Segment | None:
        """The newest segment that begins at or before `at`."""
        found = self._select(
            "camera_id = ? and captured_from <= ? order by captured_from desc limit 1", (camera_id, _text(at))
        )
        return found[0] if found else None

    def oldest(self, after: tuple[datetime, str] | None, count: int) -> list[Segment]:
        """In order of time, of all cameras; those after the given one (its time and path)."""
        if after is None:
            return self._select("true order by captured_from, path limit ?", (count,))
        at, path = _text(after[0]), after[1]
        return self._select("(captured_from, path) > (?, ?) order by captured_from, path limit ?", (at, path, count))

    def everything(self) -> list[Segment]:
        return self._select("true order by path", ())

    def knows(self, path: str) -> bool:
        """Also what is doomed."""
        return bool(self._rows("select 1 from segments where path = ?", (path,)))

    def span_of(self, camera_id: str | None) -> tuple[datetime | None, datetime | None]:
        """Oldest and newest moment, of one camera or of all."""
        rows = self._rows(
            "select min(captured_from), max(captured_to) from segments"
            " where not doomed and ifnull(camera_id = ?, true)",
            (camera_id,),
        )
        oldest, newest = rows[0]
        return (_moment(oldest), _moment(newest)) if oldest else (None, None)

    def total_bytes(self) -> int:
        return int(self._rows("select ifnull(sum(bytes), 0) from segments where not doomed", ())[0][0])

    def doom(self, paths: Iterable[str]) -> None:
        """Say that these are about to be erased, so that a crash in between is no loss."""
        with self._transaction() as connection:
            connection.executemany("update segments set doomed = 1 where path = ?", [(path,) for path in paths])

    def doomed(self) -> list[str]:
        return [str(row[0]) for row in self._rows("select path from segments where doomed", ())]

    def forget(self, paths: Iterable[str]) -> None:
        with self._transaction() as connection:
            connection.executemany("delete from segments where path = ?", [(path,) for path in paths])

    def order_erasure(self, camera_id: str, from_: datetime, to: datetime) -> None:
        with self._transaction() as connection:
            connection.execute("insert into erasures values (?, ?, ?)", (camera_id, _text(from_), _text(to)))

    def is_to_be_erased(self, segment: Segment) -> bool:
        found = self._rows(
            "select 1 from erasures where camera_id = ? and erased_from <= ? and erased_to >= ?",
            (segment.camera_id, _text(segment.captured_to), _text(segment.captured_from)),
        )
        return bool(found)

    def drop_erasures(self, camera_id: str) -> None:
        with self._transaction() as connection:
            connection.execute("delete from erasures where camera_id = ?", (camera_id,))

    def clear(self) -> None:
        """Forget all segments, to list them anew."""
        with self._transaction() as connection:
            connection.execute("delete from segments")

    def _select(self, condition: str, values: tuple[object, ...]) -> list[Segment]:
        rows = self._rows(
            f"select {_COLUMNS} from segments where not doomed and {condition}",  # noqa: S608 - conditions of this file
            values,
        )
        return [
            Segment(path, camera_id, _moment(from_), _moment(to), size, sha256, bool(masked))
            for path, camera_id, from_, to, size, sha256, masked in rows
        ]

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise RecordingError(f"the index of the recordings: {error}") from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise RecordingError(f"the index of the recordings: {error}") from None


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
