"""The whole agent: a camera over RTSP goes to the room on its word; one that is turned lets its rules rest."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.clock import Clock
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.commands.orders import RoomOfTests
from tests.edge.live.receiver import WhipRoom
from tests.edge.ptz.ptz_camera import PtzCamera
from tests.edge.test_agent import Running, write_config
from tests.edge.test_rtsp import Camera, skip_without_gstreamer
from wire import topics

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.edge.broker import Broker, Room
    from wire.control import CommandKind

WITHIN_S = 180.0
pytestmark = pytest.mark.usefixtures("patient_cameras", "patient_heads", "patient_live")
CAMERA = """
[[camera]]
id = "plaza"
name = "Plaza"
source = "{url}"
[[camera.zones]]
name = "window"
kind = "mask"
points = [[0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [0.5, 1.0]]
"""
TURNED = """
[[camera]]
id = "turned"
name = "Turned"
source = "file:street.mp4"
loop = true
[camera.ptz]
onvif = "{location}"
settle_s = 0.5
"""


def bright(index: int) -> NDArray[np.uint8]:
    image = clips.numbered(index)
    image[12:] = 230
    return image


class Orders:
    """Signed commands over the broker."""

    def __init__(self, room: Room) -> None:
        self.signs = RoomOfTests()
        self._room = room

    def give(self, kind: CommandKind, arguments: dict[str, Any], *, forged: bool = False) -> None:
        command = self.signs.command(kind, arguments, issued_at=Clock().now())
        if forged:
            command = command.model_copy(update={"arguments": {**arguments, "whip_url": "/elsewhere"}})
        self._room.say(topics.COMMANDS, command.to_json())


def camera_of(room: Room, camera_id: str) -> dict[str, Any]:
    """As the newest status tells it."""
    told = room.statuses[-1]["cameras"] if room.statuses else []
    return next((one for one in told if one["camera_id"] == camera_id), {})


def test_what_the_room_asks_for_comes_masked_and_nothing_that_somebody_else_asks_for(
    tmp_path: Path, broker: Broker, room: Room
) -> None:
    skip_without_gstreamer()
    camera = Camera(clips.write(tmp_path / "street.mp4", 900, picture=bright))
    orders = Orders(room)
    wanted = {
        "camera_id": "plaza",
        "whip_url": "/whip",
        "token": "t0ken",
        "until": (Clock().now() + timedelta(minutes=5)).isoformat(),
    }
    try:
        with WhipRoom() as town:
            settings = write_config(tmp_path, broker, town, CAMERA.format(url=camera.url))
            keyed = settings.room.model_copy(update={"command_key": orders.signs.public})
            running = Running(settings.model_copy(update={"room": keyed}))
            wait_until(lambda: camera_of(room, "plaza").get("state") == "live", "the camera", within_s=WITHIN_S)
            orders.give("live_start", wanted, forged=True)
            orders.give("live_start", wanted)
            wait_until(lambda: len(town.images) > 20, "pictures in the room", within_s=WITHIN_S)
            wait_until(lambda: bool(camera_of(room, "plaza")["live"]), "the status", within_s=WITHIN_S)
            wait_until(lambda: any(_live(one) > 0 for one in room.metrics), "the metrics", within_s=WITHIN_S)
            camera.kill()
            wait_until(lambda: camera_of(room, "plaza")["state"] == "dark", "the loss", within_s=WITHIN_S)
            assert [one["state"] for one in camera_of(room, "plaza")["live"]] == ["live"]
            had = len(town.images)
            camera.start()
            wait_until(lambda: len(town.images) > had + 20, "pictures after it", within_s=WITHIN_S)
            orders.give("live_stop", {"camera_id": "plaza"})
            wait_until(lambda: town.sessions[0].ended, "the end", within_s=WITHIN_S)
            wait_until(lambda: not camera_of(room, "plaza")["live"], "its status", within_s=WITHIN_S)
            running.end()
    finally:
        camera.kill()
    assert [one.path for one in town.sessions] == ["/whip"]
    assert max(image[70:, 90:].mean() for image in town.images) < 40
    assert min(image[20:50, :70].mean() for image in town.images) > 200
    assert {one["refused_commands"].get("forged") for one in room.metrics if _live(one)} == {1}


def _live(metrics: dict[str, Any]) -> float:
    return float(metrics["cameras"][0]["live_kbit_s"])


def test_while_a_camera_is_turned_the_rules_of_its_usual_view_rest(tmp_path: Path, broker: Broker, room: Room) -> None:
    clips.write(tmp_path / "street.mp4", 100, picture=bright)
    head, orders = PtzCamera(), Orders(room)
    with WhipRoom() as town:
        settings = write_config(tmp_path, broker, town, TURNED.format(location=head.location))
        keyed = settings.room.model_copy(update={"command_key": orders.signs.public})
        running = Running(settings.model_copy(update={"room": keyed}))
        wait_until(
            lambda: bool((camera_of(room, "turned").get("ptz") or {}).get("presets")), "presets", within_s=WITHIN_S
        )
        head.coasts = True
        orders.give("ptz", {"camera_id": "turned", "act": "move", "pan": 1.0, "for_ms": 300})
        wait_until(lambda: rests(room, "moving", "the camera is being turned"), "that it waits", within_s=WITHIN_S)
        wait_until(lambda: "Stop" in head.names, "the end of its time", within_s=WITHIN_S)
        head.coasts = False
        wait_until(lambda: rests(room, "away", "the camera looks elsewhere"), "that it waits on", within_s=WITHIN_S)
        orders.give("ptz", {"camera_id": "turned", "act": "stop", "return_after_s": 1.0})
        wait_until(lambda: camera_of(room, "turned")["ptz"]["state"] == "home", "its return", within_s=WITHIN_S)
        wait_until(lambda: camera_of(room, "turned")["reason"] == "", "the rules' return", within_s=WITHIN_S)
        running.end()
    head.close()
    assert head.names == ["ContinuousMove", "Stop", "Stop", "GotoHomePosition"]


def rests(room: Room, state: str, why: str) -> bool:
    told = camera_of(room, "turned")
    return (told["ptz"]["state"], told["reason"]) == (state, f"illegal_dumping, camera_tamper wait: {why}")
