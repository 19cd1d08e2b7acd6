"""`talaia-edge check` tries everything that a configuration names and says how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge import config
from edge.check import cameras, device
from tests.edge import clips
from tests.edge.broker import Broker
from tests.edge.door import Door
from tests.edge.ptz.ptz_camera import PtzCamera

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.check.findings import Finding

MASK = '[[camera.zones]]\nname = "windows"\nkind = "mask"\npoints = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.4], [0.0, 0.4]]\n'


def street(index: int) -> NDArray[np.uint8]:
    """Something moves everywhere."""
    chance = np.random.default_rng(index)
    return chance.integers(0, 255, (120, 160, 3), np.uint8)


def masked_street(index: int) -> NDArray[np.uint8]:
    image = street(index)
    image[:60] = 40
    return image


def load(folder: Path, *, camera: str = "", url: str = "http://127.0.0.1:9", port: int = 9) -> config.Settings:
    path = folder / "edge.toml"
    path.write_text(
        f'[device]\nid = "dev-1"\ndata_dir = "data"\n[room]\nurl = "{url}"\ntoken = "dev-1.secret"\n'
        f'[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n'
        f'[[camera]]\nid = "placa"\nname = "P"\nsource = "file:a.mp4"\n{camera}',
        encoding="utf-8",
    )
    return config.load(path)


def verdicts(found: list[Finding]) -> dict[str, str]:
    return {one.about: one.verdict for one in found}


@pytest.mark.parametrize(("gop", "verdict", "said"), [(10, "ok", "one every 1.0 s"), (200, "note", "fewer than two")])
def test_what_a_camera_sends_is_said(tmp_path: Path, gop: int, verdict: str, said: str) -> None:
    clips.write(tmp_path / "a.mp4", 80, fps=10, gop=gop)
    probe = cameras.probe(load(tmp_path))[0]
    texts = {one.about: one.text for one in probe.findings}
    assert (probe.ok, probe.reason) == (True, "")
    assert texts["stream"].startswith("h264, 160x120 px, 10.0 pictures a second, ")
    assert texts["key frames"].startswith(said)
    assert verdicts(probe.findings) == {"stream": "ok", "live video": "ok", "key frames": verdict, "sound": "ok"}


def test_masks_that_the_camera_should_paint_are_proved(tmp_path: Path) -> None:
    settings = load(tmp_path, camera=f'mask_mode = "camera"\n{MASK}')
    clips.write(tmp_path / "a.mp4", 80, fps=10, picture=street)
    bare = cameras.probe(settings)[0]
    assert not bare.ok
    assert "the zone windows is not painted" in bare.reason
    clips.write(tmp_path / "a.mp4", 80, fps=10, picture=masked_street)
    assert cameras.probe(settings)[0].ok


@pytest.mark.parametrize(("answer", "verdict"), [(422, "ok"), (401, "fault"), (404, "fault")])
def test_room_and_broker_are_asked(
    tmp_path: Path, broker: Broker, answer: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "_ANSWER_S", 60.0)
    with Door(answers=[answer]) as door:
        found = device.check(load(tmp_path, url=door.url, port=broker.port))
    assert {key: verdicts(found)[key] for key in ("room", "broker", "clock")} == {
        "room": verdict,
        "broker": "ok",
        "clock": "ok",
    }
    assert (door.uploads[0].authorization, door.uploads[0].data) == ("Bearer dev-1.secret", b"")


def test_a_data_folder_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert verdicts(device.check(settings))["data folder"] == "ok"
    (tmp_path / "data").write_text("in the way", encoding="ascii")
    assert verdicts(device.check(settings))["data folder"] == "fault"


def test_a_disk_smaller_than_the_ring_is_said(tmp_path: Path) -> None:
    settings = load(tmp_path, camera="record = true\n[recording]\nmax_gib = 900000.0\n")
    assert verdicts(device.check(settings))["disk"] == "note"


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({}, "ok", "passed on as it is"),
        ({"b_frames": 2}, "note", "coded again while somebody watches, half a core: switch off"),
        ({"codec": "libx265"}, "note", "hevc is coded again"),
    ],
)
def test_whether_it_can_be_watched_as_it_is(tmp_path: Path, changes: dict[str, Any], verdict: str, said: str) -> None:
    clips.write(tmp_path / "a.mp4", 30, fps=10, **changes)
    (found,) = [one for one in cameras.probe(load(tmp_path))[0].findings if one.about == "live video"]
    assert found.verdict == verdict
    assert found.text.startswith(said)


def test_whether_it_can_be_turned(tmp_path: Path) -> None:
    clips.write(tmp_path / "a.mp4", 30, fps=10)
    head = PtzCamera()
    table = f'[camera.ptz]\nonvif = "{head.location}"\n'
    said = {
        home: [one for one in cameras.probe(load(tmp_path, camera=table + home))[0].findings if one.about == "turning"]
        for home in ("", 'home = "Font"', 'home = "elsewhere"')
    }
    head.close()
    assert [(one.verdict, one.text) for (one,) in said.values()] == [
        ("ok", "2 presets; returns to its home position"),
        ("ok", "2 presets; returns to Font"),
        ("fault", "camera.ptz.home: has no preset elsewhere; there are Plaça, Font"),
    ]
    (gone,) = [one for one in cameras.probe(load(tmp_path, camera=table))[0].findings if one.about == "turning"]
    assert (gone.verdict, gone.text.startswith("cannot be asked over ONVIF")) == ("fault", True)
