"""Cameras that are turned over ONVIF: SOAP over HTTP on this computer."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

import pytest

from edge.clock import Clock
from edge.commands.orders import Order
from edge.errors import EdgeError
from edge.ptz.desk import Heads
from edge.ptz.section import PtzSection
from tests.edge.broker import wait_until
from tests.edge.commands.orders import RoomOfTests
from tests.edge.ptz.ptz_camera import PtzCamera
from wire.live import TurnCamera

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wire.device import PtzStatus

pytestmark = pytest.mark.usefixtures("patient_heads")
ROOM = RoomOfTests()
WITHIN_S = 120.0
FOR_EVER_MS = 3_600_000
"""Longer than an order may say: no machine is so slow that a movement ends by its time."""


class Desk:
    """Turns one camera until the end of the block."""

    def __init__(self, folder: Path, location: str, *, home: str | None = None) -> None:
        self.heads = Heads(folder, Clock(), lambda: None)
        section = PtzSection(settle_s=0.5, home=home)
        self.heads.add("plaza", location, section.model_copy(update={"move_ms": FOR_EVER_MS}))
        self._thread = threading.Thread(target=self.heads.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.heads.stop()
        self._thread.join(120)
        assert not self._thread.is_alive()

    @property
    def status(self) -> PtzStatus:
        told = self.heads.status("plaza")
        assert told is not None
        return told

    def ready(self) -> None:
        wait_until(lambda: bool(self.status.presets), "the presets", within_s=WITHIN_S)

    def turn(self, act: str, *, late: bool = False, endless: bool = False, **more: Any) -> None:
        arguments = {"camera_id": "plaza", "act": act, **more}
        issued_at = Clock().now() - timedelta(minutes=2 if late else 0)
        command = ROOM.command("ptz", arguments, issued_at=issued_at)
        wanted = TurnCamera.model_validate(arguments)
        wanted = wanted.model_copy(update={"for_ms": FOR_EVER_MS}) if endless else wanted
        self.heads.turn(Order(command, wanted, lambda _: None, lambda: False))

    def becomes(self, state: str) -> None:
        wait_until(lambda: self.status.state == state, f"{state}, not {self.status}", within_s=WITHIN_S)


@pytest.fixture
def camera() -> Iterator[PtzCamera]:
    started = PtzCamera()
    yield started
    started.close()


def test_it_tells_what_it_can_and_moves_until_its_time_is_over(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        assert [(one.token, one.name) for one in desk.status.presets] == [("1", "Plaça"), ("2", "Font")]
        assert (desk.status.state, desk.status.home, desk.heads.rests("plaza")) == ("unknown", True, "")
        desk.turn("move", pan=0.5, tilt=-0.25, zoom=0.0, for_ms=200)
        assert camera.orders[0] == ("ContinuousMove", {"pan": 0.5, "tilt": -0.25, "zoom": 0.0})
        desk.becomes("away")
        assert camera.names == ["ContinuousMove", "Stop"]
        assert desk.heads.rests("plaza") == "the camera looks elsewhere"


def test_a_movement_that_goes_on_is_not_stopped_between(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        for pan in (0.1, 0.2, 0.3):
            desk.turn("move", pan=pan, endless=True)
            assert desk.heads.rests("plaza") == "the camera is being turned"
        desk.turn("stop")
        desk.becomes("away")
    assert camera.names == ["ContinuousMove", "ContinuousMove", "ContinuousMove", "Stop"]


def test_an_agent_that_ends_leaves_nothing_moving(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        desk.turn("move", pan=1.0, endless=True)
    assert camera.names == ["ContinuousMove", "Stop"]


def test_places_steps_and_presets(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        desk.turn("to", pan=0.5, tilt=0.5, zoom=-1.0)
        desk.turn("by", pan=-0.1)
        desk.turn("preset", preset="2")
        with pytest.raises(EdgeError, match=r"preset: got '9'; allowed: 1, 2"):
            desk.turn("preset", preset="9")
        desk.turn("home")
        desk.becomes("home")
    assert camera.orders[:3] == [
        ("AbsoluteMove", {"pan": 0.5, "tilt": 0.5, "zoom": 0.0}),
        ("RelativeMove", {"pan": -0.1, "tilt": 0.0, "zoom": 0.0}),
        ("GotoPreset", {"preset": "2"}),
    ]
    assert camera.place == "home"
    assert not list(tmp_path.iterdir())


def test_it_comes_home_by_itself_when_nobody_turns_it(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location, home="Font") as desk:
        desk.ready()
        desk.turn("move", pan=1.0, for_ms=100, return_after_s=1.0)
        desk.becomes("home")
        assert desk.heads.rests("plaza") == ""
    assert camera.orders[-1] == ("GotoPreset", {"preset": "2"})


def test_one_that_was_left_turned_away_is_brought_home_by_the_next_agent(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        desk.turn("preset", preset="1")
        desk.becomes("away")
    assert camera.place == "1"
    with Desk(tmp_path, camera.location) as desk:
        desk.becomes("home")
    assert camera.place == "home"


def test_without_a_home_it_stays_and_its_rules_learn_the_new_view(tmp_path: Path) -> None:
    camera = PtzCamera(home=False)
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        desk.turn("move", pan=1.0, for_ms=100, return_after_s=1.0)
        desk.becomes("away")
        assert desk.heads.rests("plaza") == ""
        with pytest.raises(EdgeError, match="knows no place to return to"):
            desk.turn("home")
    camera.close()


def test_an_order_that_comes_too_late_turns_nothing(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        with pytest.raises(EdgeError, match="too late"):
            desk.turn("move", pan=1.0, late=True)
        assert camera.orders == []


def test_one_that_does_not_obey_says_so_and_is_told_to_stop(tmp_path: Path, camera: PtzCamera) -> None:
    with Desk(tmp_path, camera.location) as desk:
        desk.ready()
        camera.refuses = 1
        with pytest.raises(EdgeError, match=r"does not obey: .*the motor is stuck"):
            desk.turn("move", pan=1.0)
        assert "the motor is stuck" in desk.status.trouble
        wait_until(lambda: "Stop" in camera.names, "a stop", within_s=WITHIN_S)


def test_a_wrong_password_is_said_and_not_shown(tmp_path: Path) -> None:
    camera = PtzCamera(user="guard")
    with Desk(tmp_path, f"onvif://nobody:s%40cret@127.0.0.1:{camera.port}") as desk:
        wait_until(lambda: "user or password is wrong" in desk.status.trouble, "the trouble", within_s=WITHIN_S)
        assert "cret" not in desk.status.trouble
    camera.close()


def test_a_camera_without_ptz_says_so(tmp_path: Path) -> None:
    camera = PtzCamera(turns=False)
    with Desk(tmp_path, camera.location) as desk:
        wait_until(lambda: "no ONVIF profile of it has PTZ" in desk.status.trouble, "the word", within_s=WITHIN_S)
        with pytest.raises(EdgeError, match="no ONVIF profile of it has PTZ"):
            desk.turn("move", pan=1.0)
    camera.close()
    assert camera.orders == []
