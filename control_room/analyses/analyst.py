"""`talaia-room analyst`: reads telemetry and looks through footage, by the queue.

A process of its own, so that ingest never waits for it.

Four workers of the queue run in it: one for readings and one for pictures, which are short, one for small copies, and
`analyses.at_once` for analyses. A job whose process was killed is found by its missing heartbeat and taken up by
whoever runs then.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import procrastinate
import psycopg
from procrastinate import exceptions, jobs

from control_room.analyses import derivatives, running, service
from control_room.analyses import jobs as queue
from control_room.database import pool, sql
from control_room.flights import telemetry_reading
from control_room.probing.telemetry import UnreadError
from control_room.store import opening
from models import ModelError, load_detector
from vision.footage.video import VideoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room.config import Settings
    from control_room.store.content import Store
    from vision.detect import Detector

_BEAT_S, _DEAD_AFTER_S = 2.0, 10.0
_CHORES_EVERY_S = 5.0
_TRIES = 5
_BACK_OFF_S = 5
_QUERIES = sql.load(__file__)
_log = logging.getLogger(__name__)


def run(settings: Settings, stop: threading.Event, *, once: bool = False) -> None:
    """Work until `stop` is set; `once`: until nothing waits.

    Raises:
        pool.UnreachableError: the database cannot be reached at the start.
        OSError: the store's directory cannot be made.
    """
    logging.getLogger("procrastinate").setLevel(logging.WARNING)  # it tells of each job that all went well
    pool.connect(settings.database.url).close()
    asyncio.run(_Analyst(settings, opening.open_store(settings.store), stop).run(once=once))


class _Analyst:
    def __init__(self, settings: Settings, store: Store, stop: threading.Event) -> None:
        self._settings, self._store, self._stop = settings, store, stop
        self._url = settings.database.url
        self._detector: Detector | None = None
        self._loading = threading.Lock()
        options = f"-c search_path={queue.SCHEMA},public -c TimeZone=UTC"
        connector = procrastinate.PsycopgConnector(
            conninfo=self._url, kwargs={"options": options}, min_size=1, max_size=8
        )
        self._app = procrastinate.App(connector=connector)
        again = procrastinate.RetryStrategy(max_attempts=_TRIES, wait=_BACK_OFF_S)
        self._app.task(name=queue.READ, queue=queue.QUEUES[queue.READ], retry=again)(self._read)
        self._app.task(name=queue.ANALYSE, queue=queue.QUEUES[queue.ANALYSE], retry=again)(self._analyse)
        self._app.task(name=queue.PICTURE, queue=queue.QUEUES[queue.PICTURE], retry=again)(self._picture)
        self._app.task(name=queue.COPY, queue=queue.QUEUES[queue.COPY], retry=again)(self._copy)

    async def run(self, *, once: bool) -> None:
        async with self._app.open_async():
            await self._take_up()
            if once:  # one after the other: what is read last asks for the analysis
                await self._work(queue.READ, 1, once=True)
                await self._work(queue.ANALYSE, 1, once=True)
                await self._take_up()
                await self._work(queue.PICTURE, 1, once=True)
                await self._work(queue.COPY, 1, once=True)
                return
            at_once = dict.fromkeys(queue.QUEUES, 1) | {queue.ANALYSE: self._settings.analyses.at_once}
            workers = [asyncio.create_task(self._work(task, number)) for task, number in at_once.items()]
            others = [asyncio.create_task(self._do_chores())]
            waiting = asyncio.create_task(asyncio.to_thread(self._stop.wait))
            try:
                ended = asyncio.gather(*workers)
                either: set[asyncio.Future[Any]] = {ended, waiting}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                for task in [*others, *(workers if self._stop.is_set() else [])]:
                    task.cancel()
                await asyncio.gather(*workers, *others, return_exceptions=True)
            finally:
                self._stop.set()
                await waiting
        _log.info("the analyst ends")

    async def _work(self, task: str, at_once: int, *, once: bool = False) -> None:
        await self._app.run_worker_async(
            queues=[queue.QUEUES[task]],
            name=f"analyst-{task}",
            concurrency=at_once,
            wait=not once,
            fetch_job_polling_interval=_CHORES_EVERY_S,
            delete_jobs=jobs.DeleteJobCondition.SUCCESSFUL,
            install_signal_handlers=False,
            update_heartbeat_interval=_BEAT_S,
            stalled_worker_timeout=_DEAD_AFTER_S,
        )

    async def _do_chores(self) -> None:
        while True:
            await asyncio.sleep(_CHORES_EVERY_S)
            try:
                await self._take_up()
            except (psycopg.Error, exceptions.ConnectorException, pool.UnreachableError) as error:
                _log.warning("chores wait: %s", pool.one_line(error))

    async def _take_up(self) -> None:
        """What a killed process left, and what has no job though it should, such as after a restore."""
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_S):
            _log.warning("job %s is taken up again: the process that was at it is gone", job.id)
            await manager.retry_job(job)
        await asyncio.to_thread(self._defer_forgotten)

    def _defer_forgotten(self) -> None:
        with pool.connect(self._url) as connection:
            for (analysis_id,) in connection.execute(_QUERIES["without_job"], {"task": queue.ANALYSE}).fetchall():
                queue.defer(connection, queue.ANALYSE, analysis_id=str(analysis_id))
            for query, task in (("unread_without_job", queue.READ), ("uncopied_without_job", queue.COPY)):
                for (footage_id,) in connection.execute(_QUERIES[query], {"task": task}).fetchall():
                    queue.defer(connection, task, footage_id=str(footage_id))

    async def _read(self, *, footage_id: str) -> None:
        await asyncio.to_thread(self._read_now, uuid.UUID(footage_id))

    def _read_now(self, footage_id: uuid.UUID) -> None:
        with pool.connect(self._url, autocommit=True) as connection:
            try:
                telemetry_reading.read(connection, self._store, self._settings.town, footage_id, datetime.now(UTC))
                with connection.transaction():
                    service.ask_by_itself(connection, footage_id, datetime.now(UTC))
            except UnreadError as error:
                _log.warning("telemetry of %s: %s", footage_id, error)
                raise

    async def _analyse(self, *, analysis_id: str) -> None:
        try:
            await asyncio.to_thread(running.run, self._means(), uuid.UUID(analysis_id))
        except running.StoppedError:
            raise
        except Exception:
            _log.exception("analysis %s is tried again", analysis_id)
            raise

    async def _picture(self, *, finding_id: str) -> None:
        await asyncio.to_thread(derivatives.picture, self._means(), uuid.UUID(finding_id))

    async def _copy(self, *, footage_id: str) -> None:
        try:
            await asyncio.to_thread(derivatives.copy, self._means(), uuid.UUID(footage_id))
        except (VideoError, LookupError) as error:
            _log.warning("no pixelated copy of %s: %s", footage_id, error)
            raise

    def _means(self) -> running.Means:
        return running.Means(
            self._url,
            self._store,
            self._loaded,
            running.settings(self._settings.analyses.threads),
            is_stopped=self._stop.is_set,
        )

    def _loaded(self) -> Detector:
        """Loaded when it is first needed; tracks come without it."""
        section = self._settings.analyses
        with self._loading:
            if self._detector is None:
                try:
                    found = load_detector("onnxruntime", section.model, section.input_px, section.confidence)
                except ModelError as error:
                    raise running.GivenUpError(f"no_model: {error}") from None
                self._detector = found
            return self._detector


def stop_on_signals(stop: threading.Event) -> Callable[[], None]:
    """Sets it on SIGTERM and SIGINT; gives what puts the old handlers back."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return put_back
