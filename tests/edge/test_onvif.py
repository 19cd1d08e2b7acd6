"""Cameras that are known by ONVIF: who they are, which stream is analysed, which recorded, how they are found."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

import pytest

from edge import cli
from edge.clock import Clock
from edge.errors import SourceError
from edge.mask import Masks
from edge.source import Source, SourceSettings, onvif
from edge.source.discovery import Found, discover
from tests.edge.broker import free_port
from tests.edge.onvif_camera import OnvifCamera, answering_probes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAMS = {name: f"rtsp://127.0.0.1:9/{name}" for name in ("thumb", "main", "sub")}


@pytest.fixture
def camera() -> Iterator[OnvifCamera]:
    started = OnvifCamera(dict(STREAMS))
    yield started
    started.close()


def test_the_smallest_that_shows_enough_is_analysed_and_the_largest_recorded(camera: OnvifCamera) -> None:
    told = onvif.ask(camera.location)
    assert (told.manufacturer, told.model, told.firmware) == ("Talaia", "Test", "1.0")
    assert [(one.name, one.width_px, one.height_px, one.codec, one.fps) for one in told.profiles] == [
        ("main", 1920, 1080, "H264", 25.0),
        ("sub", 704, 576, "H264", 25.0),
        ("thumb", 176, 144, "H264", 25.0),
    ]
    assert (told.analysed.url, told.recorded.url) == (STREAMS["sub"], STREAMS["main"])
    assert told.camera_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_camera_with_one_small_stream_uses_it_for_both() -> None:
    camera = OnvifCamera({"thumb": STREAMS["thumb"]})
    told = onvif.ask(camera.location)
    camera.close()
    assert told.analysed == told.recorded


def test_user_and_password_go_into_the_stream_but_into_no_message() -> None:
    camera = OnvifCamera(dict(STREAMS), user="guard")
    location = f"onvif://guard:s%40cret@127.0.0.1:{camera.port}"
    url = onvif.with_credentials(onvif.ask(location).analysed.url, location)
    with pytest.raises(SourceError, match="user or password is wrong") as refused:
        onvif.ask(f"onvif://nobody:s%40cret@127.0.0.1:{camera.port}")
    camera.close()
    assert url == "rtsp://guard:s%40cret@127.0.0.1:9/sub"
    assert "cret" not in str(refused.value)


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="cannot be asked over ONVIF"):
        onvif.ask(f"onvif://127.0.0.1:{free_port()}")


def test_the_source_opens_the_stream_that_it_is_told_and_notes_the_time(camera: OnvifCamera) -> None:
    settings = SourceSettings(location=camera.location, analysis_fps=5.0, silence_s=60.0)
    source = Source(settings, masks=Masks([]), clock=Clock(), stop=Event())
    with pytest.raises(SourceError, match="cannot be opened: Connection refused"):
        next(source.frames())
    assert source.witness is not None
    assert source.witness.camera_by == "onvif"
    assert source.witness.camera_at == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_command_lists_the_streams_and_what_they_would_be_used_for(
    camera: OnvifCamera, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["discover", "--camera", camera.location]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{camera.location} Test Talaia",
        "  main: 1920x1080 H264 25/s (recorded)",
        "  sub: 704x576 H264 25/s (analysed)",
        "  thumb: 176x144 H264 25/s",
    ]


def test_the_command_says_which_camera_tells_nothing(
    camera: OnvifCamera, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    camera.user = "guard"
    password = tmp_path / "password"
    password.write_text("s@cret\n")
    words = ["discover", "--camera", camera.location, "--user", "nobody", "--password-file", str(password), "--json"]
    assert cli.main(words) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["cameras"][0]["reason"] == "cannot be asked over ONVIF: user or password is wrong"
    assert "cret" not in told.out + told.err


def test_cameras_are_found_by_their_answer() -> None:
    """The time for answers is over once all have come: what lies in the socket by then is read."""
    addresses = ["http://[fe80::1]/onvif/device_service", "http://127.0.0.1:8080/onvif/device"]
    with answering_probes(addresses) as (port, answered):
        found = discover(
            address="127.0.0.1",
            port=port,
            interface="127.0.0.1",
            wait_s=60.0,
            monotonic_s=lambda: 100.0 if answered.is_set() else 0.0,
        )
    assert found == [Found("onvif://127.0.0.1:8080", "Plaça", "Test")]


def test_nobody_there_is_no_error() -> None:
    assert discover(address="127.0.0.1", port=9, interface="127.0.0.1", wait_s=0.1) == []
