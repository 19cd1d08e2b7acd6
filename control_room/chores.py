"""What serving processes do by the clock, in one or in several. One that fails holds no other up."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool

from control_room import problems
from control_room.alerts import service as alerts
from control_room.attempts import service as attempts
from control_room.database import pool
from control_room.evidence import service as evidence
from control_room.flight_log import checks
from control_room.live import keeping as live
from control_room.live_recordings import keeping as live_recordings
from control_room.removals import service as removals
from control_room.uploads import expiry
from control_room.viewing import reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from control_room.room import Room

    Chore = Callable[[Room, datetime], object]

EVERY_S = 2.0
_HALF_RECEIVED_KEPT_S = 3600
"""A device that sends for longer than this is taken to have gone."""
_log = logging.getLogger(__name__)


async def repeat(room: Room) -> None:
    """Until it is cancelled."""
    while True:
        await run_in_threadpool(do_all, room, CHORES)
        await asyncio.sleep(EVERY_S)


def do_all(room: Room, chores: Sequence[Chore]) -> None:
    for chore in chores:
        try:
            chore(room, room.clock())
        except (psycopg.OperationalError, PoolTimeout) as error:
            _log.warning("chores wait: %s", pool.one_line(error))
            return  # the database is away: for the others too
        except (psycopg.Error, OSError, problems.ProblemError) as error:
            _log.warning("a chore waits: %s", pool.one_line(error))
        except Exception:  # noqa: BLE001 - a defect in one of them must not end what erases, unshelves and stops
            _log.exception("the chore %s failed", getattr(chore, "__name__", chore))


def _of_rows(work: Callable[[pool.Connection, datetime], object]) -> Chore:
    def done(room: Room, now: datetime) -> None:
        with room.database.connection() as connection:
            work(connection, now)

    done.__name__ = work.__name__
    return done


def _take_out(room: Room, _now: datetime) -> None:
    with room.database.connection() as connection:
        removals.take_out(connection, room.store)


def _clear_incoming(room: Room, _now: datetime) -> None:
    """By the clock that the files' own times are of."""
    room.store.staging.clear_incoming(time.time() - _HALF_RECEIVED_KEPT_S)


CHORES: tuple[Chore, ...] = (
    _of_rows(alerts.unshelve_due),
    _of_rows(evidence.remove_expired),
    _of_rows(evidence.erase_expired),
    _of_rows(attempts.forget_old),
    _of_rows(reasons.forget_old),
    _take_out,
    _clear_incoming,
    live.look,
    live_recordings.look,
    expiry.remove,
    checks.refresh,
)
