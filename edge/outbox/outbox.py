"""The agent's memory of what it has said: every event message is on the disk before it is sent.

One SQLite file. A message is delivered when the room's ack names it, and is kept for two weeks after that so that a
restored database can ask for it again. `sequence` counts from 1 without a gap within one outbox, whatever is killed.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

import uuid_utils.compat

from edge.errors import OutboxError
from edge.outbox.facts import (
    ClipSpan,
    Counts,
    EvidenceFile,
    Occurrence,
    OpenEvent,
    Pending,
    Place,
    RuleState,
    SavedState,
    Told,
)
from wire import message as wire_message
from wire.event import EventMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from edge.clock import Clock

FILE_NAME = "outbox.sqlite3"
KEPT_AFTER_ACK = timedelta(days=14)
_BUSY_S = 10.0
_LOOK_EVERY_S = 0.05
_ADDED_TO_EVIDENCE = (
    ("evidence", "uploaded_at text"),
    ("evidence", "of_answer integer not null default 0"),
    ("evidence", "asked integer not null default 0"),
)


class Outbox:
    """May be used from several threads.

    Raises:
        OutboxError: the file cannot be opened, or (from any call) the disk is full or broken.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S, cached_statements=64
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(f"{path}: {error}") from None

    def _prepare(self) -> None:
        self._turn_to_wal()
        self._connection.execute("pragma synchronous = full")
        schema = resources.files("edge.outbox").joinpath("schema.sql").read_text(encoding="utf-8")
        self._connection.executescript(schema)
        for table, column in (("occurrences", "told blob"), *_ADDED_TO_EVIDENCE):
            columns = {row[1] for row in self._connection.execute(f"pragma table_info({table})")}
            if column.split()[0] not in columns:
                self._connection.execute(f"alter table {table} add column {column}")
        with self._transaction():
            self._connection.execute(
                "insert or ignore into about values ('outbox_id', ?), ('last_sequence', '0')",
                (str(uuid_utils.compat.uuid7()),),
            )
        self.outbox_id = UUID(self._about("outbox_id"))

    def _turn_to_wal(self) -> None:
        """For this alone SQLite waits for nobody: not for an agent that makes the file as somebody counts in it."""
        until_s = time.monotonic() + _BUSY_S
        while True:
            try:
                self._connection.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                    raise
                time.sleep(_LOOK_EVERY_S)
            else:
                return

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def append(
        self,
        make: Callable[[Place], EventMessage],
        *,
        occurrence: Occurrence | None = None,
        rule_state: RuleState | None = None,
        evidence: Iterable[EvidenceFile] = (),
        clip: ClipSpan | None = None,
        cut: bool = False,
    ) -> EventMessage:
        """Write one message and what belongs to it, all or nothing; `make` is given its place in the count.

        `clip`: what is still to be cut for the event; `cut`: its clip is among the evidence.
        """
        with self._transaction():
            sequence = int(self._about("last_sequence")) + 1
            message = make(Place(self.outbox_id, sequence))
            self._connection.execute(
                "insert into messages (sequence, message_id, event_id, payload, written_at) values (?, ?, ?, ?, ?)",
                (sequence, str(message.message_id), str(message.event_id), message.to_json(), self._now()),
            )
            self._connection.execute("update about set value = ? where key = 'last_sequence'", (str(sequence),))
            if occurrence is not None:
                self._save_occurrence(occurrence, message)
            if rule_state is not None:
                self._save_rule_state(rule_state)
            self._save_evidence(evidence)
            if clip is not None:
                self._connection.execute(
                    "insert or replace into clip_orders values (?, ?, ?, ?)",
                    (str(message.event_id), clip.camera_id, clip.from_.isoformat(), clip.until.isoformat()),
                )
            if cut:
                self._connection.execute("delete from clip_orders where event_id = ?", (str(message.event_id),))
        return message

    def clip_orders(self) -> list[tuple[EventMessage, ClipSpan]]:
        """The events whose clip is not cut yet, each with its first message."""
        rows = self._all(
            "select camera_id, clip_from, clip_until, (select payload from messages"
            " where messages.event_id = clip_orders.event_id order by sequence limit 1) from clip_orders"
        )
        return [
            (
                wire_message.read(EventMessage, row[3])[0],
                ClipSpan(row[0], datetime.fromisoformat(row[1]), datetime.fromisoformat(row[2])),
            )
            for row in rows
            if row[3] is not None
        ]

    def drop_clip_order(self, event_id: UUID) -> None:
        """Its clip cannot be cut."""
        with self._transaction():
            self._connection.execute("delete from clip_orders where event_id = ?", (str(event_id),))

    def add_evidence(self, files: Iterable[EvidenceFile]) -> None:
        """Files that wait for their upload and belong to no event: the answer to a command names them."""
        with self._transaction():
            self._save_evidence(files, of_answer=True)

    def event_of(self, camera_id: str, rule: str, number: int) -> OpenEvent | None:
        """The event that an open occurrence is."""
        row = self._one(
            "select event_id, began_at from occurrences where camera_id = ? and rule = ? and occurrence = ?",
            (camera_id, rule, number),
        )
        if row is None:
            return None
        return OpenEvent(UUID(row[0]), None if row[1] is None else datetime.fromisoformat(row[1]))

    def open_occurrences(self) -> list[Told]:
        rows = self._all(
            "select camera_id, rule, occurrence, coalesce(told, (select payload from messages"
            " where messages.event_id = occurrences.event_id order by sequence desc limit 1)) from occurrences"
        )
        return [
            Told(Occurrence(row[0], row[1], row[2], open=True), wire_message.read(EventMessage, row[3])[0])
            for row in rows
            if row[3] is not None
        ]

    def rule_state(self, camera_id: str, rule: str) -> SavedState | None:
        row = self._one("select state, saved_at from rule_states where camera_id = ? and rule = ?", (camera_id, rule))
        if row is None:
            return None
        ago_s = (self._clock.now() - datetime.fromisoformat(row[1])).total_seconds()
        return SavedState(json.loads(row[0]), max(0.0, ago_s))

    def pending(self, limit: int, *, but: Iterable[UUID] = ()) -> list[Pending]:
        """Messages without an ack, oldest first, without those named in `but`."""
        left_out = {str(message_id) for message_id in but}
        rows = self._all(
            "select sequence, message_id, payload from messages where acked_at is null order by sequence limit ?",
            (limit + len(left_out),),
        )
        found = [Pending(row[0], UUID(row[1]), row[2]) for row in rows if row[1] not in left_out]
        return found[:limit]

    def acknowledge(self, message_ids: Iterable[UUID]) -> int:
        """The room has these; says how many were not known to be delivered before."""
        now = self._now()
        with self._transaction():
            cursor = self._connection.executemany(
                "update messages set acked_at = ? where message_id = ? and acked_at is null",
                [(now, str(message_id)) for message_id in message_ids],
            )
            return cursor.rowcount

    def send_again(self, first: int, last: int) -> int:
        """Take these messages, of those that are still here, for not delivered; says how many."""
        with self._transaction():
            return self._connection.execute(
                "update messages set acked_at = null where sequence between ? and ?", (first, last)
            ).rowcount

    def forget_delivered(self) -> int:
        """Remove what was delivered long ago, without making a hole; says how many messages."""
        before = _text(self._clock.now() - KEPT_AFTER_ACK)
        with self._transaction():
            return self._connection.execute(
                "delete from messages where acked_at < ?1 and sequence < coalesce("
                " (select min(sequence) from messages where acked_at is null or acked_at >= ?1), sequence + 1)",
                (before,),
            ).rowcount

    def counts(self) -> Counts:
        written_text, pending, oldest = self._one(
            "select (select value from about where key = 'last_sequence'), count(*), min(written_at)"
            " from messages where acked_at is null"
        )
        age_s = 0.0 if oldest is None else (self._clock.now() - datetime.fromisoformat(oldest)).total_seconds()
        written = int(written_text)
        return Counts(written, written - pending, pending, max(0.0, round(age_s, 3)))

    def waiting_evidence(
        self, limit: int | None = None, *, but: Collection[UUID] = (), clips: bool = True
    ) -> list[EvidenceFile]:
        """Neither uploaded nor refused; pictures first and the newest first, so that a backlog delays no alert.

        Without `clips` those of events stay where they are, but for those that the room asked for.
        """
        which = "refused is null and uploaded_at is null"
        if not clips:
            which += " and (asked or of_answer or media_type not like 'video/%')"
        order = f"where {which} order by media_type like 'video/%', made_at desc"
        found = self._evidence(order if limit is None else f"{order} limit {limit + len(but)}")
        return [one for one in found if one.evidence_id not in but][:limit]

    def evidence_count(self) -> int:
        """Of those that wait."""
        return int(self._one("select count(*) from evidence where refused is null and uploaded_at is null")[0])

    def evidence_files(self) -> list[EvidenceFile]:
        """Waiting and refused ones, and those that the room has and that are still here."""
        return self._evidence("order by made_at")

    def _evidence(self, which: str, values: tuple[object, ...] = ()) -> list[EvidenceFile]:
        columns = "evidence_id, file, media_type, sha256, bytes"
        rows = self._all(f"select {columns} from evidence {which}", values)  # noqa: S608 - our own words
        return [EvidenceFile(UUID(row[0]), *row[1:]) for row in rows]

    def uploaded(self, evidence_id: UUID) -> bool:
        """The room has it. Whether it stays, like a delivered message, until `forget_uploaded`: files of events do."""
        with self._transaction():
            key = (str(evidence_id),)
            self._connection.execute("delete from evidence where evidence_id = ? and of_answer", key)
            kept = self._connection.execute(
                "update evidence set uploaded_at = ? where evidence_id = ?", (self._now(), *key)
            )
            return kept.rowcount > 0

    def upload_again(self, evidence_ids: Iterable[UUID]) -> int:
        """Take these files, of those that are still here, for not uploaded; says how many wait now."""
        with self._transaction():
            cursor = self._connection.executemany(
                "update evidence set uploaded_at = null, asked = 1 where evidence_id = ? and refused is null",
                [(str(evidence_id),) for evidence_id in evidence_ids],
            )
            return max(0, cursor.rowcount)

    def uploaded_beyond(self, limit_bytes: int) -> list[EvidenceFile]:
        """Files that the room has and that need not stay, the oldest first: old ones, and those over the limit."""
        return self._evidence(
            "join (select evidence_id as id, sum(bytes) over (order by uploaded_at desc, evidence_id) as so_far"
            " from evidence where uploaded_at is not null) on id = evidence_id"
            " where so_far > ? or uploaded_at < ? order by uploaded_at",
            (limit_bytes, _text(self._clock.now() - KEPT_AFTER_ACK)),
        )

    def forget_uploaded(self, evidence_id: UUID) -> bool:
        """Whether it may be removed now: it was not asked for again meanwhile."""
        with self._transaction():
            cursor = self._connection.execute(
                "delete from evidence where evidence_id = ? and uploaded_at is not null", (str(evidence_id),)
            )
            return cursor.rowcount > 0

    def refused(self, evidence_id: UUID, reason: str) -> None:
        with self._transaction():
            self._connection.execute(
                "update evidence set refused = ? where evidence_id = ?", (reason, str(evidence_id))
            )

    def faults(self) -> list[str]:
        """What is wrong with the file or its count; empty when sound."""
        found = [row[0] for row in self._all("pragma integrity_check") if row[0] != "ok"]
        count, first, last, said = self._one(
            "select count(*), min(sequence), max(sequence), (select value from about where key = 'last_sequence')"
            " from messages"
        )
        if count and count != last - first + 1:
            found.append(f"sequence has gaps: {count} messages from {first} to {last}")
        if count and last != int(said):
            found.append(f"last_sequence is {said}, the newest message is {last}")
        return found

    def _save_evidence(self, files: Iterable[EvidenceFile], *, of_answer: bool = False) -> None:
        self._connection.executemany(
            "insert into evidence (evidence_id, file, media_type, sha256, bytes, made_at, of_answer)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            [
                (str(one.evidence_id), one.file, one.media_type, one.sha256, one.bytes, self._now(), of_answer)
                for one in files
            ],
        )

    def _save_occurrence(self, occurrence: Occurrence, message: EventMessage) -> None:
        key = occurrence.camera_id, occurrence.rule, occurrence.number
        if occurrence.open:
            began_at = None if occurrence.began_at is None else _text(occurrence.began_at)
            self._connection.execute(
                "insert or replace into occurrences values (?, ?, ?, ?, ?, ?)",
                (*key, str(message.event_id), began_at, message.to_json()),
            )
        else:
            self._connection.execute("delete from occurrences where camera_id = ? and rule = ? and occurrence = ?", key)

    def _save_rule_state(self, saved: RuleState) -> None:
        if saved.state is None:
            key = saved.camera_id, saved.rule
            self._connection.execute("delete from rule_states where camera_id = ? and rule = ?", key)
            return
        self._connection.execute(
            "insert or replace into rule_states values (?, ?, ?, ?)",
            (saved.camera_id, saved.rule, json.dumps(saved.state), self._now()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                try:
                    yield
                except BaseException:
                    self._connection.execute("rollback")
                    raise
                self._connection.execute("commit")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                raise OutboxError(f"the outbox cannot be written: {error}") from None

    def _one(self, query: str, values: tuple[object, ...] = ()) -> Any:
        rows = self._all(query, values)
        return rows[0] if rows else None

    def _all(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise OutboxError(f"the outbox cannot be read: {error}") from None

    def _about(self, key: str) -> str:
        """Inside a transaction or before there are other threads."""
        row = self._connection.execute("select value from about where key = ?", (key,)).fetchone()
        return str(row[0])

    def _now(self) -> str:
        return _text(self._clock.now())


def _text(moment: datetime) -> str:
    """Of one length, so that it sorts as it should."""
    return moment.isoformat(timespec="microseconds")
