"""Looks through the recordings folder for segments that the index does not know."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge.recording import boxes, read
from edge.recording.facts import RecordingError
from edge.recording.holds import FOLDER as HOLDS_FOLDER
from edge.recording.segment import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.recording.index import Index
    from edge.recording.segment import Segment

log = logging.getLogger(__name__)

_DAYS_LOOKED_AT = 2


def folders(root: Path, *, newest: int | None = None) -> list[Path]:
    """The cameras' folders of days, in order; only the newest ones of each camera where a count is given."""
    found: list[Path] = []
    for camera in sorted(path for path in root.iterdir() if path.is_dir() and path.name != HOLDS_FOLDER):
        days = sorted(path for path in camera.iterdir() if path.is_dir())
        found += days if newest is None else days[-newest:]
    return found


def files(root: Path, *, newest: int | None = None) -> Iterator[Path]:
    for folder in folders(root, newest=newest):
        yield from sorted(folder.glob(f"*{SUFFIX}"))


def found_since(root: Path, index: Index) -> list[Segment]:
    """What lies in the newest folders and the index does not know: an agent was killed. Closes what was open.

    Older folders are looked through by `talaia-edge fsck`; where the index is empty, all are here too.
    """
    everything = index.span_of(None) == (None, None)
    found: list[Segment] = []
    for path in files(root, newest=None if everything else _DAYS_LOOKED_AT):
        if index.knows(str(path.relative_to(root))):
            continue
        try:
            segment = adopt(root, path)
        except (OSError, RecordingError) as error:
            log.error("%s is left as it is: %s", path.relative_to(root), error)  # noqa: TRY400 - said, not traced
            continue
        if segment is not None:
            found.append(segment)
    return found


def adopt(root: Path, path: Path) -> Segment | None:
    """The segment of a file: as its seal says, or closed now; None where nothing was whole.

    Raises:
        OSError, RecordingError: it cannot be read or closed.
    """
    outline = boxes.outline(path)
    if outline.seal is not None:
        return read.checked(root, path, outline.seal)
    return read.salvage(root, path)
