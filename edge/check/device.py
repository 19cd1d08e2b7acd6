"""Tries what the cameras share: disk, room, broker, model, key."""

from __future__ import annotations

import os
import shutil
import tempfile
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import httpx
import paho.mqtt.client as mqtt
import uuid_utils.compat
from paho.mqtt.enums import CallbackAPIVersion

from edge import senders
from edge.check.findings import Finding
from edge.clock import Clock
from edge.errors import ConfigurationError
from edge.upload import clock_offset_s
from models import ModelError, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.config import Settings

_ANSWER_S = 8.0
_CLOCK_OFF_S = 5.0
_GIB = 1024**3


def check(settings: Settings) -> list[Finding]:
    return [
        *_data_dir(settings.data_dir),
        *_disk(settings),
        *_room(settings),
        _broker(settings),
        _model(settings),
        _command_key(settings),
    ]


def _data_dir(path: Path) -> Iterator[Finding]:
    """Makes nothing: where the folder is not there yet, the one above it is tried."""
    place = next(one for one in (path, *path.resolve().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield Finding("data folder", "fault", f"{path} cannot be written: {(error.strerror or 'unknown').lower()}")
        return
    if place.is_dir() and path.exists() and path.stat().st_mode & 0o077:
        yield Finding("data folder", "note", f"{path} can be read by other users: chmod 700")
        return
    yield Finding("data folder", "ok", f"{path} can be written" + ("" if path.exists() else " (it will be made)"))


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.recordings_dir
    place = next(one for one in (folder, *folder.resolve().parents) if one.exists())
    free_bytes = shutil.disk_usage(place).free
    used_bytes = sum(path.stat().st_size for path in folder.rglob("*.mp4")) if folder.exists() else 0
    recorded = [camera.id for camera in settings.camera if camera.is_recorded]
    wanted_bytes = settings.recording.settings.limit_bytes + settings.recording.settings.free_disk_bytes
    text = f"{free_bytes / _GIB:.1f} GiB are free"
    if free_bytes < settings.evidence.free_disk_bytes:
        yield Finding("disk", "fault", f"{text}; with less than evidence.free_disk_mib no clips are made")
    elif recorded and free_bytes + used_bytes < wanted_bytes:
        room = f"{wanted_bytes / _GIB:.1f} GiB of recording.max_gib and free_disk_mib"
        yield Finding("disk", "note", f"{text}, less than the {room}: recordings will be shorter than asked for")
    else:
        yield Finding("disk", "ok", text)


def _room(settings: Settings) -> Iterator[Finding]:
    """An upload without a byte: a room that knows the token refuses the file, another refuses the device."""
    clock = Clock()
    began_s = clock.monotonic_s()
    url = f"{settings.room.url.rstrip('/')}/api/v1/evidence/{uuid_utils.compat.uuid7()}"
    try:
        answer = httpx.put(
            url,
            content=b"",
            headers={"Authorization": f"Bearer {settings.token()}", "Content-Type": "image/jpeg"},
            verify=senders.trust_of_room(settings),
            timeout=_ANSWER_S,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        text = f"{settings.room.url} cannot be reached: {said}; events and evidence wait on the device until it can"
        yield Finding("room", "note", text)
        return
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        yield Finding("room", "fault", f"{settings.room.url} refuses the token: make another with `talaia-room device`")
    elif answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY:
        yield Finding("room", "ok", f"{settings.room.url} answers and knows the device")
    else:
        yield Finding("room", "fault", f"{settings.room.url} answers {answer.status_code}: is it a control room?")
    took_s = clock.monotonic_s() - began_s
    offset_s = clock_offset_s(answer.headers.get("Date", ""), clock.now(), took_s)
    if offset_s is not None:
        off = abs(offset_s) > _CLOCK_OFF_S
        text = f"{abs(offset_s):.0f} s {'ahead of' if offset_s > 0 else 'behind'} the room's"
        yield Finding("clock", "note" if off else "ok", f"{text}: set up NTP" if off else "agrees with the room's")


def _broker(settings: Settings) -> Finding:
    """By a name of its own, so that an agent that is running stays connected."""
    broker = senders.broker_settings(settings)
    where = f"{broker.host}:{broker.port}"
    answered, said = Event(), list[str]()
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"talaia-{broker.device_id}-check-{os.getpid()}",
        protocol=mqtt.MQTTv5,
        reconnect_on_failure=False,
    )

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        said.append(str(reason) if reason.is_failure else "")
        answered.set()

    client.on_connect = connected
    client.connect_timeout = _ANSWER_S
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    try:
        if broker.trust is not None:
            client.tls_set_context(broker.trust)
        client.connect(broker.host, broker.port)
        client.loop_start()
        answered.wait(_ANSWER_S)
    except (OSError, ValueError) as error:
        said_why = getattr(error, "strerror", None) or error
        return Finding(
            "broker", "note", f"{where} cannot be reached: {said_why}; events wait on the device until it can"
        )
    finally:
        client.disconnect()
        client.loop_stop()
    if not said:
        return Finding("broker", "note", f"{where} does not answer; events wait on the device until it does")
    return Finding("broker", "fault", f"{where} refuses: {said[0]}") if said[0] else Finding("broker", "ok", where)


def _model(settings: Settings) -> Finding:
    try:
        file = catalogue.locate(settings.detector.model, settings.detector.input_px)
    except ModelError as error:
        return Finding("model", "fault", str(error))
    return Finding("model", "ok", f"{file.name}, SHA-256 {file.sha256[:12]}")


def _command_key(settings: Settings) -> Finding:
    try:
        key = settings.command_key()
    except ConfigurationError as error:
        return Finding("command key", "fault", str(error))
    if key is None:
        text = "none: the device obeys no command of the room (room.command_key)"
        return Finding("command key", "note", text)
    return Finding("command key", "ok", "there")
