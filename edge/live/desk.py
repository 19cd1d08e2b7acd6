"""Live video of all cameras of the agent: which are offered, what the room wants of them, and what is told of it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from edge.commands.orders import CommandError
from edge.live.feed import Feed
from edge.live.outlet import Outlet
from edge.live.recoding import Recoding, size_px
from edge.loop_thread import LoopThread
from wire.live import LiveStarted, LiveStopped, StartLive, StopLive

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from edge.clock import Clock
    from edge.commands.orders import Order
    from edge.live.publication import Publication
    from edge.live.sightings import Seen
    from edge.live.whip import RoomDoor
    from edge.mask import Masks
    from edge.sections import LiveSection
    from wire.device import LiveStream
    from wire.live import LiveRefusal, StreamName
    from wire.message import Part

log = logging.getLogger(__name__)

Done = TypeVar("Done")
Key = tuple[str, "StreamName"]
LONGEST = timedelta(hours=1)
"""After which a stream ends that nobody asked for again, whatever the room said."""
_ANSWER_S = 10.0
_FAREWELL_S = 1.5
_PREPARED_AFTER_S = 20.0
_AWAY = "live video is not running yet; try again"


@dataclass(frozen=True, slots=True)
class Offered:
    """A stream of a camera that the room may have."""

    outlet: Outlet
    masks: Masks
    """Still to be painted before anything leaves."""
    trouble: Callable[[], str]
    """Why nothing of it may leave; empty: all is well."""
    seen: Seen | None = None
    """None: nobody looks at its pictures."""

    @property
    def why_recoded(self) -> str:
        return "its mask zones are painted here" if self.masks else self.outlet.unplayable


@dataclass(slots=True)
class Tally:
    """What was sent of a camera."""

    sent_bytes: int = 0
    dropped: int = 0
    """Packets that were left out."""

    def add(self, one: Publication) -> None:
        self.sent_bytes += one.feed.taken_bytes
        self.dropped += one.feed.dropped


class Live(LoopThread):
    """`run` on a thread of its own, on which everything is sent; cameras and commands speak to it from theirs."""

    def __init__(
        self,
        section: Callable[[], LiveSection],
        door: Callable[[], RoomDoor],
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        """`door`: makes a way to the room by its present settings; `changed`: called when the status has changed."""
        super().__init__()
        self._section = section
        self._door = door
        self._clock = clock
        self._changed = changed
        self._lock = Lock()
        self._offers: dict[str, Mapping[StreamName, Offered]] = {}
        self._prepared: asyncio.Task[None] | None = None
        self._publications: dict[Key, Publication] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._recodings: dict[Outlet, Recoding] = {}
        self._finished: dict[str, Tally] = {}
        """Of publications that are over, by camera."""
        self._told: dict[str, Tally] = {}

    # For cameras.

    def outlet(self, camera_id: str) -> Outlet:
        """For a stream of a camera; whoever sends it hears when it begins anew."""
        return Outlet(lambda: self._soon(lambda: self._attach_again(camera_id)))

    def offer(self, camera_id: str, streams: Mapping[StreamName, Offered] | None) -> None:
        """What the room may have of this camera from now on; None: it is gone."""
        with self._lock:
            if streams is None:
                self._offers.pop(camera_id, None)
            else:
                self._offers[camera_id] = streams
        self._soon(lambda: self._attach_again(camera_id))

    def streams(self, camera_id: str) -> list[LiveStream]:
        """For the status."""
        return [one.stream for key, one in sorted(self._publications.copy().items()) if key[0] == camera_id]

    def take_tally(self, camera_id: str) -> Tally:
        """For metrics: since it was last asked for."""
        now = replace(self._finished.get(camera_id, Tally()))
        for key, one in self._publications.copy().items():
            if key[0] == camera_id:
                now.add(one)
        before, self._told[camera_id] = self._told.get(camera_id, Tally()), now
        return Tally(max(0, now.sent_bytes - before.sent_bytes), max(0, now.dropped - before.dropped))

    # For commands.

    def start(self, order: Order) -> Part:
        """Obey `live_start`; raises `CommandError`, whose text begins with a `LiveRefusal`."""
        wanted = order.arguments
        if not isinstance(wanted, StartLive):
            raise TypeError(f"live_start came with {type(wanted).__name__}")
        return self._ask(self._start(wanted))

    def end(self, order: Order) -> Part:
        """Obey `live_stop`."""
        wanted = order.arguments
        if not isinstance(wanted, StopLive):
            raise TypeError(f"live_stop came with {type(wanted).__name__}")
        return self._ask(self._end(wanted))

    def _ask(self, work: Coroutine[None, None, Done]) -> Done:
        loop = self._loop
        if loop is None:
            work.close()
            raise _refused("off", _AWAY)
        try:
            return asyncio.run_coroutine_threadsafe(work, loop).result(_ANSWER_S)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError):
            raise _refused("off", _AWAY) from None

    # On its own thread.

    def _begun(self) -> None:
        self._prepared = asyncio.create_task(self._prepare())

    async def _ending(self) -> None:
        """What is sent ends; the room is told, where it is there."""
        if self._prepared is not None:
            self._prepared.cancel()
        for one in self._publications.values():
            one.end()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks.values(), timeout=_FAREWELL_S)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=_FAREWELL_S)
        for recoding in self._recodings.values():
            recoding.stop()
        self._publications, self._tasks, self._recodings = {}, {}, {}

    async def _prepare(self) -> None:
        """Load what WebRTC needs, once the agent's start is over: the first to watch should not wait for that."""
        await asyncio.sleep(_PREPARED_AFTER_S)
        if self._section().enabled:
            await asyncio.to_thread(importlib.import_module, "edge.live.publication")

    async def _start(self, wanted: StartLive) -> LiveStarted:
        key = wanted.camera_id, wanted.stream
        section, now = self._section(), self._clock.now()
        if not section.enabled:
            raise _refused("off", "live video is switched off on this device")
        if wanted.until <= now:
            raise _refused("expired", f"until is past; the device's clock says {now:%H:%M:%S} UTC")
        wanted = wanted.model_copy(update={"until": min(wanted.until, now + LONGEST)})
        present = self._publications.get(key)
        if present is not None and present.has_ended:
            present = None
        others = [one for one in self._publications.values() if one is not present and not one.has_ended]
        if present is None and len(others) >= section.at_once:
            raise _refused("too-many", f"{section.at_once} streams are sent already, as many as may be")
        stream, offered, why = self._choose(key, section)
        facts = offered.outlet.facts
        if facts is None:
            raise _refused("dark", "the pictures have just gone")
        if present is None:
            self._publish(key, wanted, offered, why)
        else:
            present.renew(wanted)
        sent_px = size_px(facts.width_px, facts.height_px, section) if why else (facts.width_px, facts.height_px)
        return LiveStarted(stream=stream, width_px=sent_px[0], height_px=sent_px[1], transcoded=why, until=wanted.until)

    async def _end(self, wanted: StopLive) -> LiveStopped:
        ended = [
            one
            for (camera_id, stream), one in self._publications.items()
            if camera_id == wanted.camera_id and wanted.stream in {None, stream}
        ]
        for one in ended:
            one.end()
            if not one.is_live:
                self._tasks[one.wanted.camera_id, one.wanted.stream].cancel()
        return LiveStopped(streams=len(ended))

    def _choose(self, key: Key, section: LiveSection) -> tuple[StreamName, Offered, str]:
        """The stream that is asked for, or, where that cannot be had, the camera's other one; why it is coded again."""
        camera_id, asked = key
        with self._lock:
            offers = self._offers.get(camera_id)
        if offers is None:
            raise _refused("no-such-camera", f"this device has no camera {camera_id}")
        if not offers:
            raise _refused("off", "the camera replays a file as fast as it can be read")
        reasons: list[CommandError] = []
        for stream in sorted(offers, key=lambda one: one != asked):
            offered = offers[stream]
            try:
                return stream, offered, self._judge(key, offered, section)
            except CommandError as error:
                reasons.append(error)
        raise reasons[0]

    def _judge(self, key: Key, offered: Offered, section: LiveSection) -> str:
        trouble = offered.trouble()
        if trouble:
            raise _refused("masked", trouble)
        if offered.outlet.facts is None:
            raise _refused("dark", "no pictures come from the camera")
        why = offered.why_recoded
        own = self._publications.get(key)
        others = {one.recoding for other, one in self._publications.items() if other != key} - {None}
        shared = own is not None and own.recoding is not None
        known = offered.outlet in self._recodings or shared
        if why and not known and len(others) >= section.transcoded:
            raise _refused("codec", f"{why}, and {section.transcoded} streams are coded again already")
        return why

    def _publish(self, key: Key, wanted: StartLive, offered: Offered, why: str) -> None:
        from edge.live.publication import Publication  # noqa: PLC0415 - WebRTC takes a second to load

        feed = Feed(asyncio.get_running_loop())
        made = Publication(wanted, feed=feed, door=self._door, clock=self._clock, changed=self._changed)
        self._publications[key] = made
        self._attach(made, offered, why)
        task = asyncio.create_task(made.run())
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._ended(key, made))
        log.info("%s: its %s stream goes to the room until %s", *key, wanted.until)

    def _ended(self, key: Key, one: Publication) -> None:
        one.attach(None, None, "")
        self._finished.setdefault(key[0], Tally()).add(one)
        if self._publications.get(key) is one:
            del self._publications[key], self._tasks[key]
        self._end_unused()
        self._changed()
        log.info("%s: its %s stream goes to the room no more", *key)

    def _attach(self, one: Publication, offered: Offered, why: str) -> None:
        recoding = self._recoding(offered) if why else None
        one.attach(offered.outlet if recoding is None else recoding.outlet, recoding, why, offered.seen)

    def _recoding(self, offered: Offered) -> Recoding:
        found = self._recodings.get(offered.outlet)
        if found is None:
            found = self._recodings[offered.outlet] = Recoding(offered.outlet, offered.masks, self._section())
            found.start()
        return found

    def _attach_again(self, camera_id: str) -> None:
        """One of its streams began anew, or the whole camera, perhaps with other masks or in another code."""
        for key, one in list(self._publications.items()):
            if key[0] != camera_id:
                continue
            try:
                _, offered, why = self._choose(key, self._section())
            except CommandError as error:
                one.attach(None, None, "")
                if str(error).startswith("no-such-camera"):
                    one.end()
            else:
                self._attach(one, offered, why)
            self._end_unused()

    def _end_unused(self) -> None:
        used = {one.recoding for one in self._publications.values()}
        for outlet, recoding in list(self._recodings.items()):
            if recoding not in used:
                recoding.stop()
                del self._recodings[outlet]


def _refused(code: LiveRefusal, why: str) -> CommandError:
    return CommandError(f"{code}: {why}")
