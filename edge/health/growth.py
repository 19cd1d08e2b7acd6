"""Whether recordings really reach the disk: looks at the files themselves, not at what the recorder says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

STALLED_S = 60.0
"""A live camera whose newest file has not grown for so long is not recorded; longer than any key frame interval."""

_Newest = tuple[str, int]
"""Name and bytes."""


@dataclass(slots=True)
class _Seen:
    newest: _Newest | None
    since_s: float


class Growth:
    """Of the cameras' folders under one root: `<camera>/<day>/<time>.mp4`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, _Seen] = {}

    def stalled(self, live: Collection[str], now_s: float) -> list[str]:
        """Those of the live cameras whose newest file stands still."""
        self._seen = {camera_id: seen for camera_id, seen in self._seen.items() if camera_id in live}
        found = []
        for camera_id in sorted(live):
            newest = _newest(self._root / camera_id)
            seen = self._seen.get(camera_id)
            if seen is None or seen.newest != newest:
                self._seen[camera_id] = _Seen(newest, now_s)
            elif now_s - seen.since_s > STALLED_S:
                found.append(camera_id)
        return found


def _newest(folder: Path) -> _Newest | None:
    """Names sort by time, so only one folder a camera is read."""
    try:
        day = max(path for path in folder.iterdir() if path.is_dir())
        path = max(one for one in day.iterdir() if one.is_file())
        return path.name, path.stat().st_size
    except (OSError, ValueError):
        return None
