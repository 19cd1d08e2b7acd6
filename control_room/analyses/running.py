"""One analysis from its rows to its findings: each video through `vision.footage`, whose pieces are kept as they come.

It may be killed anywhere: whoever takes it up again begins with the first piece that is not kept.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from uuid_utils import compat as uuids

from control_room.analyses import footage_files, pictures, site_looks
from control_room.analyses.flown_footage import FlownFootage
from control_room.buildings import service as buildings
from control_room.database import pool, sql
from control_room.flights import showing
from control_room.removals import service as removals
from vision.footage import analysis
from vision.footage.progress import Kept
from vision.footage.settings import Settings
from vision.footage.video import Footage, VideoError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from control_room.store.content import Store
    from vision.detect import Detector
    from vision.footage.result import Candidate, FootageResult

CANDIDATES_MAX = 100
"""Of one video, the best ranked: more nobody looks at, and each costs a picture."""
ATTEMPTS_MAX = 5
"""So often a worker may end while it is at one: then it is the analysis that ends them."""
_TOLD_EVERY_S = 1.0
_STAGES = {"plan": 0.0, "look": 0.05, "join": 0.95}
_CE90_SIGMAS = 2.1459660
"""Radius that holds 90 % of a normal distribution on the plane, in standard deviations."""
_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


class GivenUpError(Exception):
    """It cannot be done; one line for the pilot, beginning with a code."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an analysis is done with."""

    database_url: str
    store: Store
    detector: Callable[[], Detector]
    """Loaded once; raises GivenUpError."""
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    is_stopped: Callable[[], bool] = lambda: False
    """This process is to end: what is kept stays, and another goes on."""


class StoppedError(Exception):
    """The process is to end."""


def run(means: Means, analysis_id: uuid.UUID) -> None:
    """Until it is done, failed or cancelled; harmless where it is already, or where another process is at it.

    Raises:
        StoppedError: the process is to end before it is done.
        psycopg.Error: the database went away: it is taken up again.
    """
    with pool.connect(means.database_url, autocommit=True) as connection:
        alone = connection.execute(_QUERIES["hold_alone"], {"analysis_id": str(analysis_id)}).fetchone()
        if alone != (True,):
            return
        with connection.cursor(row_factory=dict_row) as cursor:
            given = {"analysis_id": analysis_id, "now": means.clock()}
            taken = cursor.execute(_QUERIES["take_up"], given).fetchone()
        if taken is None:
            return
        _Running(means, connection, taken).run()


class _Running:
    def __init__(self, means: Means, connection: pool.Connection, taken: dict[str, Any]) -> None:
        self._means, self._connection = means, connection
        self._analysis_id: uuid.UUID = taken["analysis_id"]
        self._flight_id: uuid.UUID = taken["flight_id"]
        self._attempts: int = taken["attempts"]
        self._told_s = -math.inf
        self._share = (0.0, 1.0)
        """Where on the whole way the present video lies."""

    def run(self) -> None:
        if self._attempts > ATTEMPTS_MAX:
            self._fail(f"crashes: its worker ended {ATTEMPTS_MAX} times while it was at it")
            return
        try:
            self._look_through()
        except analysis.CancelledError:
            self._connection.execute(_QUERIES["forget_spans"], {"analysis_id": self._analysis_id})
            if self._means.is_stopped():
                raise StoppedError from None
        except (GivenUpError, pictures.PictureError) as error:
            self._fail(str(error))

    def _look_through(self) -> None:
        videos = footage_files.videos(self._connection, self._flight_id)
        detector = self._means.detector()
        found: list[tuple[footage_files.Video, FootageResult]] = []
        told: list[dict[str, Any]] = []
        weights = [max(video.duration_s or 60.0, 1.0) for video in videos]
        for number, video in enumerate(videos):
            self._share = sum(weights[:number]) / sum(weights), weights[number] / sum(weights)
            said: dict[str, Any] = {"footage_id": str(video.footage_id), "name": video.name}
            try:
                result = self._analyse(video, detector)
            except (VideoError, footage_files.NoTelemetryError) as error:
                told.append(said | {"refused": str(error)})
                continue
            found.append((video, result))
            left_out = max(0, len(result.candidates) - CANDIDATES_MAX)
            told.append(said | {"summary": result.to_json()["summary"], "candidates_left_out": left_out})
        if not found:
            why = told[0]["refused"] if told else "there is no video"
            raise GivenUpError(f"no_video_usable: {why}")
        self._finish(found, told, detector)

    def _analyse(self, video: footage_files.Video, detector: Detector) -> FootageResult:
        samples = footage_files.samples(self._connection, self._flight_id, video)
        lens = footage_files.lens(video)
        kept = self._kept(video.footage_id)
        earlier = FlownFootage(self._connection, self._means.store, self._means.settings)
        with contextlib.closing(earlier), footage_files.on_disk(self._means.store, video.sha256) as path:
            return analysis.analyse(
                path,
                samples,
                lens,
                detector=detector,
                previous=earlier.last_over(self._flight_id, video),
                settings=self._means.settings,
                progress=self._progress,
                kept=kept,
            )

    def _kept(self, footage_id: uuid.UUID) -> Kept:
        """`plan` is piece 0, `span-0` piece 1."""
        rows = self._connection.execute(_QUERIES["spans"], {"analysis_id": self._analysis_id})
        done = {_key(span): result for other, span, result in rows if other == footage_id}

        def keep(key: str, value: dict[str, Any]) -> None:
            given = {"analysis_id": self._analysis_id, "footage_id": footage_id, "span": _span(key)}
            result = Jsonb(value)
            self._connection.execute(_QUERIES["keep_span"], given | {"result": result, "now": self._means.clock()})

        return Kept(done, keep)

    def _progress(self, stage: str, done: float, total: float) -> bool:
        """False where it was cancelled, or the process is to end."""
        if self._means.is_stopped():
            return False
        begin = _STAGES[stage]
        end = {"plan": 0.05, "look": 0.95, "join": 1.0}[stage]
        here = begin + (end - begin) * (done / total if total else 1.0)
        progress = min(1.0, self._share[0] + self._share[1] * here)
        given = {"analysis_id": self._analysis_id, "stage": stage, "progress": progress, "now": self._means.clock()}
        with self._connection.transaction():
            if self._connection.execute(_QUERIES["beat"], given).fetchone() is None:
                return False
            if time.monotonic() - self._told_s >= _TOLD_EVERY_S:
                self._told_s = time.monotonic()
                showing.publish(self._connection, self._flight_id, self._means.clock())
        return True

    def _finish(
        self, found: list[tuple[footage_files.Video, FootageResult]], told: list[dict[str, Any]], detector: Detector
    ) -> None:
        """Pictures first, then all rows in one transaction: a kill between costs the pictures again."""
        shown = [self._pictured(video, result, detector) for video, result in found]
        self._look_at_sites(found, detector)
        now = self._means.clock()
        coverage = [ring for _, result in found for ring in result.to_json()["coverage"]]
        summary = {"videos": told, "coverage": coverage, "candidates": sum(len(one) for one in shown)}
        model = {"name": detector.name, "sha256": detector.sha256}
        with self._connection.transaction():
            given = {"analysis_id": self._analysis_id, "now": now, "summary": Jsonb(summary), "model": Jsonb(model)}
            if self._connection.execute(_QUERIES["finish"], given).fetchone() is None:
                raise analysis.CancelledError
            gone = self._connection.execute(_QUERIES["old_candidates"], {"flight_id": self._flight_id}).fetchall()
            gone += self._connection.execute(_QUERIES["old_copies"], {"flight_id": self._flight_id}).fetchall()
            for (video, result), rows in zip(found, shown, strict=True):
                synchrony = result.summary.synchrony
                given = {"offset_s": synchrony.offset_s, "quality": synchrony.quality, "footage_id": video.footage_id}
                self._connection.execute(_QUERIES["set_synchrony"], given)
                for row in rows:
                    self._connection.execute(_QUERIES["add_finding"], row | {"now": now})
            removals.note(self._connection, [sha256 for (sha256,) in gone if sha256 is not None], now)
            self._connection.execute(_QUERIES["forget_spans"], {"analysis_id": self._analysis_id})
            showing.publish(self._connection, self._flight_id, now)
        with contextlib.suppress(Exception):  # whoever serves takes them out too
            removals.take_out(self._connection, self._means.store)

    def _look_at_sites(self, found: list[tuple[footage_files.Video, FootageResult]], detector: Detector) -> None:
        """A kill after it costs it again."""
        offsets = {video.footage_id: result.summary.synchrony.offset_s for video, result in found}
        footage = FlownFootage(self._connection, self._means.store, self._means.settings, offsets)
        with contextlib.closing(footage):
            looker = site_looks.Looker(footage, self._means.store, detector, self._means.settings)
            site_looks.note(looker, self._flight_id, self._means.clock())

    def _pictured(self, video: footage_files.Video, result: FootageResult, detector: Detector) -> list[dict[str, Any]]:
        """Rows of its candidates, each with its picture in the store."""
        rows = []
        hider = pictures.Hider(detector, self._means.settings, buildings.near(self._connection, self._flight_id))
        with footage_files.on_disk(self._means.store, video.sha256) as path, Footage(path) as footage:
            offset_s = result.summary.synchrony.offset_s
            flown = footage_files.flown(self._connection, self._flight_id, video, footage.facts(), offset_s)
            for candidate in result.candidates[:CANDIDATES_MAX]:
                at_s, box = candidate.best.time_s, candidate.box
                picture = pictures.make(footage, at_s, box, hider=hider, flown=flown, hidden=result.hidden)
                sha256 = None if picture is None else pictures.keep(self._means.store, picture)
                rows.append(self._row(video, candidate) | {"picture_sha256": sha256})
        return rows

    def _row(self, video: footage_files.Video, one: Candidate) -> dict[str, Any]:
        return {
            "finding_id": uuids.uuid7(),
            "flight_id": self._flight_id,
            "footage_id": video.footage_id,
            "analysis_id": self._analysis_id,
            "label": one.label or one.kind,
            "confidence": one.confidence,
            "score": one.score,
            "reasons": Jsonb(list(one.reasons)),
            "seen_at": _seen_at(video, one, self._means.clock()),
            "time_s": one.best.time_s,
            "box": Jsonb(list(one.box)),
            "looks": one.looks,
            "lat": one.lat,
            "lon": one.lon,
            "ce90_m": one.ce90_m,
            "ellipse": Jsonb(ellipse(one.covariance_m2)),
            "depression_deg": one.depression_deg,
            "method": one.method,
        }

    def _fail(self, error: str) -> None:
        now = self._means.clock()
        _log.error("analysis %s: %s", self._analysis_id, error)
        with self._connection.transaction():
            given = {"analysis_id": self._analysis_id, "now": now, "error": " ".join(error.split())[:500]}
            self._connection.execute(_QUERIES["fail"], given)
            self._connection.execute(_QUERIES["forget_spans"], given)
            showing.publish(self._connection, self._flight_id, now)


def ellipse(covariance_m2: tuple[float, float, float]) -> dict[str, float]:
    """Of 90 %: half axes in metres and the bearing of the greater one."""
    east, both, north = covariance_m2
    middle, spread = (east + north) / 2, math.hypot((east - north) / 2, both)
    greater, lesser = middle + spread, max(0.0, middle - spread)
    bearing = math.degrees(math.atan2(2 * both, north - east)) / 2 % 180
    return {
        "semi_major_m": round(_CE90_SIGMAS * math.sqrt(greater), 2),
        "semi_minor_m": round(_CE90_SIGMAS * math.sqrt(lesser), 2),
        "bearing_deg": round(bearing, 1),
    }


def _seen_at(video: footage_files.Video, one: Candidate, now: datetime) -> datetime:
    if one.best.time_utc is not None:
        return datetime.fromisoformat(one.best.time_utc)
    began_at = video.captured_from
    return now if began_at is None else began_at + timedelta(seconds=one.best.time_s)


def _span(key: str) -> int:
    return 0 if key == "plan" else int(key.removeprefix("span-")) + 1


def _key(span: int) -> str:
    return "plan" if span == 0 else f"span-{span - 1}"


def settings(threads: int) -> Settings:
    """As many threads as the town gives an analyst."""
    return replace(Settings(), threads=threads)
