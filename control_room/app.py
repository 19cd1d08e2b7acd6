"""The control room's web service, put together from its features."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.concurrency import run_in_threadpool

from control_room import access, chores, headers, limits, problems, screens, tracing
from control_room import room as rooms
from control_room.aircraft import routes as aircraft
from control_room.alerts import routes as alerts
from control_room.analyses import routes as analyses
from control_room.audit import routes as audit
from control_room.authorisations import routes as authorisations
from control_room.buildings import routes as buildings
from control_room.buildings import service as building_service
from control_room.cameras import routes as cameras
from control_room.commands import keys
from control_room.commands import routes as commands
from control_room.configurations import routes as configurations
from control_room.counts import routes as counts
from control_room.database import pool
from control_room.dead_letters import routes as dead_letters
from control_room.devices import routes as devices
from control_room.enrolment import authority
from control_room.enrolment import routes as enrolment
from control_room.events import routes as events
from control_room.evidence import routes as evidence
from control_room.evidence import service as evidence_service
from control_room.findings import routes as findings
from control_room.flight_log import routes as flight_log
from control_room.flights import routes as flights
from control_room.geozones import routes as geozones
from control_room.geozones import service as geozone_service
from control_room.health import routes as health
from control_room.health.metrics import CountRequests, Metrics
from control_room.holds import routes as holds
from control_room.live import routes as live
from control_room.live import source_routes as live_sources
from control_room.live_recordings import routes as live_recordings
from control_room.ogc import routes as ogc
from control_room.positions import beside_video
from control_room.positions import routes as positions
from control_room.preflight import routes as preflight
from control_room.ptz import routes as ptz
from control_room.sessions import routes as sessions
from control_room.silenced import routes as silenced
from control_room.sites import routes as sites
from control_room.store import opening
from control_room.stream import heartbeat
from control_room.stream import routes as stream
from control_room.stream.hub import Hub
from control_room.stream.resume import Beginnings
from control_room.stream.traced import TracedFrames
from control_room.town import routes as town
from control_room.uploads import attempts as counted
from control_room.uploads import limits as upload_limits
from control_room.uploads import routes as uploads
from control_room.uploads.protocol import TusProtocol
from control_room.users import routes as users
from control_room.viewing import routes as viewing
from control_room.walls import routes as walls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from control_room import config

VERSION = "1"
FEATURES = (
    sessions,
    alerts,
    evidence,
    uploads,
    flights,
    analyses,
    cameras,
    silenced,
    positions,
    ptz,
    devices,
    enrolment,
    configurations,
    commands,
    events,
    counts,
    holds,
    geozones,
    buildings,
    aircraft,
    authorisations,
    flight_log,
    preflight,
    findings,
    sites,
    viewing,
    users,
    live,
    live_sources,
    live_recordings,
    walls,
    ogc,
    dead_letters,
    town,
    stream,
    audit,
    health,
)
_LARGER = {
    "/api/v1/evidence/": evidence_service.LIMIT_BYTES,
    "/api/v1/uploads": upload_limits.BYTES,
    "/api/v1/flights": 2 * 1024 * 1024,
    "/api/v1/geozones/datasets": geozone_service.LIMIT_BYTES,
    "/api/v1/buildings": building_service.LIMIT_BYTES,
}
"""Bodies over the usual size, by the beginning of their paths."""
_LAST_SPANS_S = 1.0
_TELLS_NOBODY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own telemetry, which an environment variable would turn on, tells addresses and words of exceptions."""

_log = logging.getLogger(__name__)


def routed(built: Path = screens.BUILT) -> FastAPI:
    """The application with its routes and nothing behind them."""
    app = FastAPI(
        title="Talaia control room",
        version=VERSION,
        description="Errors are RFC 9457 problem JSON. Times are RFC 3339 in UTC.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=_TELLS_NOBODY,
    )
    problems.install(app)
    for feature in FEATURES:
        app.include_router(feature.router)
    app.include_router(
        health.router, prefix="/api/v1", include_in_schema=False
    )  # where the other routes are looked for
    app.include_router(screens.router(built))
    access.check(app)
    return app


def create_app(
    settings: config.Settings,
    *,
    clock: Callable[[], datetime] = rooms.utc_now,
    built: Path = screens.BUILT,
    heartbeat_s: float = 10.0,
    does_chores: bool = True,
) -> FastAPI:
    """The service; its database may be away at the start, `/readyz` says so.

    Without chores nothing happens by the clock but what somebody else does.

    Raises:
        OSError: the evidence store's directory cannot be made.
        config.ConfigError: the room's key cannot be read, or the extra that a setting needs is missing.
        access.UndeclaredRouteError: a route does not say who may call it.
    """
    app = routed(built)
    metrics = Metrics()
    store = opening.open_store(settings.store)
    signer, town = keys.load(settings.commands), authority.load(settings.enrolment)
    spans = tracing.start(settings.tracing, service="talaia-room", instance=f"{socket.gethostname()}-{os.getpid()}")
    hub = Hub(
        settings.database.url,
        heartbeat_s=heartbeat_s,
        traced=None if spans is None else TracedFrames(spans),
        counted=metrics.set_streams,
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = pool.open_pool(settings.database.url)
        room = rooms.Room(
            settings=settings,
            database=database,
            store=store,
            hub=hub,
            beginnings=Beginnings(database),
            metrics=metrics,
            signer=signer,
            authority=town,
            clock=clock,
        )
        app.state.room = room
        tasks = [
            asyncio.create_task(hub.run()),
            asyncio.create_task(heartbeat.run(room)),
            asyncio.create_task(beside_video.run(room)),
        ]
        if does_chores:
            tasks.append(asyncio.create_task(chores.repeat(room)))
        try:
            yield
        finally:
            hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await run_in_threadpool(database.close)
            if spans is not None:
                await run_in_threadpool(spans.close, _LAST_SPANS_S)

    app.router.lifespan_context = lifespan
    app.state.hub = hub
    app.state.upload_limits = upload_limits.Limits()
    app.state.live_offers = counted.Attempts(limit=settings.live.offers_a_minute, window_s=60.0)
    # The last added is the outermost.
    app.add_middleware(limits.BodyLimit, larger=_LARGER)
    app.add_middleware(TusProtocol, root=uploads.router.prefix)
    app.add_middleware(problems.LastResort)
    app.add_middleware(headers.SecurityHeaders)
    app.add_middleware(CountRequests, metrics=metrics)
    return app
