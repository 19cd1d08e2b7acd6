"""What the room pushes is taken whole or not at all; the device's own file keeps its addresses and secrets."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from edge import agent, config, pushed
from edge.clock import Clock
from edge.commands.orders import CommandError, Order
from edge.errors import ConfigurationError
from edge.reload.configuration_file import ConfigurationFile
from edge.reload.pushing import Pushing
from tests.edge import clips
from tests.edge.broker import Broker, Room, wait_until
from tests.edge.commands.orders import RoomOfTests
from wire import topics
from wire.commands import Configure, PushedConfiguration

OWN = """
[device]
id = "dev-1"
data_dir = "data"
[room]
url = "http://127.0.0.1:1"
token = "dev-1.secret"
command_key = "{key}"
[mqtt]
url = "mqtt://127.0.0.1:{port}"
[[camera]]
id = "plaza"
name = "Plaça"
source = "rtsp://user@127.0.0.1:1/stream1"
password_file = "plaza.password"
"""
ZONE = {"name": "containers", "kind": "watch", "points": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
SOUND = {"cameras": {"plaza": {"name": "Plaça Major", "zones": [ZONE], "analysis_fps": 2.0}}}


def content(**cameras: dict[str, Any]) -> PushedConfiguration:
    return PushedConfiguration.model_validate({"cameras": cameras})


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The device's file, beside the password of its camera."""
    (tmp_path / "data").mkdir()
    (tmp_path / "plaza.password").write_text("secret\n", encoding="ascii")
    path = tmp_path / "edge.toml"
    path.write_text(OWN.format(key=RoomOfTests().public, port=1), encoding="utf-8")
    return path


def take(path: Path, version: int, wanted: PushedConfiguration) -> threading.Event:
    """As the device would; whether its file is to be read again."""
    hurry = threading.Event()
    command = RoomOfTests().command("config", {})
    arguments = Configure(version=version, content=wanted)
    order = Order(command, arguments, lambda _share: None, lambda: False)
    present = config.load_for_work(path)
    assert Pushing(path, lambda: present, hurry).take(order).version == version
    return hurry


def test_a_sound_one_is_laid_over_the_file_and_outlives_a_restart(own: Path) -> None:
    before = own.read_bytes()
    assert take(own, 1, PushedConfiguration.model_validate(SOUND)).is_set()
    settings = config.load(own)
    (camera,) = settings.camera
    assert (camera.name, camera.analysis_fps, [zone.name for zone in camera.zones]) == (
        "Plaça Major",
        2.0,
        ["containers"],
    )
    assert (camera.source, camera.password_file) == ("rtsp://user@127.0.0.1:1/stream1", "plaza.password")
    assert settings.pushed_version == 1
    assert own.read_bytes() == before


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"cameras": {"plaza": {"zones": [{**ZONE, "kind": "wach"}]}}}, r"camera\[plaza\]\.zones.*got .*wach.*allowed"),
        (
            {"cameras": {"plaza": {"rules": {"illegal_dumping": {"unattended_s": -1}}}}},
            r"unattended_s: got -1; allowed",
        ),
        ({"cameras": {"port": {"name": "Port"}}}, r"cameras: got port; allowed: this device's \(plaza\)"),
        (
            {"recording": {"directory": "/mnt"}},
            r"recording\.directory: got \"/mnt\"; allowed: only in the device's own",
        ),
        ({"recording": {"days": 4000.0}}, r"recording\.days: got 4000"),
        ({"evidence": {"token": "x"}}, r"evidence\.token"),
    ],
)
def test_a_wrong_one_changes_nothing_and_is_told_in_one_line(own: Path, wanted: dict[str, Any], said: str) -> None:
    take(own, 1, PushedConfiguration.model_validate(SOUND))
    held = config.load(own)
    with pytest.raises(ConfigurationError, match=said) as refused:
        take(own, 2, PushedConfiguration.model_validate(wanted))
    assert "\n" not in str(refused.value)
    assert config.load(own) == held
    assert config.load(own).pushed_version == 1


@pytest.mark.parametrize("key", ["source", "substream", "password_file", "record", "id", "mask_mode"])
def test_what_is_the_devices_own_cannot_even_be_said(key: str) -> None:
    with pytest.raises(ValueError, match=key):
        content(plaza={key: "rtsp://evil/"})


def test_an_older_version_is_not_taken(own: Path) -> None:
    take(own, 3, content(plaza={"name": "Three"}))
    with pytest.raises(CommandError, match="version: got 2; allowed: newer than 3"):
        take(own, 2, content(plaza={"name": "Two"}))
    take(own, 3, content(plaza={"name": "Three"}))
    assert config.load(own).camera[0].name == "Three"


def test_a_damaged_or_unfitting_one_never_keeps_the_device_from_working(own: Path) -> None:
    kept = own.parent / "data" / pushed.FILE_NAME
    kept.write_text("{", encoding="ascii")
    with pytest.raises(ConfigurationError, match=r"pushed_configuration\.json"):
        config.load(own)
    settings = config.load_for_work(own)
    assert (settings.camera[0].name, settings.pushed_version) == ("Plaça", None)
    take(own, 1, content(plaza={"name": "Mended"}))
    assert config.load(own).camera[0].name == "Mended"
    own.write_text(own.read_text(encoding="utf-8").replace('id = "plaza"', 'id = "moved"'), encoding="utf-8")
    assert config.load(own).camera[0].name == "Plaça"


class _Blind:
    """Sees nothing."""

    name, sha256 = "blind", "3" * 64

    def detect(self, _image: object) -> list[Any]:
        return []


def test_a_running_agent_takes_it_over_by_a_signed_command_and_says_so(tmp_path: Path, broker: Broker) -> None:
    clip, signer = tmp_path / "street.mp4", RoomOfTests()
    clips.write(clip, 40, fps=10)
    text = OWN.format(key=signer.public, port=broker.port).replace('password_file = "plaza.password"\n', "")
    path = tmp_path / "edge.toml"
    path.write_text(
        text.replace("rtsp://user@127.0.0.1:1/stream1", f"file:{clip}").replace(
            'name = "Plaça"', 'name = "Plaça"\nloop = true'
        ),
        encoding="utf-8",
    )
    room = Room(broker.port)
    stop, hurry = threading.Event(), threading.Event()
    file = ConfigurationFile(path, hurry)
    running = threading.Thread(
        target=agent.run, args=(config.load(path), _Blind(), Clock(), stop), kwargs={"file": file}
    )
    running.start()

    def push(version: int, **camera: Any) -> str:
        arguments = {"version": version, "content": {"cameras": {"plaza": camera}}}
        command = signer.command("config", arguments, issued_at=Clock().now())
        room.say(topics.COMMANDS, command.to_json())
        return str(command.command_id)

    def names() -> set[str]:
        return {camera["name"] for status in room.statuses for camera in status["cameras"]}

    try:
        wait_until(lambda: "Plaça" in names(), "its first status")
        push(1, name="Plaça Major", zones=[ZONE])
        wait_until(lambda: "Plaça Major" in names(), "the pushed name")
        worse = push(2, name="Worse", zones=[{**ZONE, "kind": "wach"}])
        room.say(topics.COMMANDS, b'{"not": "a command"}')
        forged = RoomOfTests().command("config", {"version": 9, "content": {}}, issued_at=Clock().now())
        room.say(topics.COMMANDS, forged.to_json())

        def told() -> bool:
            return any(
                one["configuration_version"] == 1 and one["refused_commands"] == {"unreadable": 1, "forged": 1}
                for one in room.metrics
            )

        wait_until(told, "metrics with the version in force and what was refused")
        wait_until(lambda: any(one["command_id"] == worse for one in room.replies), "the answer to what is wrong")
        assert not hurry.is_set()
        assert "Worse" not in names()
    finally:
        stop.set()
        running.join(60)
        room.close()
    assert not running.is_alive()
    kept = json.loads((tmp_path / "data" / pushed.FILE_NAME).read_text(encoding="utf-8"))
    assert kept["version"] == 1
