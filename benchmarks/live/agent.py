"""The agent's own way from a camera to the room, alone: `python -m benchmarks.live.agent SOURCE ROOM PATH`.

What `talaia-edge run` does on `live_start`, without the broker and the detector. The secret comes as the first line of
standard input.
"""

from __future__ import annotations

import logging
import signal
import ssl
import sys
import threading
from datetime import timedelta
from typing import Any, cast

from edge.clock import Clock
from edge.commands.orders import Order
from edge.live.desk import Live, Offered
from edge.live.whip import RoomDoor
from edge.mask import Masks
from edge.recording.masking import Masking
from edge.sections import LiveSection
from edge.source import Source, SourceSettings, keep_open
from wire.live import StartLive

CAMERA = "plaza"


class _Silent:
    """Nobody is told of the camera."""

    def lost(self, reason: str) -> None:
        logging.getLogger(__name__).warning("the camera is lost: %s", reason)

    def back(self) -> None:
        """It is there."""


def main(source: str, room: str, path: str) -> int:
    logging.basicConfig(level=logging.WARNING)
    secret, clock, stop = sys.stdin.readline().strip(), Clock(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    live = Live(LiveSection, lambda: RoomDoor(room, secret, ssl.create_default_context()), clock, changed=lambda: None)
    threading.Thread(target=live.run, daemon=True).start()
    outlet = live.outlet(CAMERA)
    masking = Masking([], "camera", [outlet], at_once=False)
    wanted = SourceSettings(location=source, analysis_fps=1.0)
    camera = Source(wanted, masks=Masks([]), clock=clock, stop=stop, sinks=masking.sinks)
    live.offer(CAMERA, {"main": Offered(outlet, Masks([]), lambda: masking.hindrance)})

    def watch() -> None:
        for _ in keep_open(camera, clock=clock, stop=stop, report=cast("Any", _Silent())):
            pass

    threading.Thread(target=watch, daemon=True).start()
    while not stop.wait(0.2):
        if outlet.facts is not None:
            break
    if not stop.is_set():
        asked = StartLive(
            camera_id=CAMERA, whip_url=path, token=secret, until=clock.now() + timedelta(hours=1), ice_servers=[]
        )
        live.start(Order(cast("Any", None), asked, lambda _: None, lambda: False))
        sys.stdout.write("publishing\n")
        sys.stdout.flush()
    stop.wait()
    live.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
