"""Videos of this flight and of earlier ones over the same ground, opened once and asked for places."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from control_room.analyses import footage_files
from control_room.database import sql
from vision.footage.revisits import Flight, Flights
from vision.footage.video import Footage, VideoError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from control_room.database import pool
    from control_room.store.content import Store
    from vision.footage.settings import Settings

EARLIER_MAX = 5
"""Videos of earlier flights that are tried for one place."""
_QUERIES = sql.load(__file__)


@dataclass(slots=True)
class FlownFootage:
    """Closed by `close`; until then copies of files of a store on a network are kept."""

    connection: pool.Connection
    store: Store
    settings: Settings
    offsets: dict[uuid.UUID, float] = field(default_factory=dict)
    """By how much telemetry is moved, of videos of which the database does not know it yet."""
    _opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _flights: dict[uuid.UUID, Flight | None] = field(default_factory=dict)

    def close(self) -> None:
        self._opened.close()

    def of(self, flight_id: uuid.UUID, video: footage_files.Video) -> Flight | None:
        """None where nothing says where it was taken, or it cannot be read."""
        if video.footage_id not in self._flights:
            self._flights[video.footage_id] = self._open(flight_id, video)
        return self._flights[video.footage_id]

    def before(
        self, flight_id: uuid.UUID, place: tuple[float, float]
    ) -> Iterator[tuple[uuid.UUID, footage_files.Video]]:
        """Videos of earlier flights that passed near a place (lat, lon), and whose flight; the newest first."""
        given = {"flight_id": flight_id, "lat": place[0], "lon": place[1], "limit": EARLIER_MAX}
        for earlier_id, footage_id in self.connection.execute(_QUERIES["earlier_videos"], given).fetchall():
            for video in footage_files.videos(self.connection, earlier_id):
                if video.footage_id == footage_id:
                    yield earlier_id, video

    def last_over(self, flight_id: uuid.UUID, video: footage_files.Video) -> Flights | None:
        """The last flight over the ground of a video; None: none is known, or none of its files is kept."""
        try:
            samples = footage_files.samples(self.connection, flight_id, video)
        except footage_files.NoTelemetryError:
            return None
        placed = [(one.lat, one.lon) for one in samples if one.lat is not None and one.lon is not None]
        last_id, parts = None, []
        for earlier_id, earlier in self.before(flight_id, placed[len(placed) // 2]):
            if last_id not in {None, earlier_id}:
                break
            opened = self.of(earlier_id, earlier)
            if opened is not None:
                last_id = earlier_id
                parts.append(opened)
        return Flights(tuple(parts)) if parts else None

    def _open(self, flight_id: uuid.UUID, video: footage_files.Video) -> Flight | None:
        try:
            path = self._opened.enter_context(footage_files.on_disk(self.store, video.sha256))
            with Footage(path) as footage:
                facts = footage.facts()
            offset_s = self.offsets.get(video.footage_id)
            flown = footage_files.flown(self.connection, flight_id, video, facts, offset_s)
        except (footage_files.NoTelemetryError, VideoError, OSError):
            return None
        return Flight(path, flown, facts, self.settings)
