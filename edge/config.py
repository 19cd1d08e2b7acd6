"""The agent's settings: one TOML file, checked whole before anything starts.

What is wrong is said in one line: the file, the key, what it got, what is allowed. `edge/example.toml` shows every key.
"""

from __future__ import annotations

import logging
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edge import pushed, rule_tables
from edge.commands.keys import RoomKey
from edge.errors import ConfigurationError
from edge.explain import explain, hidden
from edge.flight.section import DroneSection
from edge.recording import RecordingSettings
from edge.recording.masking import MaskMode
from running import tracing
from vision.zones import Zone
from wire.device import LegalRegime
from wire.event import Location
from wire.identifiers import Identifier

log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_ONE_LINE = r"^[^\r\n]*$"
Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=_ONE_LINE)]


_KEY = "the room's public key, as `talaia-room command-key` prints it"
_LAW = (
    "only with purpose and impact_assessment in the camera's table, because the rule watches people's behaviour"
    " (LO 7/2021 art. 35, GDPR art. 35)"
)


def _fault(got: str, allowed: str, *, key: str = "") -> PydanticCustomError:
    """A fault of the table or key that is being checked, or of `key` inside it."""
    return PydanticCustomError("setting", "got {got}; allowed: {allowed}", {"got": got, "allowed": allowed, "key": key})


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DeviceSection(Section):
    id: Identifier
    data_dir: Text
    """Outbox, evidence that waits, the backgrounds of the rules."""
    identity: Text | None = None
    """The folder that `talaia-edge enrol` made, with the device's keys and certificate."""
    memory_every_s: float = Field(default=60.0, ge=10, le=86_400)
    """What rules have learned of their scenes is saved so often, and at the end."""


class RoomSection(Section):
    url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+[^\s@]*$")]
    token: Text | None = None
    token_file: Text | None = None
    ca_file: Text | None = None
    command_key: Text | None = None
    """The room's public key; without one the device obeys no command."""
    command_key_file: Text | None = None

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if (self.token is None) == (self.token_file is None):
            got = "neither" if self.token is None else "both"
            raise _fault(got, "one of token and token_file")
        return self

    @model_validator(mode="after")
    def _one_command_key(self) -> Self:
        if self.command_key is not None and self.command_key_file is not None:
            raise _fault("both", "one of command_key and command_key_file, or neither")
        return self

    @field_validator("command_key")
    @classmethod
    def _is_a_key(cls, key: str | None) -> str | None:
        if key is not None:
            try:
                RoomKey.read(key)
            except ValueError as error:
                raise _fault(repr(key[:60]), f"{_KEY} ({error})") from None
        return key


class MqttSection(Section):
    url: Annotated[str, Field(pattern=r"^mqtts?://\S+$")]
    password_file: Text | None = None
    ca_file: Text | None = None
    certificate_file: Text | None = None
    """With which the device shows the broker who it is."""
    key_file: Text | None = None

    @model_validator(mode="after")
    def _certificate_has_key(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise _fault("one of certificate_file and key_file", "both, or neither")
        return self

    @field_validator("url")
    @classmethod
    def _has_host(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            sound = bool(parts.hostname) and (parts.port is None or parts.port > 0) and parts.path in {"", "/"}
        except ValueError:
            sound = False
        if not sound:
            raise _fault(hidden(url), "mqtt://[user[:password]@]host[:port], or mqtts:// for TLS")
        return url

    @property
    def tls(self) -> bool:
        return self.url.startswith("mqtts://")

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (8883 if self.tls else 1883)

    @property
    def user(self) -> str | None:
        name = urlsplit(self.url).username
        return None if name is None else unquote(name)


class DetectorSection(Section):
    backend: Literal["onnxruntime", "openvino", "ultralytics"] = "onnxruntime"
    model: Text = "centernet-coco"
    input_px: int = Field(default=320, ge=32, le=4096)
    confidence: float = Field(default=0.30, gt=0, lt=1)


class EvidenceSection(Section):
    before_s: float = Field(default=5.0, ge=0, le=60)
    after_s: float = Field(default=10.0, ge=0, le=60)
    from_the_act: bool = True
    """Let the clip begin `before_s` before the thing came to rest, not before the rule's condition became true."""
    longest_s: float = Field(default=60.0, ge=10, le=300)
    memory_mib: int = Field(default=64, ge=4, le=4096)
    """A camera, for the pictures before an event."""
    free_disk_mib: int = Field(default=500, ge=0)
    """With less free, clips are no longer made; events and snapshots are."""
    keep_uploaded_mib: int = Field(default=2048, ge=0, le=1_000_000)
    """Of files that the room has: it may be restored from a backup and ask for them again."""

    @property
    def memory_bytes(self) -> int:
        return self.memory_mib * _MIB

    @property
    def free_disk_bytes(self) -> int:
        return self.free_disk_mib * _MIB

    @property
    def keep_uploaded_bytes(self) -> int:
        return self.keep_uploaded_mib * _MIB


class RecordingSection(Section):
    directory: Text = "recordings"
    """Within `data_dir`, or an absolute path."""
    days: float = Field(default=7.0, gt=0, le=90)
    max_gib: float = Field(default=20.0, gt=0, le=1_000_000)
    """Of all cameras together."""
    free_disk_mib: int = Field(default=1000, ge=0)
    segment_s: float = Field(default=10.0, ge=2, le=60)

    @property
    def settings(self) -> RecordingSettings:
        return RecordingSettings(
            days=self.days,
            limit_bytes=int(self.max_gib * 1024 * _MIB),
            free_disk_bytes=self.free_disk_mib * _MIB,
            segment_s=self.segment_s,
        )


class TracingSection(Section):
    endpoint: str = ""
    """Of a collector; empty: nothing is traced."""
    share: float = Field(default=1.0, ge=0, le=1)

    @field_validator("endpoint")
    @classmethod
    def _is_a_collector(cls, endpoint: str) -> str:
        allowed = tracing.endpoint_fault(endpoint) if endpoint else None
        if allowed is not None:
            raise _fault(hidden(endpoint), allowed)
        return endpoint


class CameraSection(Section):
    id: Identifier
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
    kind: Literal["fixed", "drone"] = "fixed"
    drone: DroneSection | None = None
    source: Annotated[str, Field(pattern=r"^((rtsp|http)s?://|onvif://|usb:/|file:)\S.*$")]
    substream: Annotated[str, Field(pattern=r"^rtsps?://\S+$")] | None = None
    """Analysed in place of `source`, whose packets are then only recorded."""
    password_file: Text | None = None
    """Of the camera, for the user that stands in the address."""
    loop: bool = False
    realtime: bool = True
    record: bool | None = None
    """None: a stream is recorded, a file is not."""
    mask_mode: MaskMode = "transcode"
    """Who paints the zones of kind mask: the camera itself, which is proved, or the agent, which codes again."""
    sound: bool = False
    sound_reason: str = Field(default="", max_length=1000, pattern=_ONE_LINE)
    analysis_fps: float = Field(default=5.0, gt=0, le=60)
    idle: Literal["key_frames", "all"] = "key_frames"
    """What is decoded while nothing moves; of a file everything is, unless it is set."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    accuracy_m: float = Field(default=10.0, ge=0)
    purpose: str = Field(default="", max_length=1000, pattern=_ONE_LINE)
    legal_regime: LegalRegime | None = None
    impact_assessment: str = Field(default="", max_length=1000, pattern=_ONE_LINE)
    staged: bool = False
    zones: list[Zone] = []
    rules: rule_tables.Section = Field(default_factory=rule_tables.SECTION)

    @model_validator(mode="after")
    def _place_is_whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise _fault("one of lat and lon", "both, or neither")
        return self

    @model_validator(mode="after")
    def _drone_is_whole(self) -> Self:
        if self.kind == "fixed" and self.drone is not None:
            raise _fault("a table drone", 'only with kind = "drone"', key="drone")
        if self.kind == "drone" and self.drone is None:
            raise _fault("no table drone", "a table [camera.drone] with its telemetry", key="drone")
        if self.kind == "drone" and self.lat is not None:
            raise _fault(f"{self.lat:g}", "no fixed place of a drone: its telemetry tells it", key="lat")
        return self

    @model_validator(mode="after")
    def _rules_name_zones(self) -> Self:
        unknown = rule_tables.unknown_zone(self.rules, self.zones)
        if unknown is not None:
            names = ", ".join(zone.name for zone in self.zones) or "none, the camera has no zones"
            raise _fault(repr(unknown[1]), f"names of the camera's zones ({names})", key=f"rules.{unknown[0]}.zones")
        return self

    @model_validator(mode="after")
    def _smoke_has_its_model(self) -> Self:
        fault = rule_tables.smoke_model_fault(self.rules)
        if fault is not None:
            raise _fault("enabled = true", fault, key="rules.smoke_fire")
        return self

    @model_validator(mode="after")
    def _law_allows_rules(self) -> Self:
        for rule in rule_tables.about_people(self.rules):
            if not (self.purpose.strip() and self.impact_assessment.strip()):
                raise _fault("enabled = true", _LAW, key=f"rules.{rule}")
        return self

    @model_validator(mode="after")
    def _is_silent(self) -> Self:
        if self.sound:
            raise _fault("true", "false; this version records no sound, with a reason or without", key="sound")
        return self

    @property
    def is_recorded(self) -> bool:
        return self.record if self.record is not None else not self.source.startswith("file:")

    @property
    def location(self) -> Location | None:
        if self.lat is None or self.lon is None:
            return None
        return Location(lat=self.lat, lon=self.lon, accuracy_m=self.accuracy_m)


class Settings(Section):
    """The whole file."""

    device: DeviceSection
    room: RoomSection
    mqtt: MqttSection
    detector: DetectorSection = DetectorSection()
    evidence: EvidenceSection = EvidenceSection()
    recording: RecordingSection = RecordingSection()
    tracing: TracingSection = TracingSection()
    camera: list[CameraSection] = Field(min_length=1)
    _folder: Path = PrivateAttr(default=Path())
    """Of the file; relative paths in it start there."""
    _pushed_version: int | None = PrivateAttr(default=None)

    @property
    def pushed_version(self) -> int | None:
        """Of what the room set beside the file; None where it set nothing."""
        return self._pushed_version

    @field_validator("camera")
    @classmethod
    def _ids_differ(cls, cameras: list[CameraSection]) -> list[CameraSection]:
        ids = [camera.id for camera in cameras]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise _fault(f"the id {', '.join(twice)} twice", "cameras with an id of their own")
        return cameras

    def path(self, name: str) -> Path:
        return self._folder / Path(name).expanduser()

    def optional_path(self, name: str | None) -> Path | None:
        return None if name is None else self.path(name)

    @property
    def data_dir(self) -> Path:
        return self.path(self.device.data_dir)

    @property
    def identity_dir(self) -> Path | None:
        return self.optional_path(self.device.identity)

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / Path(self.recording.directory).expanduser()

    def location(self, camera: CameraSection) -> str:
        """What the source opens."""
        name = camera.source.removeprefix("file:")
        if name == camera.source:
            return self._with_password(camera, camera.source)
        return str(self.path(name.removeprefix("//")))

    def substream(self, camera: CameraSection) -> str | None:
        """What is analysed in place of the source, where it is."""
        return None if camera.substream is None else self._with_password(camera, camera.substream)

    def token(self) -> str:
        """What the device shows to the room."""
        if self.room.token is not None:
            return self.room.token
        return self._secret("room.token_file", self.room.token_file)

    def command_key(self) -> RoomKey | None:
        """By which the device knows the room's commands; None: it obeys none.

        Raises:
            ConfigurationError: the file cannot be read or holds no key.
        """
        if self.room.command_key_file is None:
            return None if self.room.command_key is None else RoomKey.read(self.room.command_key)
        key = "room.command_key_file"
        try:
            return RoomKey.read(self._secret(key, self.room.command_key_file))
        except ValueError as error:
            raise ConfigurationError(f"{key}: got {self.room.command_key_file!r}; allowed: {_KEY} ({error})") from None

    def mqtt_password(self) -> str | None:
        if self.mqtt.password_file is not None:
            return self._secret("mqtt.password_file", self.mqtt.password_file)
        written = urlsplit(self.mqtt.url).password
        return None if written is None else unquote(written)

    def _secret(self, key: str, name: str | None) -> str:
        return secret(key, self.path(name or ""))

    def _with_password(self, camera: CameraSection, address: str) -> str:
        if camera.password_file is None:
            return address
        password = quote(self._secret(f"camera {camera.id}.password_file", camera.password_file), safe="")
        parts = urlsplit(address)
        user = parts.username or ""
        return parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}").geturl()


def secret(key: str, path: Path) -> str:
    """The one line that a file holds.

    Raises:
        ConfigurationError: `key: got ...; allowed: ...`.
    """
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{key}: got {str(path)!r}; allowed: a file that can be read ({error})") from None
    if not found or len(found.splitlines()) != 1:
        raise ConfigurationError(f"{key}: got {str(path)!r}; allowed: a file that holds one line")
    return found


def example() -> str:
    """Every key with its default, commented."""
    return resources.files("edge").joinpath("example.toml").read_text(encoding="utf-8")


def load(path: Path) -> Settings:
    """Read and check the agent's file, with what the room set laid over it.

    Raises:
        ConfigurationError: one line.
    """
    settings, content = _load_own(path)
    wanted = pushed.read(settings.data_dir)
    if wanted is None:
        return settings
    try:
        laid = parse(pushed.lay_over(content, wanted.content).content, folder=settings._folder)  # noqa: SLF001 - of this module
    except ConfigurationError as error:
        raise ConfigurationError(f"{path} with configuration {wanted.version} of the room: {error}") from None
    laid._pushed_version = wanted.version  # noqa: SLF001 - of this module
    return laid


def load_for_work(path: Path) -> Settings:
    """As `load`; where only what the room set does not fit the file any more, the file alone: the device must work.

    Raises:
        ConfigurationError: one line.
    """
    own = load_own(path)
    try:
        return load(path)
    except ConfigurationError as error:
        log.error("%s; the file alone is followed", error)  # noqa: TRY400 - said, not traced
        return own


def load_own(path: Path) -> Settings:
    """Without what the room set.

    Raises:
        ConfigurationError: one line.
    """
    return _load_own(path)[0]


def _load_own(path: Path) -> tuple[Settings, dict[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: is no TOML: {error}") from None
    try:
        return parse(content, folder=path.resolve().parent), content
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from None


def parse(content: dict[str, Any], *, folder: Path | None = None) -> Settings:
    """Check the content of a file, which lies in `folder`.

    Raises:
        ConfigurationError: `key: got ...; allowed: ...`.
    """
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(explain(error, content, Settings)) from None
    settings._folder = folder or Path()  # noqa: SLF001 - of this module
    return settings
