"""Compares the recordings with their index and with their own seals, and puts right what can be."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edge.recording import boxes, read, survey
from edge.recording.facts import RecordingError
from edge.recording.holds import Holds
from edge.recording.index import FILE_NAME, Index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.recording.segment import Segment

Code = Literal["missing", "damaged", "differs", "unclosed", "orphan", "index", "hold"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    code: Code
    path: str
    message: str
    lost: bool
    """Footage or a hold is gone or cannot be trusted; else nothing but order was disturbed."""
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """How many segments were looked at, and what was found."""

    segments: int
    findings: list[Finding]


def check(root: Path, *, repair: bool, running: bool) -> Checked:
    """Read every segment through.

    Args:
        root: The recordings folder; where it does not exist there is nothing to find fault with.
        repair: Close what was left open, make the index anew from the files, forget what is gone.
        running: An agent works there: what is unclosed is being written, what is not in the index yet comes next.
    """
    if not root.exists():
        return Checked(0, [])
    return _Check(root, repair=repair, running=running).made()


class _Check:
    def __init__(self, root: Path, *, repair: bool, running: bool) -> None:
        self._root = root
        self._repair = repair
        self._running = running
        self._findings: list[Finding] = []
        self._segments = 0

    def made(self) -> Checked:
        self._findings += [
            Finding("hold", str(path.relative_to(self._root)), "the hold cannot be read", lost=True)
            for path in Holds(self._root).unreadable
        ]
        index = self._index()
        known = {} if index is None else {one.path: one for one in index.everything()}
        doomed = set() if index is None else set(index.doomed())
        seen: dict[str, Segment | None] = {}
        for path in survey.files(self._root):
            name = str(path.relative_to(self._root))
            if name not in doomed:
                self._segments += 1
                seen[name] = self._looked_at(path, name)
        self._compare(known, seen, index)
        if index is not None:
            index.close()
        return Checked(self._segments, self._findings)

    def _index(self) -> Index | None:
        """None where there is none that can be read and none may be made."""
        path = self._root / FILE_NAME
        fault = _fault(path)
        if fault:
            self._find("index", FILE_NAME, fault, repaired=self._repair)
            if not self._repair:
                return None
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        return Index(path)

    def _looked_at(self, path: Path, name: str) -> Segment | None:
        """The segment as its file says, None where that says nothing that can be trusted."""
        try:
            outline = boxes.outline(path)
            if outline.seal is None:
                return self._unclosed(path, name)
            if outline.beyond:
                self._find("damaged", name, "something lies behind its seal", lost=True)
                return None
            return read.checked(self._root, path, outline.seal)
        except RecordingError as error:
            self._find("damaged", name, str(error), lost=True)
        except OSError as error:
            self._find("damaged", name, error.strerror or "cannot be read", lost=True)
        return None

    def _unclosed(self, path: Path, name: str) -> Segment | None:
        if self._running:
            return None
        if not self._repair:
            self._find("unclosed", name, "its writer was killed; --repair or the next start closes it")
            return None
        segment = read.salvage(self._root, path)
        said = "nothing whole was in it" if segment is None else "closed up to its last whole fragment"
        self._find("unclosed", name, said, repaired=True)
        return segment

    def _compare(self, known: dict[str, Segment], seen: dict[str, Segment | None], index: Index | None) -> None:
        for name, row in known.items():
            segment = seen.get(name)
            if name not in seen:
                if index is None or not index.knows(name) or name in index.doomed():
                    continue  # the ring has passed meanwhile
                self._find("missing", name, "the index lists it, the file is gone", lost=True, repaired=self._repair)
                if self._repair:
                    index.forget([name])
            elif segment is not None and segment.sha256 != row.sha256:
                self._find("differs", name, "its SHA-256 is not the one in the index", lost=True)
        if index is not None:
            self._adopt(index, [one for name, one in seen.items() if one is not None and not index.knows(name)])

    def _adopt(self, index: Index, orphans: list[Segment]) -> None:
        closed_now = {one.path for one in self._findings if one.code == "unclosed"}
        for one in () if self._running else orphans:
            if one.path not in closed_now:
                self._find("orphan", one.path, "the index does not list it", repaired=self._repair)
        if self._repair:
            index.add(orphans)

    def _find(self, code: Code, path: str, message: str, *, lost: bool = False, repaired: bool = False) -> None:
        self._findings.append(Finding(code, path, message, lost=lost, repaired=repaired))


def _fault(path: Path) -> str:
    """Why the index cannot be used; empty where it can."""
    if not path.exists():
        return "there is no index"
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            said = list(_lines(connection))
            connection.execute("select count(*) from segments").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        return f"the index cannot be read: {error}"
    return "" if said == ["ok"] else f"the index is damaged: {said[0]}"


def _lines(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute("pragma quick_check(1)"):
        yield str(row[0])
