"""The cameras of `DEMO=rules make run`: the agent takes their zones and rules, and every rule with a clip is there."""

import tomllib
from pathlib import Path

import pytest

from edge import config, rule_tables
from launch import configuration, rule_cameras
from vision.rules.registry import KINDS


@pytest.mark.parametrize("drawn", [False, True])
def test_the_agent_takes_them_and_each_rule_can_find_something(tmp_path: Path, *, drawn: bool) -> None:
    (tmp_path / "token").write_text("device-1.secret\n", encoding="utf-8")
    device = configuration.Device(
        "device-1", tmp_path / "token", tmp_path / "key", tmp_path / "edge", "http://127.0.0.1:1", "mqtt://x"
    )
    cameras = rule_cameras.cameras(tmp_path, drawn=drawn)
    content = tomllib.loads(configuration.edge_toml(device, cameras))
    settings = config.parse(content)
    shown: set[str] = set()
    for camera in settings.camera:
        names = rule_tables.enabled(camera.rules)
        assert rule_tables.blind(camera.rules, camera.zones, names) == []
        assert camera.staged
        shown |= set(names)
    absent = {"smoke_fire", "stopped_vehicle"} if drawn else {"smoke_fire"}
    assert shown == set(KINDS) - absent
