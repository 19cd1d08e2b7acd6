"""The variables of `make run`, and what a data directory remembers."""

import stat
from pathlib import Path

import pytest

from launch import places
from launch.errors import LaunchError
from launch.rule_cameras import RULES
from launch.settings import PORTS, Remembered, Settings, own_port, port_is_free

VARIABLES = ("PORT", "DATA_DIR", "VIDEO", "CAMERA", "TALAIA_DATABASE_URL", "DEMO")


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_defaults() -> None:
    assert Settings.of_environment() == Settings(8080, places.PROJECT / "data", None, None, None)


def test_all_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORT", " 9000 ")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "a" / ".." / "town"))
    monkeypatch.setenv("CAMERA", "rtsp://user:word@10.0.0.7/stream1")
    monkeypatch.setenv("TALAIA_DATABASE_URL", "postgresql://u:p@db.example/talaia")
    assert Settings.of_environment() == Settings(
        9000, tmp_path / "town", None, "rtsp://user:word@10.0.0.7/stream1", "postgresql://u:p@db.example/talaia"
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT is 'eighty': give a number from 1 to 65535."),
        ("DEMO", "everything", "DEMO is 'everything': the only one is rules."),
        (
            "DEMO",
            "rules:crowd,smoke_fire",
            "DEMO is 'rules:crowd,smoke_fire': no clip shows smoke_fire; after rules: may come "
            + ", ".join(sorted(RULES))
            + ".",
        ),
        ("PORT", "0", "PORT is '0': give a number from 1 to 65535."),
        ("PORT", "70000", "PORT is '70000': give a number from 1 to 65535."),
        ("PORT", "٨٠", "PORT is '٨٠': give a number from 1 to 65535."),
        ("VIDEO", "/nowhere/clip.mp4", "VIDEO is '/nowhere/clip.mp4': there is no such file."),
        ("VIDEO", "/", "VIDEO is '/': there is no such file."),
        ("CAMERA", "http://x/", "CAMERA is 'http://x/': give an address that begins with rtsp:// or rtsps://."),
        ("CAMERA", "rtsp://[", "CAMERA is 'rtsp://[': give an address that begins with rtsp:// or rtsps://."),
        ("TALAIA_DATABASE_URL", "mysql://x/y", "TALAIA_DATABASE_URL does not begin with postgresql://."),
    ],
)
def test_wrong_values_get_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(LaunchError) as caught:
        Settings.of_environment()
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("value", "shown"),
    [("rules", RULES), ("rules:", RULES), ("rules:crowd, camera_tamper", frozenset({"crowd", "camera_tamper"}))],
)
def test_the_demonstration_of_rules_can_be_of_some(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: frozenset[str]
) -> None:
    monkeypatch.setenv("DEMO", value)
    assert Settings.of_environment().rules_demo == shown


def test_video_and_camera_exclude_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    video.touch()
    monkeypatch.setenv("VIDEO", str(video))
    assert Settings.of_environment().video == video
    monkeypatch.setenv("CAMERA", "rtsp://camera.example/1")
    with pytest.raises(LaunchError, match="VIDEO and CAMERA are both set"):
        Settings.of_environment()


def test_a_data_directory_remembers_its_secrets_privately(tmp_path: Path) -> None:
    first = Remembered.load(tmp_path)
    first.device_id = "device-1"
    first.save(tmp_path)
    assert Remembered.load(tmp_path) == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert Remembered.load(tmp_path / "other").user_password != first.user_password


def test_damaged_secrets_are_refused_rather_than_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"user_password": ', encoding="utf-8")
    with pytest.raises(LaunchError, match=r"secrets\.json cannot be used"):
        Remembered.load(tmp_path)
    assert path.read_text(encoding="utf-8") == '{"user_password": '


def test_a_port_is_kept_while_it_is_free(taken_port: int) -> None:
    assert not port_is_free(taken_port)
    other = own_port(taken_port)
    assert other != taken_port
    assert own_port(other) == other


def test_no_port_is_given_twice_nor_to_a_connection_before_it_is_used() -> None:
    given = [own_port(0) for _ in range(500)]
    assert len(set(given)) == len(given)
    assert set(given) <= set(PORTS)
