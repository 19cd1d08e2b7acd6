"""Cameras and commands for the tests of live video: real packets at a camera's pace, through what the agent has."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Self

from edge.clock import Clock
from edge.commands.orders import Order
from edge.live.desk import Live, Offered
from edge.live.sightings import Seen, Sightings
from edge.live.whip import RoomDoor
from edge.mask import Masks
from edge.pipeline import Pipeline
from edge.recording.masking import Masking
from edge.sections import LiveSection
from edge.source import Source, SourceSettings, keep_open
from edge.trust import context
from tests.edge.broker import wait_until
from tests.edge.commands.orders import RoomOfTests
from wire.commands import ARGUMENTS
from wire.live import LiveStarted, LiveStopped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.edge.live.receiver import WhipRoom
    from vision.detect import Detector
    from vision.zones import Zone

ROOM = RoomOfTests()


class Desk:
    """Live video of a device, which runs until the end of the block."""

    def __init__(self, room: WhipRoom, *, clock: Clock | None = None, **settings: Any) -> None:
        self.changes = 0
        self.clock = clock or Clock()
        trust = context("room.ca_file", None)
        section = LiveSection(**settings)
        self.live = Live(
            lambda: section, lambda: RoomDoor(room.url, "dev-1.secret", trust), self.clock, changed=self._changed
        )
        self._thread = threading.Thread(target=self.live.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self.live.is_running, "its thread")
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def start(self, camera_id: str = "plaza", *, for_s: float = 300.0, **more: Any) -> LiveStarted:
        until = self.clock.now() + timedelta(seconds=for_s)
        arguments = {"camera_id": camera_id, "whip_url": f"/whip/{camera_id}", "token": "t0ken", **more}
        reply = self.live.start(order("live_start", {"until": until.isoformat(), **arguments}))
        assert isinstance(reply, LiveStarted)
        return reply

    def end(self, camera_id: str = "plaza") -> int:
        reply = self.live.end(order("live_stop", {"camera_id": camera_id}))
        assert isinstance(reply, LiveStopped)
        return reply.streams

    def _changed(self) -> None:
        self.changes += 1


def order(kind: Literal["live_start", "live_stop", "ptz"], arguments: dict[str, Any]) -> Order:
    command = ROOM.command(kind, arguments)
    return Order(command, ARGUMENTS[kind].model_validate(arguments), lambda _: None, lambda: False)


class Street:
    """A camera that replays a clip at its pace, again and again; each time it is opened anew."""

    def __init__(
        self,
        live: Live,
        path: Path,
        camera_id: str = "plaza",
        zones: Sequence[Zone] = (),
        mode: Literal["camera", "transcode"] = "transcode",
        *,
        small: bool = False,
        detector: Detector | None = None,
    ) -> None:
        """`small`: the clip is the camera's sub stream, whose masks nobody has painted yet; `detector`: looks at it."""
        self.said: list[str] = []
        self._stop = threading.Event()
        self._flows, self._held = threading.Event(), threading.Event()
        self._flows.set()
        self._live, self._camera_id = live, camera_id
        self.outlet = live.outlet(camera_id)
        masking = Masking([] if small else zones, mode, [self.outlet], at_once=False)
        fps = 1.0 if detector is None else 5.0
        wanted = SourceSettings(location=str(path), analysis_fps=fps, realtime=True, loop=True)
        self.sightings = Sightings(Masks(zones))
        self._pipeline = (
            Pipeline(detector=detector, rules=[], deliver=lambda *_: None, saw=self.sightings.saw) if detector else None
        )
        self._source = Source(wanted, masks=Masks(zones), clock=Clock(), stop=self._stop, sinks=masking.sinks)
        unpainted = Masks(zones if small else [])
        offered = Offered(self.outlet, unpainted, lambda: masking.hindrance, Seen(self.sightings, by_media_time=True))
        live.offer(camera_id, {"sub" if small else "main": offered})
        self._threads = [threading.Thread(target=self._watch, daemon=True)]
        if masking.transcoder is not None:
            run = masking.transcoder.run
            self._threads.append(threading.Thread(target=run, args=(self._stop,), daemon=True))
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._live.offer(self._camera_id, None)
        self._stop.set()
        self._flows.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def hold(self) -> None:
        """Nothing comes of it any more, as of a camera that was unplugged, until `go_on`."""
        self._flows.clear()
        assert self._held.wait(60)
        self.outlet.lost()

    def go_on(self) -> None:
        """It is found again when its clip begins anew."""
        self._held.clear()
        self._flows.set()

    def lost(self, reason: str) -> None:
        self.said.append(reason)

    def back(self) -> None:
        """A picture came."""

    def _watch(self) -> None:
        for frame in keep_open(self._source, clock=Clock(), stop=self._stop, report=self):
            if not self._flows.is_set():
                self._held.set()
                self._flows.wait()
            if self._pipeline is not None:
                self._pipeline.look(frame)
