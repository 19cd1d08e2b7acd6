"""One camera that is turned: what it is told, that it stops in time, and that it comes home by itself.

home --an order--> moving --it stands--> away --nobody orders for a while, or home is ordered--> moving --> home
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.ptz.head import PtzError
from wire.device import PtzStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Literal

    from edge.clock import Clock
    from edge.ptz.head import Head
    from edge.ptz.section import PtzSection
    from wire.live import TurnCamera

log = logging.getLogger(__name__)

_ANSWER_S = 6.0
_LAST_STOP_S = 1.0
"""For one that moves when the agent ends."""
_STOP_TRIES = 5
_STOP_AGAIN_S = 0.3
_ASK_EVERY_S = 0.5
_TRAVEL_LONGEST_S = 60.0
_TRAVEL_UNTOLD_S = 8.0
"""How long a way to a preset takes at most with a camera that does not say whether it moves."""
_HOME_AGAIN_S = 30.0
_TROUBLE_LENGTH_MAX = 300


class Turning:
    """Use it on one event loop; `status` and `rests` may be asked for from anywhere."""

    def __init__(  # noqa: PLR0917 - who turns what, and who hears of it
        self,
        camera_id: str,
        head: Head,
        section: PtzSection,
        marker: Path,
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        """`marker`: a file that is there while it does not look where it usually does; `changed`: its status has."""
        self._camera_id = camera_id
        self._head = head
        self._section = section
        self._marker = marker
        self._clock = clock
        self._changed = changed
        self._state: Literal["home", "moving", "away", "unknown"] = "unknown"
        self._since = clock.now()
        self._trouble = "" if not marker.exists() else "it was turned away when the agent ended"
        self._turn = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def status(self) -> PtzStatus:
        return PtzStatus(
            state=self._state,
            since=self._since,
            home=self._head.has_home,
            presets=self._head.presets,
            trouble=self._trouble,
        )

    @property
    def rests(self) -> str:
        """Why rules that need the usual, still view must rest; empty: they need not."""
        if self._state == "moving":
            return "the camera is being turned"
        return "the camera looks elsewhere" if self._state == "away" and self._head.has_home else ""

    async def begin(self) -> None:
        """Learn what it can do, for the status; one that an earlier agent left turned away is brought home."""
        while True:
            try:
                async with self._turn, asyncio.timeout(4 * _ANSWER_S):
                    await self._head.open()
            except (PtzError, TimeoutError) as error:
                self._troubled(str(error) or "does not answer over ONVIF in time")
                await asyncio.sleep(_HOME_AGAIN_S)
            else:
                break
        self._trouble = ""
        self._changed()
        if self._marker.exists() and self._head.has_home:
            self._become("away")
            self._later("return", self._return(0.0))

    async def obey(self, wanted: TurnCamera) -> None:
        """Raises `PtzError`."""
        async with self._turn:
            await self._answered(self._head.open())
            self._head.check(preset=wanted.preset, home=wanted.act == "home")
            self._cancel("stop", "settle", "return")
            stands_at_home = wanted.act == "stop" and self._state in {"home", "unknown"}
            if wanted.act != "stop":
                self._mark_away()
                self._become("moving")
            for_s = min(wanted.for_ms, self._section.move_ms) / 1000
            try:
                await self._answered(self._tell(wanted, for_s))
            except PtzError:
                self._may_move(wanted)
                raise
            if not stands_at_home:
                self._what_follows(wanted, for_s)

    async def _answered(self, work: Coroutine[None, None, None]) -> None:
        """Raises `PtzError`, also where no answer comes in time."""
        try:
            async with asyncio.timeout(_ANSWER_S):
                await work
        except TimeoutError:
            await self._head.close()
            self._troubled("does not answer over ONVIF in time")
            raise PtzError(self._trouble) from None
        except PtzError as error:
            self._troubled(str(error))
            raise
        self._troubled("")

    def _what_follows(self, wanted: TurnCamera, for_s: float) -> None:
        home = wanted.act == "home" or (wanted.preset is not None and wanted.preset == self._head.home_token)
        if wanted.act == "move":
            self._later("stop", self._stop_after(for_s))
        else:
            travel_s = 0.0 if wanted.act == "stop" else _TRAVEL_UNTOLD_S
            self._later("settle", self._settle(home=home, travel_s=travel_s))
        if wanted.return_after_s is not None and not home and self._head.has_home:
            self._later("return", self._return(wanted.return_after_s))

    async def end(self) -> None:
        """Nothing goes on moving; where it was turned away it stays, and the next agent brings it home."""
        moving = self._state == "moving"
        self._cancel(*self._tasks)
        with suppress(PtzError, TimeoutError):
            async with asyncio.timeout(_LAST_STOP_S):
                if moving:
                    await self._head.stop()
        await self._head.close()

    async def _tell(self, wanted: TurnCamera, for_s: float) -> None:
        way = wanted.pan, wanted.tilt, wanted.zoom
        match wanted.act:
            case "move":
                await self._head.move(*way, for_s)
            case "to":
                await self._head.to(*way)
            case "by":
                await self._head.by(*way)
            case "preset":
                await self._head.preset(wanted.preset or "")
            case "home":
                await self._head.home()
            case "stop":
                await self._head.stop()

    async def _stop_after(self, for_s: float) -> None:
        """Again and again: a camera that turns on for ever is worse than one that is asked five times."""
        await asyncio.sleep(for_s)
        for _ in range(_STOP_TRIES):
            try:
                async with asyncio.timeout(_ANSWER_S):
                    await self._head.stop()
            except (PtzError, TimeoutError) as error:
                self._troubled(f"cannot be stopped: {error or 'no answer'}")
                await asyncio.sleep(_STOP_AGAIN_S)
            else:
                break
        await self._settle(home=False, travel_s=0.0)

    async def _settle(self, *, home: bool, travel_s: float) -> None:
        """Wait until it stands; where it does not say so, as long as such a way takes."""
        until_s = self._clock.monotonic_s() + _TRAVEL_LONGEST_S
        untold_s = self._clock.monotonic_s() + travel_s
        while self._clock.monotonic_s() < until_s:
            moving = await self._head.is_moving()
            if moving is False or (moving is None and self._clock.monotonic_s() >= untold_s):
                break
            await asyncio.sleep(_ASK_EVERY_S)
        await asyncio.sleep(self._section.settle_s)
        if home:
            self._marker.unlink(missing_ok=True)
        self._become("home" if home else "away")

    async def _return(self, after_s: float) -> None:
        """Nobody has ordered anything for so long: home, and again should it not come."""
        await asyncio.sleep(after_s)
        while True:
            async with self._turn:
                self._cancel("stop", "settle")
                self._become("moving")
                try:
                    async with asyncio.timeout(_ANSWER_S):
                        await self._head.home()
                except (PtzError, TimeoutError) as error:
                    self._become("away")
                    self._troubled(f"does not come home: {error or 'no answer'}")
                else:
                    log.info("%s: turned home by itself", self._camera_id)
                    self._troubled("")
                    self._later("settle", self._settle(home=True, travel_s=_TRAVEL_UNTOLD_S))
                    return
            await asyncio.sleep(_HOME_AGAIN_S)

    def _may_move(self, wanted: TurnCamera) -> None:
        """What it does now nobody knows: it is told to stop, and counts as turned away."""
        self._later("stop", self._stop_after(0.0))
        if wanted.return_after_s is not None and self._head.has_home:
            self._later("return", self._return(wanted.return_after_s))

    def _mark_away(self) -> None:
        try:
            self._marker.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._marker.touch()
        except OSError as error:
            log.warning("%s: that it is turned away cannot be noted: %s", self._camera_id, error.strerror)

    def _later(self, name: str, work: Coroutine[None, None, None]) -> None:
        self._tasks[name] = asyncio.create_task(work)

    def _cancel(self, *names: str) -> None:
        present = asyncio.current_task()
        for name in names:
            task = self._tasks.pop(name, None)
            if task is not None and task is not present:
                task.cancel()

    def _become(self, state: Literal["home", "moving", "away", "unknown"]) -> None:
        if state != self._state:
            self._state, self._since = state, self._clock.now()
            self._changed()

    def _troubled(self, why: str) -> None:
        if why[:_TROUBLE_LENGTH_MAX] != self._trouble:
            self._trouble = why[:_TROUBLE_LENGTH_MAX]
            self._changed()
