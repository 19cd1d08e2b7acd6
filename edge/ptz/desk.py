"""All cameras of the agent that can be turned."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING

from edge.commands.orders import CommandError
from edge.loop_thread import LoopThread
from edge.ptz.head import Head
from edge.ptz.turning import Turning
from wire.live import TurnCamera, Turned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.clock import Clock
    from edge.commands.orders import Order
    from edge.ptz.section import PtzSection
    from wire.device import PtzStatus
    from wire.message import Part

_ANSWER_S = 15.0
_FAREWELL_S = 1.5


class Heads(LoopThread):
    """`run` on a thread of its own; commands wait on theirs."""

    def __init__(self, folder: Path, clock: Clock, changed: Callable[[], None]) -> None:
        """`folder`: where it is noted which cameras are turned away; `changed`: called when the status has changed."""
        super().__init__()
        self._folder = folder
        self._clock = clock
        self._changed = changed
        self._turnings: dict[str, Turning] = {}
        self._beginnings: dict[str, asyncio.Task[None]] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    # For cameras.

    def add(self, camera_id: str, location: str, section: PtzSection) -> None:
        """From now on the camera may be turned; in the place of an earlier one of this id."""
        marker = self._folder / f"{camera_id}.away"
        turning = Turning(camera_id, Head(location, section.home), section, marker, self._clock, self._changed)
        had = self._turnings.get(camera_id)
        self._turnings[camera_id] = turning
        self._soon(lambda: self._begin(camera_id, turning, had))

    def remove(self, camera_id: str) -> None:
        had = self._turnings.pop(camera_id, None)
        if had is not None:
            self._soon(lambda: self._let_go(camera_id, had))

    def status(self, camera_id: str) -> PtzStatus | None:
        """None: it cannot be turned."""
        turning = self._turnings.get(camera_id)
        return None if turning is None else turning.status

    def rests(self, camera_id: str) -> str:
        """Why rules that need its usual, still view must rest; empty: they need not."""
        turning = self._turnings.get(camera_id)
        return "" if turning is None else turning.rests

    # For commands.

    def turn(self, order: Order) -> Part:
        """Obey `ptz`; one that comes too late is not obeyed any more."""
        wanted = order.arguments
        if not isinstance(wanted, TurnCamera):
            raise TypeError(f"ptz came with {type(wanted).__name__}")
        turning, loop = self._turnings.get(wanted.camera_id), self._loop
        if turning is None:
            raise CommandError(f"the camera {wanted.camera_id} cannot be turned")
        if order.command.expires_at <= self._clock.now():
            raise CommandError("it came too late to turn the camera")
        if loop is None:
            raise CommandError("cameras cannot be turned yet; try again")
        done = asyncio.run_coroutine_threadsafe(turning.obey(wanted), loop)
        try:
            done.result(_ANSWER_S)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            done.cancel()
            raise CommandError("the camera does not answer over ONVIF in time") from None
        return Turned(act=wanted.act)

    # On its own thread.

    def _begun(self) -> None:
        for camera_id, turning in self._turnings.copy().items():
            self._begin(camera_id, turning, None)

    async def _ending(self) -> None:
        for task in self._beginnings.values():
            task.cancel()
        await asyncio.sleep(0)  # what was removed a moment ago is let go first
        self._farewells |= {asyncio.create_task(one.end()) for one in self._turnings.values()}
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=_FAREWELL_S)

    def _begin(self, camera_id: str, turning: Turning, had: Turning | None) -> None:
        if had is not None:
            self._let_go(camera_id, had)
        if self._turnings.get(camera_id) is turning and camera_id not in self._beginnings:
            self._beginnings[camera_id] = asyncio.create_task(turning.begin())

    def _let_go(self, camera_id: str, had: Turning) -> None:
        task = self._beginnings.pop(camera_id, None)
        if task is not None:
            task.cancel()
        farewell = asyncio.create_task(had.end())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
