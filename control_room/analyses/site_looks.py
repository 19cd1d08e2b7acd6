"""A flight over known sites: the picture that shows each best, beside that of the look before, with the change marked.

Both are laid north up on the same ground, people and vehicles in them pixelated before anything is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from psycopg.rows import dict_row

from control_room.analyses import footage_files, pictures
from control_room.buildings import service as buildings
from control_room.database import sql
from control_room.removals import service as removals
from control_room.sites import service as sites
from vision import redact
from vision.footage import ground_picture, homes, tiles
from vision.footage.change import before_after
from vision.georeference import globe, orthophoto
from vision.georeference.pose import RefusedError
from vision.track import PERSON

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from control_room.analyses.flown_footage import FlownFootage
    from control_room.store.content import Store
    from vision.detect import Detector
    from vision.footage.change import Pair, Shot
    from vision.footage.settings import Settings
    from vision.geometry import Box
    from vision.georeference.place import View

SITES_MAX = 50
"""Of one flight; the nearest to its track come first."""
_RADIUS_M = (10.0, 25.0)
"""Least and most ground around a site; between, twice its error."""
_MARK = (60, 60, 230)
_SIDE_PX_MIN = 480
_AT_M = 3.0
_SURE = 0.5
_HIDDEN = frozenset({PERSON, "bicycle"})
_QUERIES = sql.load(__file__)


@dataclass(frozen=True, slots=True)
class Look:
    """A picture of a flight that shows a site."""

    video: footage_files.Video
    time_s: float
    shot: Shot


@dataclass(slots=True)
class Looker:
    """Finds and prepares pictures of places."""

    footage: FlownFootage
    store: Store
    detector: Detector
    settings: Settings
    _towns: dict[uuid.UUID, homes.Homes | None] = field(default_factory=dict)

    def best(self, flight_id: uuid.UUID, videos: Sequence[footage_files.Video], site: dict[str, Any]) -> Look | None:
        """The first of the videos that shows the site well; None: none does."""
        for video in videos:
            flight = self.footage.of(flight_id, video)
            look = None if flight is None else flight.best_look(site["lat"], site["lon"])
            shot = None if flight is None or look is None else flight.shot(look)
            if look is not None and shot is not None:
                return Look(video, look.time_s, replace(shot, shown=self._hidden(shot, site, flight_id)))
        return None

    def _hidden(self, shot: Shot, site: dict[str, Any], flight_id: uuid.UUID) -> NDArray[np.uint8]:
        """A copy without people, and without homes but for the ground of the site itself.

        They are looked for from a low confidence on; from a higher one where the site itself lies, as a heap seen from
        above is easily taken for somebody. A vehicle stays: laid on the ground no pixel shows less than
        `Settings.fine_m` (5 cm), in which no plate can be read.
        """
        wary = replace(self.settings, detector_confidence_min=redact.CONFIDENCE)
        found = tiles.detect(shot.image, self.detector, wary) + list(self.detector.detect(shot.image))
        people = [one for one in found if one.label in _HIDDEN]
        if flight_id not in self._towns:
            self._towns[flight_id] = buildings.near(self.footage.connection, flight_id)
        hidden = shot.image.copy()
        homes.paint(hidden, shot.view, self._towns[flight_id], _box_of(site, shot.view))
        kept = [one for one in people if one.confidence >= _SURE or not _is_at(site, shot.view, one.box, self.settings)]
        redact.pixelate(hidden, [pictures.enlarged(one.box) for one in kept])
        return hidden


def _box_of(site: dict[str, Any], view: View) -> list[Box]:
    """The ground around a site in the picture, in 0..1; none where it is not in the picture."""
    east, north = globe.offset_m((view.pose.lat, view.pose.lon), (site["lat"], site["lon"]))
    across = np.array([-_AT_M, _AT_M, _AT_M, -_AT_M]) + east
    up = np.array([-_AT_M, -_AT_M, _AT_M, _AT_M]) + north
    x, y = orthophoto.project(view.camera, view.pose, across, up)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return []
    x, y = np.clip(x / view.camera.width_px, 0, 1), np.clip(y / view.camera.height_px, 0, 1)
    return [(float(x.min()), float(y.min()), float(x.max()), float(y.max()))]


def _is_at(site: dict[str, Any], view: View, box: Box, settings: Settings) -> bool:
    """Whether the middle of a box lies within the site's error of it."""
    camera, pose = view.camera, view.pose
    east, north = globe.offset_m((pose.lat, pose.lon), (site["lat"], site["lon"]))
    x, y = orthophoto.project(camera, pose, np.array([east]), np.array([north]))
    across = (box[0] + box[2]) / 2 * camera.width_px - float(x[0])
    down = (box[1] + box[3]) / 2 * camera.height_px - float(y[0])
    native_m = ground_picture.frame_of(camera, pose, view.ground, settings).native_m
    return bool(math.hypot(across, down) * native_m <= max(_AT_M, site["ce90_m"]))


def note(looker: Looker, flight_id: uuid.UUID, now: datetime) -> int:
    """Write down for each site that this flight's pictures show what they show; how many."""
    connection = looker.footage.connection
    with connection.cursor(row_factory=dict_row) as cursor:
        near = cursor.execute(_QUERIES["sites_near"], {"flight_id": flight_id, "limit": SITES_MAX}).fetchall()
    if not near:
        return 0
    videos = footage_files.videos(connection, flight_id)
    looked = 0
    for site in near:
        after = looker.best(flight_id, videos, site)
        if after is None:
            continue
        before = _before(looker, flight_id, site)
        row = _row(looker.store, site, before, after)
        at = after.video.captured_from or now
        columns = {"flight_id": flight_id, "footage_id": after.video.footage_id, "time_s": after.time_s, "at": at}
        with connection.transaction():
            given = {"site_id": site["site_id"], "flight_id": flight_id}
            gone = [sha256 for pair in connection.execute(_QUERIES["forget_look"], given) for sha256 in pair]
            sites.note_look(connection, site["site_id"], columns | row)
            removals.note(connection, [sha256 for sha256 in gone if sha256 is not None], now)
        looked += 1
    return looked


def _before(looker: Looker, flight_id: uuid.UUID, site: dict[str, Any]) -> Look | None:
    """The newest picture of an earlier flight whose file is still there."""
    for earlier_id, video in looker.footage.before(flight_id, (site["lat"], site["lon"])):
        found = looker.best(earlier_id, [video], site)
        if found is not None:
            return found
    return None


def _row(store: Store, site: dict[str, Any], before: Look | None, after: Look) -> dict[str, Any]:
    """Both pictures where both flights show it well, else only what this one saw."""
    radius_m = min(_RADIUS_M[1], max(_RADIUS_M[0], 2 * site["ce90_m"]))
    place = (site["lat"], site["lon"])
    try:
        pair = before_after((before or after).shot, after.shot, place, radius_m)
    except RefusedError:
        return {}
    kept = {"after_sha256": pictures.keep(store, pictures.encoded(_enough(_marked(pair) if before else pair.after)))}
    if before is None:
        return kept
    kept["before_sha256"] = pictures.keep(store, pictures.encoded(_enough(pair.before)))
    if not pair.aligned:
        return kept
    seen = pair.seen > 0
    share = float((pair.change[seen] > 0).mean()) if seen.any() else 0.0
    return kept | {"changed_share": round(share, 4)}


def _marked(pair: Pair) -> NDArray[np.uint8]:
    """What differs from the look before, outlined."""
    image = pair.after.copy()
    for patch in pair.patches:
        x1, y1, x2, y2 = (round(value) for value in patch.box)
        cv2.rectangle(image, (x1 - 2, y1 - 2), (x2 + 2, y2 + 2), _MARK, 2)
    return np.asarray(image, np.uint8)


def _enough(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Large enough to be looked at."""
    times = max(1, -(-_SIDE_PX_MIN // max(image.shape[:2])))
    if times == 1:
        return image
    size = (image.shape[1] * times, image.shape[0] * times)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)
