"""Writes the settings of the room and of the agent that `make run` starts: `room.toml` and `edge.toml` (0600)."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

MODEL, MODEL_INPUT_PX = "centernet-coco", 320
TOWN = {"name": "Tarragona (demostració)", "time_zone": "Europe/Madrid", "lat": 41.1160, "lon": 1.2548, "zoom": 15.0}
# Data of the demonstration, in the language that the screens begin with.
PURPOSE = "Demostració de Talaia: es repeteixen imatges gravades, aquí no es filma ningú"
ASSESSMENT = "No cal: es repeteixen en aquest ordinador imatges de recerca ja publicades"
OWN_PURPOSE = "Prova de Talaia de la persona que l'ha engegat"


@dataclass(frozen=True)
class Camera:
    identifier: str
    name: str
    source: str  # rtsp://... or file:/path
    lat: float | None = None  # None: the place is not known
    lon: float | None = None
    staged: bool = True
    purpose: str = PURPOSE
    assessment: str = ASSESSMENT
    rules: str = ""  # TOML of its zones and rules; empty: the defaults
    loop: bool = True  # a file begins again at its end

    def named(self, name: str, source: str) -> "Camera":
        return replace(self, name=name, source=source)

    @property
    def is_file(self) -> bool:
        return self.source.startswith("file:")


def demonstration(street: str, staged: str, *, drawn: bool) -> list[Camera]:
    """The two cameras of a start without VIDEO or CAMERA, put on two squares of Tarragona."""
    shown = "carrer dibuixat" if drawn else "imatges repetides"
    return [
        Camera("placa-de-la-font", f"Plaça de la Font ({shown})", street, 41.1173, 1.2564, staged=drawn),
        Camera("rambla-nova", "Rambla Nova (abocament simulat)", staged, 41.1149, 1.2531, staged=True),
    ]


def of_user(source: str) -> list[Camera]:
    """The one camera of a start with VIDEO or CAMERA."""
    return [Camera("own", "La meva càmera", source, None, None, staged=False, purpose=OWN_PURPOSE, assessment="")]


@dataclass(frozen=True)
class LiveVideo:
    """How the room and the process with the streams know each other."""

    port: int
    secret_file: Path
    rtmp_port: int
    """Where drones' remote controls may send."""


@dataclass(frozen=True)
class Enrolment:
    """How the room lets devices in."""

    town_keys: Path
    device_url: str  # of the broker
    admin_url: str


def room_toml(  # the room of one start
    *,
    port: int,
    database_url: str,
    mqtt_url: str,
    store: Path,
    command_key: Path,
    live: LiveVideo,
    enrolment: Enrolment | None,
) -> str:
    sections: dict[str, dict[str, object]] = {
        "http": {"listen": f"127.0.0.1:{port}"},
        "database": {"url": database_url},
        "mqtt": {"url": mqtt_url},
        "store": {"directory": str(store)},
        "commands": {"key_file": str(command_key)},
        "town": dict(TOWN),
        "live": {"builtin_url": f"http://127.0.0.1:{live.port}", "secret_file": str(live.secret_file)},
        "media": {"addresses": ["127.0.0.1"], "rtmp_listen": f"127.0.0.1:{live.rtmp_port}"},
    }
    if enrolment is not None:
        sections["broker"] = {"device_url": enrolment.device_url, "admin_url": enrolment.admin_url}
        sections["enrolment"] = {"directory": str(enrolment.town_keys)}
    return "\n".join(_section(f"[{name}]", values) for name, values in sections.items())


@dataclass(frozen=True)
class Device:
    identifier: str
    token_file: Path
    command_key_file: Path
    data_directory: Path
    room_url: str
    mqtt_url: str  # of a device that is not enrolled
    identity: Path | None = None  # of one that is
    mqtt_tls_url: str = ""


def edge_toml(device: Device, cameras: list[Camera]) -> str:
    known: dict[str, object] = {} if device.identity is None else {"identity": str(device.identity)}
    parts = [
        _section("[device]", {"id": device.identifier, "data_dir": str(device.data_directory), **known}),
        _section(
            "[room]",
            {
                "url": device.room_url,
                "token_file": str(device.token_file),
                "command_key_file": str(device.command_key_file),
            },
        ),
        _section("[mqtt]", _broker(device)),
        _section("[detector]", {"backend": "onnxruntime", "model": MODEL, "input_px": MODEL_INPUT_PX}),
        *(_section("[[camera]]", _camera(camera)) + camera.rules for camera in cameras),
    ]
    return "\n".join(parts)


def _broker(device: Device) -> dict[str, object]:
    if device.identity is None:
        return {"url": device.mqtt_url}
    return {
        "url": device.mqtt_tls_url,
        "password_file": str(device.identity / "mqtt-password"),
        "ca_file": str(device.identity / "ca.pem"),
        "certificate_file": str(device.identity / "tls.crt"),
        "key_file": str(device.identity / "tls.key"),
    }


def _camera(camera: Camera) -> dict[str, object]:
    values: dict[str, object] = {"id": camera.identifier, "name": camera.name, "source": camera.source}
    if camera.is_file:
        values |= {"loop": camera.loop, "realtime": True, "record": True}
    if camera.lat is not None:
        values |= {"lat": camera.lat, "lon": camera.lon, "accuracy_m": 10}
    values |= {"staged": camera.staged, "purpose": camera.purpose, "legal_regime": "lo_7_2021"}
    if camera.assessment:
        values["impact_assessment"] = camera.assessment
    return values


def _section(header: str, values: dict[str, object]) -> str:
    """A TOML table of strings, numbers and booleans, whose JSON form is their TOML form too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([header, *lines]) + "\n"
