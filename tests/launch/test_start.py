"""What `python -m launch run` refuses, and the files that it writes."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from launch import configuration, data_directory, node, places, processes, ui
from launch import run as starting
from launch.commands import failure_sentence
from launch.errors import LaunchError
from launch.settings import Settings, own_port


def start(data: Path, port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch", "run"],
        cwd=places.PROJECT,
        env={**os.environ, "PORT": str(port), "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_taken_port_is_one_line_and_makes_nothing(tmp_path: Path, taken_port: int) -> None:
    done = start(tmp_path / "town", taken_port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"talaia: Port {taken_port} is taken by another program: stop it, or choose one with `make run PORT=...`.\n"
    )
    assert not (tmp_path / "town").exists()


def test_a_second_start_is_refused(tmp_path: Path) -> None:
    with data_directory.held(tmp_path / "town"):
        done = start(tmp_path / "town", own_port(0))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"talaia: {tmp_path / 'town'} is in use by a running `make run` (process {os.getpid()}): stop it first.\n"
        )
    data_directory.refuse_if_in_use(tmp_path / "town")


def test_a_wrong_variable_is_one_line(tmp_path: Path) -> None:
    done = start(tmp_path / "town", own_port(0), CAMERA="webcam")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "talaia: CAMERA is 'webcam': give an address that begins with rtsp:// or rtsps://.\n"


def test_a_data_directory_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "town").write_text("", encoding="utf-8")
    done = start(tmp_path / "town", own_port(0))
    assert done.returncode == 1
    assert done.stderr == f"talaia: DATA_DIR is '{tmp_path / 'town'}': it is no directory that can be written to.\n"


def test_too_little_space_is_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_directory, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(LaunchError, match="The disk is too full"), data_directory.held(tmp_path / "town"):
        pass
    assert not (tmp_path / "town").exists()


def test_run_file_is_private_and_follows_the_processes(tmp_path: Path) -> None:
    settings = Settings(8080, tmp_path, None, None, None)
    system = starting.System(settings)
    system._pids_changed({"room": os.getpid()})
    assert not (tmp_path / "run.json").exists()  # only once everything is ready
    system._run_file = {"url": "http://127.0.0.1:8080"}
    system._pids_changed({"room": os.getpid(), "footage": 1, "edge": None})
    path = tmp_path / "run.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "url": "http://127.0.0.1:8080",
        "pids": {
            "room": os.getpid(),
            "media": None,
            "worker": None,
            "analyst": None,
            "edge": None,
            "broker": None,
            "database": None,
        },
    }
    assert set(processes.left_behind(tmp_path)) == {"room", "footage"}


def test_the_agents_file_says_what_was_chosen(tmp_path: Path) -> None:
    device = configuration.Device(
        "device-1", tmp_path / "token", tmp_path / "key", tmp_path / "edge", "http://127.0.0.1:1", "mqtt://x"
    )
    cameras = configuration.demonstration('rtsp://127.0.0.1:8554/"street"', "file:/clips/staged.mp4", drawn=False)
    content = tomllib.loads(configuration.edge_toml(device, cameras))
    assert content["device"] == {"id": "device-1", "data_dir": str(tmp_path / "edge")}
    assert content["room"]["token_file"] == str(tmp_path / "token")
    assert content["room"]["command_key_file"] == str(tmp_path / "key")
    street, staged = content["camera"]
    assert street["source"] == 'rtsp://127.0.0.1:8554/"street"'
    assert "loop" not in street
    assert (staged["loop"], staged["realtime"], staged["staged"]) == (True, True, True)
    assert all(camera["purpose"] and camera["impact_assessment"] for camera in (street, staged))


def test_the_rooms_file_holds_its_addresses(tmp_path: Path) -> None:
    text = configuration.room_toml(
        port=9,
        database_url="postgresql://d",
        mqtt_url="mqtt://m",
        store=tmp_path,
        command_key=tmp_path / "key",
        live=configuration.LiveVideo(7, tmp_path / "secret", 8),
        enrolment=configuration.Enrolment(tmp_path / "town", "mqtts://d", "mqtt://k"),
    )
    content = tomllib.loads(text)
    assert content["http"] == {"listen": "127.0.0.1:9"}
    assert (content["database"]["url"], content["mqtt"]["url"]) == ("postgresql://d", "mqtt://m")
    assert content["town"]["time_zone"] == "Europe/Madrid"
    assert content["commands"] == {"key_file": str(tmp_path / "key")}
    assert content["broker"] == {"device_url": "mqtts://d", "admin_url": "mqtt://k"}
    assert content["enrolment"] == {"directory": str(tmp_path / "town")}
    assert content["live"] == {"builtin_url": "http://127.0.0.1:7", "secret_file": str(tmp_path / "secret")}
    assert content["media"] == {"addresses": ["127.0.0.1"], "rtmp_listen": "127.0.0.1:8"}


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.20.2", True),
        ("v20.19.0", True),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("v20.18.3", False),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v18.20.4", False),
        ("", False),
    ],
)
def test_which_node_is_new_enough(version: str, *, enough: bool) -> None:
    assert node.new_enough(version) is enough


def test_pages_are_built_anew_when_a_source_changes(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    source = tmp_path / "src" / "app.svelte"
    source.write_text("one", encoding="utf-8")
    first = ui._fingerprint(tmp_path, "v20.20.2")
    for ignored in ("node_modules", "dist"):
        (tmp_path / ignored).mkdir()
        (tmp_path / ignored / "file.js").write_text("built", encoding="utf-8")
    assert ui._fingerprint(tmp_path, "v20.20.2") == first
    assert ui._fingerprint(tmp_path, "v24.0.0") != first
    source.write_text("two", encoding="utf-8")
    assert ui._fingerprint(tmp_path, "v20.20.2") != first


@pytest.mark.parametrize(
    ("output", "ending"),
    [
        ("npm error code ENOTFOUND\nnpm error network", "no internet, or the package index cannot be reached"),
        ("E: Temporary failure resolving 'mirror.example'", "no internet, or the package index cannot be reached"),
        ("cc: fatal error: No space left on device\nmake: *** [all] Error 1", "the disk is full"),
        ("line one\n\nerror: no such option\n\n", "error: no such option"),
        ("", "no output"),
    ],
)
def test_a_failed_command_is_one_sentence(output: str, ending: str) -> None:
    sentence = failure_sentence("building it", output, Path("/logs/setup.log"))
    assert sentence == f"building it failed: {ending} (output in /logs/setup.log)."


def test_nothing_is_left_of_a_private_file_that_could_not_be_written(tmp_path: Path) -> None:
    places.write_private(tmp_path / "secret", "old")
    with contextlib.suppress(TypeError):
        places.write_private(tmp_path / "secret", None)  # type: ignore[arg-type]  # breaks while it writes
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "old"
