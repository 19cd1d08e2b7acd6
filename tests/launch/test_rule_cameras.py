"""The cameras of `DEMO=rules make run`: the agent takes their zones and rules, and every rule with a clip is there."""

import tomllib
from pathlib import Path

import pytest

from edge import config, rule_tables
from launch import configuration, rule_cameras
from vision.rules.registry import KINDS

DEVICE = configuration.Device("device-1", Path("token"), Path("key"), Path("edge"), "http://127.0.0.1:1", "mqtt://x")


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


def test_a_slow_computer_shows_the_rules_in_groups(tmp_path: Path) -> None:
    some = rule_cameras.cameras(tmp_path, drawn=False, rules=frozenset({"camera_tamper", "fast_motion_or_fight"}))
    assert [camera.identifier for camera in some] == ["rules-hurried", "rules-tampered", "rules-lost"]


def test_a_camera_that_is_there_for_a_rule_has_it_on(tmp_path: Path) -> None:
    for camera in rule_cameras.cameras(tmp_path, drawn=False):
        switched = tomllib.loads(configuration.edge_toml(DEVICE, [camera]))["camera"][0].get("rules", {})
        on = set(rule_tables.enabled(rule_tables.SECTION.model_validate(switched)))
        assert set(rule_cameras.SHOWN[camera.identifier]) <= on
