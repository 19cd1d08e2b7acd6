"""Writes the settings of the room and of the agent that `make run` starts: `room.toml` and `edge.toml` (0600)."""

import json
from dataclasses import dataclass
from pathlib import Path

MODEL, MODEL_INPUT_PX = "centernet-coco", 320
TOWN = {"name": "Tarragona (demonstration)", "time_zone": "Europe/Madrid", "lat": 41.1160, "lon": 1.2548, "zoom": 15.0}
PURPOSE = "Demonstration of Talaia: recorded footage is replayed, nobody is filmed here"
ASSESSMENT = "None needed: published research footage is replayed on this computer"
OWN_PURPOSE = "Trial of Talaia by the person who started it"


@dataclass(frozen=True)
class Camera:
    identifier: str
    name: str
    source: str  # rtsp://... or file:/path
    lat: float
    lon: float
    staged: bool
    purpose: str = PURPOSE
    assessment: str = ASSESSMENT

    @property
    def is_file(self) -> bool:
        return self.source.startswith("file:")


def demonstration(street: str, staged: str, *, drawn: bool) -> list[Camera]:
    """The two cameras of a start without VIDEO or CAMERA, put on two squares of Tarragona."""
    shown = "drawn street" if drawn else "replayed footage"
    return [
        Camera("placa-de-la-font", f"Plaça de la Font ({shown})", street, 41.1173, 1.2564, staged=drawn),
        Camera("rambla-nova", "Rambla Nova (staged dumping)", staged, 41.1149, 1.2531, staged=True),
    ]


def of_user(source: str) -> list[Camera]:
    """The one camera of a start with VIDEO or CAMERA."""
    town_hall = (41.1176, 1.2561)
    return [Camera("own", "My camera", source, *town_hall, staged=False, purpose=OWN_PURPOSE, assessment="")]


def room_toml(*, port: int, database_url: str, mqtt_url: str, store: Path) -> str:
    sections: dict[str, dict[str, object]] = {
        "http": {"listen": f"127.0.0.1:{port}"},
        "database": {"url": database_url},
        "mqtt": {"url": mqtt_url},
        "store": {"directory": str(store)},
        "town": dict(TOWN),
    }
    return "\n".join(_section(f"[{name}]", values) for name, values in sections.items())


@dataclass(frozen=True)
class Device:
    identifier: str
    token_file: Path
    data_directory: Path
    room_url: str
    mqtt_url: str


def edge_toml(device: Device, cameras: list[Camera]) -> str:
    parts = [
        _section("[device]", {"id": device.identifier, "data_dir": str(device.data_directory)}),
        _section("[room]", {"url": device.room_url, "token_file": str(device.token_file)}),
        _section("[mqtt]", {"url": device.mqtt_url}),
        _section("[detector]", {"backend": "onnxruntime", "model": MODEL, "input_px": MODEL_INPUT_PX}),
        *(_section("[[camera]]", _camera(camera)) for camera in cameras),
    ]
    return "\n".join(parts)


def _camera(camera: Camera) -> dict[str, object]:
    values: dict[str, object] = {"id": camera.identifier, "name": camera.name, "source": camera.source}
    if camera.is_file:
        values |= {"loop": True, "realtime": True}
    values |= {"lat": camera.lat, "lon": camera.lon, "accuracy_m": 10, "staged": camera.staged}
    values |= {"purpose": camera.purpose, "legal_regime": "lo_7_2021"}
    if camera.assessment:
        values["impact_assessment"] = camera.assessment
    return values


def _section(header: str, values: dict[str, object]) -> str:
    """A TOML table of strings, numbers and booleans, whose JSON form is their TOML form too."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join([header, *lines]) + "\n"
