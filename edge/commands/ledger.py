"""What the device was ordered and what it answered, on the disk: a command is obeyed once, whatever is killed."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge.clock import Clock

FILE_NAME = "commands.sqlite3"
KEPT = timedelta(days=14)
_BUSY_S = 10.0


class LedgerError(EdgeError):
    """The file cannot be used: the disk is full or broken."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A command that came before."""

    reply: bytes | None
    """None while it is not done."""


class Ledger:
    """May be used from several threads.

    Raises:
        LedgerError: from any call.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = full")
            schema = resources.files("edge.commands").joinpath("schema.sql").read_text(encoding="utf-8")
            self._connection.executescript(schema)
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(f"{path}: {error}") from None

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def seen(self, command_id: UUID) -> Seen | None:
        rows = self._ask("select reply from commands where command_id = ?", str(command_id))
        return Seen(rows[0][0]) if rows else None

    def accept(self, command_id: UUID, message: bytes) -> None:
        self._ask(
            "insert into commands (command_id, message, received_at) values (?, ?, ?)",
            str(command_id),
            message,
            _text(self._clock.now()),
        )

    def begin(self, command_id: UUID) -> int:
        """Note that it is begun; how often it now was, 0 where it is answered already."""
        query = "update commands set begun = begun + 1 where command_id = ? and reply is null returning begun"
        rows = self._ask(query, str(command_id))
        return int(rows[0][0]) if rows else 0

    def answer(self, command_id: UUID, reply: bytes) -> bool:
        """False where it is answered already: the first answer counts."""
        query = "update commands set reply = ? where command_id = ? and reply is null returning 1"
        return bool(self._ask(query, reply, str(command_id)))

    def unfinished(self) -> list[bytes]:
        """Commands that were accepted and not answered, in the order in which they came."""
        rows = self._ask("select message from commands where reply is null order by received_at, command_id")
        return [row[0] for row in rows]

    def unacknowledged(self) -> dict[UUID, bytes]:
        """Replies that the room has not acknowledged."""
        rows = self._ask("select command_id, reply from commands where reply is not null and acked_at is null")
        return {UUID(row[0]): row[1] for row in rows}

    def acknowledge(self, command_ids: Iterable[UUID]) -> None:
        now = _text(self._clock.now())
        for command_id in command_ids:
            self._ask("update commands set acked_at = coalesce(acked_at, ?) where command_id = ?", now, str(command_id))

    def forget_old(self) -> None:
        """What is so old that no valid command can be among it."""
        before = _text(self._clock.now() - KEPT)
        self._ask("delete from commands where received_at < ? and reply is not null", before)
        self._ask("delete from silenced where at < ? and not open", before)
        self._ask("delete from mutes where until < ?", before)

    def mute(self, camera_id: str, rule: str, until: datetime) -> None:
        self._ask("insert or replace into mutes values (?, ?, ?)", camera_id, rule, _text(until))

    def mutes(self) -> dict[tuple[str, str], datetime]:
        """Until when, by camera and rule (empty: all)."""
        return {(row[0], row[1]): datetime.fromisoformat(row[2]) for row in self._ask("select * from mutes")}

    def silence(self, camera_id: str, rule: str, occurrence: int) -> None:
        self._ask(
            "insert or replace into silenced values (?, ?, ?, 1, ?)",
            camera_id,
            rule,
            occurrence,
            _text(self._clock.now()),
        )

    def silence_over(self, camera_id: str, rule: str, occurrence: int) -> None:
        self._ask(
            "update silenced set open = 0 where camera_id = ? and rule = ? and occurrence = ?",
            camera_id,
            rule,
            occurrence,
        )

    def silenced_open(self) -> set[tuple[str, str, int]]:
        return set(self._ask("select camera_id, rule, occurrence from silenced where open"))

    def silenced_count(self, camera_id: str) -> int:
        return int(self._ask("select count(*) from silenced where camera_id = ?", camera_id)[0][0])

    def _ask(self, query: str, *values: object) -> list[Any]:
        with self._lock, _in_words():
            return self._connection.execute(query, values).fetchall()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(f"the list of commands cannot be used: {error}") from None


def _text(moment: datetime) -> str:
    """Of one length, so that it sorts as it should."""
    return moment.isoformat(timespec="microseconds")
