"""A camera's RTSP server is killed (-9) and started again, many times; the agent notices and comes back by itself."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.endurance import ledger
from launch import rtsp

NOTICED_WITHIN_S, BACK_WITHIN_S = 180, 300
SETTLED_WITHIN_S = 300
AWAY_S = 2.0


class Camera:
    """A street over RTSP that can be killed."""

    def __init__(self, clip: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._stream = folder / "street.h264"
        rtsp.pack(clip, self._stream)
        self._port = ports.free_port()
        self.url = rtsp.url(self._port)
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            rtsp.command(self._stream, self._port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(timeout=60)


def prove(town: towns.Town, folder: Path, *, kills: int) -> dict[str, Any]:
    camera = Camera(towns.street_clip(town), folder / "camera")
    agent = towns.BusyAgent(town, folder, source=camera.url, more="record = true\n")
    noticed_s: list[float] = []
    back_s: list[float] = []
    try:
        with town.client() as client:

            def state() -> str:
                cameras = client.get("/cameras").raise_for_status().json()["items"]
                return next((str(one["state"]) for one in cameras if one["device_id"] == agent.device_id), "unknown")

            towns.wait_for(lambda: state() == "live", BACK_WITHIN_S, "the camera")
            for _ in range(kills):
                camera.kill()
                began_s = monotonic()
                towns.wait_for(lambda: state() == "dark", NOTICED_WITHIN_S, "the loss")
                noticed_s.append(monotonic() - began_s)
                Event().wait(AWAY_S)
                camera.start()
                began_s = monotonic()
                towns.wait_for(lambda: state() == "live", BACK_WITHIN_S, "pictures again")
                back_s.append(monotonic() - began_s)
            before = ledger.written(agent)
            towns.wait_for(lambda: ledger.written(agent) > before, BACK_WITHIN_S, "an event after the last return")
        found = ledger.settle(town, agent, SETTLED_WITHIN_S)
    finally:
        agent.stop()
        camera.kill()
    times = {"noticed_s_max": round(max(noticed_s), 1), "back_s_max": round(max(back_s), 1)}
    return {"proof": "camera_kills", "kills": kills, "returned": len(back_s), **times, **found}


def holds(result: dict[str, Any]) -> bool:
    return ledger.delivered(result) and result["returned"] == result["kills"]
