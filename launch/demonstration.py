"""The cameras of a start: two that replay footage, or the user's own video or stream."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from launch import broker, commands, places, rtsp, rule_cameras
from launch.configuration import Camera, demonstration, of_user
from launch.console import Step, say
from launch.settings import Remembered, Settings, own_port
from launch.supervisor import Part


@dataclass(frozen=True)
class Footage:
    cameras: list[Camera]
    server: Part | None  # the RTSP server, where the machine has one


def prepare(settings: Settings, remembered: Remembered, logs: Path) -> Footage:
    if settings.camera_url is not None:
        return Footage(of_user(settings.camera_url), None)
    if settings.video is not None:
        return Footage(of_user(f"file:{settings.video}"), None)
    drawn = make_clips(logs)
    directory = places.cache_directory() / "footage"
    if settings.rules_demo:
        _make_rule_clips(logs)
        return Footage(rule_cameras.cameras(directory, drawn=drawn, rules=settings.rules_demo), None)
    server = _street_server(directory / "street.mp4", settings, remembered, logs)
    street = rtsp.url(remembered.rtsp_port) if server else f"file:{directory / 'street.mp4'}"
    staged = f"file:{directory / 'staged_dumping.mp4'}"
    return Footage(demonstration(street, staged, drawn=drawn), server)


def make_clips(logs: Path) -> bool:
    """Make the two clips where they are missing; returns whether the street is a drawn one, and says so."""
    with Step("Footage") as step:
        commands.run(
            [sys.executable, "-m", "launch.footage"],
            purpose="making the footage",
            log=logs / "setup.log",
            cwd=places.PROJECT,
            on_line=step.working,
        )
        facts = json.loads((places.cache_directory() / "footage" / "footage.json").read_text(encoding="utf-8"))
        drawn = bool(facts["drawn"])
        step.done("a drawn street (the reason follows)" if drawn else "ready")
    if drawn:
        say(f"           {facts['reason']}")
    return drawn


def _make_rule_clips(logs: Path) -> None:
    with Step("The rules' clips") as step:
        commands.run(
            [sys.executable, "-m", "launch.footage.rules"],
            purpose="staging the rules' clips",
            log=logs / "setup.log",
            cwd=places.PROJECT,
            on_line=step.working,
        )
        step.done("ready")


def _street_server(clip: Path, settings: Settings, remembered: Remembered, logs: Path) -> Part | None:
    if not rtsp.available():
        return None
    data = settings.data_directory
    remembered.rtsp_port = own_port(remembered.rtsp_port)
    remembered.save(data)
    stream = data / "rtsp" / "street.h264"
    shutil.rmtree(stream.parent, ignore_errors=True)
    places.make_directory(stream.parent)
    rtsp.pack(clip, stream)
    port = remembered.rtsp_port
    return Part(
        name="footage",
        argv=rtsp.command(stream, port),
        log=logs / "footage.log",
        ready=lambda: broker.answers(port),
        ready_within_s=broker.START_S,
    )
