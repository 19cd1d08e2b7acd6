"""What is made of a flight's files besides an analysis: the picture of a finding by hand, small pixelated copies.

People, vehicles and homes are unrecognisable in both before they are kept.
"""

from __future__ import annotations

import contextlib
import logging
import tempfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from psycopg.rows import dict_row

from control_room.analyses import footage_files, pictures, running
from control_room.buildings import service as buildings
from control_room.database import pool, sql
from control_room.findings import service as findings
from control_room.findings import views
from control_room.flights import showing
from control_room.removals import service as removals
from control_room.store.staging import Incoming
from vision.footage.pixelated import FPS, Pixelated
from vision.footage.video import Footage, VideoError
from vision.georeference.pose import RefusedError

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from numpy.typing import NDArray

    from control_room.analyses.running import Means
    from control_room.store.content import Store
    from vision.georeference.place import View

_TICKS = 1000
_CLICK = 0.04
_PIECE_BYTES = 1024 * 1024
_OPTIONS = {"preset": "veryfast", "crf": "27", "threads": "1", "bf": "0"}
"""Pictures in their order, so that the first stands at 0 in any player."""
_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


def picture(means: Means, finding_id: uuid.UUID) -> bool:
    """Of something that a person added; False: there is nothing to make it of, or it has one."""
    with pool.connect(means.database_url, autocommit=True) as connection:
        of = _row(connection, "unpictured", {"finding_id": finding_id})
        if of is None:
            return False
        hider = pictures.Hider(means.detector(), means.settings, buildings.near(connection, of["flight_id"]))
        view = _view(connection, of)
        with footage_files.on_disk(means.store, of["sha256"]) as path:
            image = _still(path) if of["kind"] == "still" else _moment(path, of["time_s"])
        if image is None:
            _log.warning("finding %s: its picture cannot be decoded", finding_id)
            return False
        hider.hide(image, view, _box(of["box"]))
        sha256 = pictures.keep(means.store, pictures.encoded(image))
        now = means.clock()
        with connection.transaction():
            if findings.illustrate(connection, means.store, finding_id, sha256, now):
                return True
            removals.note(connection, [sha256], now)
    return False


def copy(means: Means, footage_id: uuid.UUID) -> bool:
    """A small copy of a video or still; False: there is nothing to make it of, or it has one.

    Raises:
        running.StoppedError: the process is to end; it is begun anew.
        VideoError: it cannot be decoded.
    """
    with pool.connect(means.database_url, autocommit=True) as connection:
        of = _row(connection, "uncopied", {"footage_id": footage_id})
        if of is None:
            return False
        with footage_files.on_disk(means.store, of["sha256"]) as path:
            made = _still_copy if of["kind"] == "still" else _video_copy
            sha256, size = made(means, connection, of, path)
        now = means.clock()
        given = {"footage_id": footage_id, "sha256": sha256, "bytes": size}
        with connection.transaction():
            if connection.execute(_QUERIES["set_copy"], given).fetchone() is None:
                removals.note(connection, [sha256], now)
                return False
            showing.publish(connection, of["flight_id"], now)
    return True


def _still_copy(means: Means, connection: pool.Connection, of: dict[str, Any], path: Path) -> tuple[str, int]:
    image = _still(path)
    if image is None:
        raise VideoError(f"{of['name']}: is no picture that can be read")
    hider = pictures.Hider(means.detector(), means.settings, buildings.near(connection, of["flight_id"]))
    hider.hide(image, _view(connection, of | {"time_s": None}), None)
    content = pictures.encoded(image)
    return pictures.keep(means.store, content), len(content)


def _video_copy(means: Means, connection: pool.Connection, of: dict[str, Any], path: Path) -> tuple[str, int]:
    video = footage_files.video(connection, of["footage_id"])
    with Footage(path) as footage, tempfile.NamedTemporaryFile(dir=means.store.staging.incoming) as written:
        flown = None
        with contextlib.suppress(footage_files.NoTelemetryError):
            flown = footage_files.flown(connection, of["flight_id"], video, footage.facts())
        town = buildings.near(connection, of["flight_id"])
        copied = Pixelated(footage, means.detector(), lambda time_s: pictures.view_at(flown, time_s), town)
        if not _encode(copied, written.name, means):
            raise VideoError(f"{of['name']}: no picture of it can be decoded")
        return _keep(means.store, written.name)


def _encode(copied: Pixelated, target: str, means: Means) -> int:
    """How many pictures were written. Each stands at its own time of the original."""
    pictures_written = 0
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream: av.VideoStream | None = None
        for time_s, image in copied.pictures():
            if means.is_stopped():
                raise running.StoppedError
            if stream is None:
                stream = container.add_stream("libx264", rate=FPS, options=_OPTIONS)
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, _TICKS)
                stream.codec_context.gop_size = FPS
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = round(time_s * _TICKS), Fraction(1, _TICKS)
            container.mux(stream.encode(frame))
            pictures_written += 1
        if stream is not None:
            container.mux(stream.encode())
    return pictures_written


def _keep(store: Store, path: str) -> tuple[str, int]:
    with Incoming(store) as incoming, open(path, "rb") as file:  # noqa: PTH123 - a temporary file's own name
        while piece := file.read(_PIECE_BYTES):
            incoming.write(piece)
        incoming.keep()
        return incoming.sha256, incoming.size_bytes


def _view(connection: pool.Connection, of: dict[str, Any]) -> View | None:
    try:
        return views.view(connection, views.shown(connection, of["flight_id"], of["footage_id"]), of["time_s"])
    except (RefusedError, views.NotPlacedError, views.NoSuchFootageError):
        return None


def _moment(path: Path, time_s: float | None) -> NDArray[np.uint8] | None:
    try:
        with Footage(path) as footage:
            found = footage.picture(time_s or 0.0)
            return None if found is None else np.ascontiguousarray(found.bgr())
    except VideoError:
        return None


def _still(path: Path) -> NDArray[np.uint8] | None:
    """Turned as viewers show it."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return None if image is None else np.asarray(image, np.uint8)


def _box(stored: list[float] | None) -> tuple[float, float, float, float] | None:
    """Of a click, the ground about it."""
    if stored is None:
        return None
    x1, y1, x2, y2 = stored
    across, down = max(0.0, _CLICK - (x2 - x1)) / 2, max(0.0, _CLICK - (y2 - y1)) / 2
    return max(0.0, x1 - across), max(0.0, y1 - down), min(1.0, x2 + across), min(1.0, y2 + down)


def _row(connection: pool.Connection, query: str, given: dict[str, Any]) -> dict[str, Any] | None:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(_QUERIES[query], given).fetchone()
