"""`/healthz`, `/readyz`, `/metrics`: for whoever keeps the room running."""

import http

import psycopg
import psycopg_pool
from fastapi import APIRouter, Response

from control_room import access
from control_room import room as rooms
from control_room.health import metrics, schemas, service

router = APIRouter(tags=["health"])

_WAIT_S = 2.0


@router.get("/healthz", dependencies=[access.public("says only that the process answers")])
async def healthz() -> schemas.Health:
    """The process answers."""
    return schemas.Health()


@router.get(
    "/readyz",
    dependencies=[access.public("says nothing of people or places")],
    responses={503: {"model": schemas.Readiness, "description": "Not ready."}},
)
def readyz(room: rooms.Here, response: Response) -> schemas.Readiness:
    """Whether the database is reachable and current, what storage it has, and whether a worker has the broker."""
    try:
        with room.database.connection(timeout=_WAIT_S) as connection:
            found = service.readiness(connection, room.clock())
    except (psycopg.Error, psycopg_pool.PoolTimeout):
        found = None
    answer = _answer(found)
    if not answer.ready:
        response.status_code = http.HTTPStatus.SERVICE_UNAVAILABLE
    return answer


@router.get("/metrics", response_class=Response, responses={**access.RESPONSES, 200: {"content": {"text/plain": {}}}})
def prometheus(room: rooms.Here, _caller: access.LocalOrAdministrator) -> Response:
    """Prometheus' text form; for programs of this machine, and for administrators."""
    try:
        with room.database.connection(timeout=_WAIT_S) as connection:
            figures = service.figures(connection, room.clock())
    except (psycopg.Error, psycopg_pool.PoolTimeout):
        figures = None
    return Response(room.metrics.text(figures), media_type=metrics.MEDIA_TYPE)


def _answer(found: service.Readiness | None) -> schemas.Readiness:
    if found is None:
        database = schemas.DatabaseReadiness(reachable=False, schema_current=False, pending_migrations=[], storage=None)
        broker = schemas.BrokerReadiness(connected=False, since=None, worker_seen_at=None)
        return schemas.Readiness(ready=False, database=database, broker=broker)
    is_current = not found.pending_migrations
    version = found.timescale_version
    database = schemas.DatabaseReadiness(
        reachable=True,
        schema_current=is_current,
        pending_migrations=found.pending_migrations,
        storage=f"timescaledb {version}" if version else "plain tables",
    )
    worker = found.worker
    broker = schemas.BrokerReadiness(
        connected=worker is not None and worker.broker_since is not None,
        since=worker.broker_since if worker else None,
        worker_seen_at=worker.seen_at if worker else None,
    )
    return schemas.Readiness(ready=is_current, database=database, broker=broker)
