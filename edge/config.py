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

from pydantic import Field, PrivateAttr, ValidationError, field_validator, model_validator

from edge import pushed, rule_tables
from edge.commands.keys import RoomKey
from edge.errors import ConfigurationError
from edge.explain import explain
from edge.flight.section import DroneSection
from edge.ptz.section import PtzSection
from edge.recording.masking import MaskMode
from edge.sections import (
    KEY,
    ONE_LINE,
    DetectorSection,
    DeviceSection,
    EvidenceSection,
    LiveSection,
    MqttSection,
    RecordingSection,
    RoomSection,
    Section,
    Text,
    TracingSection,
    fault,
)
from vision.zones import Zone
from wire.device import LegalRegime
from wire.event import Location
from wire.identifiers import Identifier

log = logging.getLogger(__name__)

_LAW = (
    "only with purpose and impact_assessment in the camera's table, because the rule watches people's behaviour"
    " (LO 7/2021 art. 35, GDPR art. 35)"
)


class CameraSection(Section):
    id: Identifier
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=ONE_LINE)]
    kind: Literal["fixed", "drone"] = "fixed"
    drone: DroneSection | None = None
    ptz: PtzSection | None = None
    """None: it is not turned."""
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
    sound_reason: str = Field(default="", max_length=1000, pattern=ONE_LINE)
    analysis_fps: float = Field(default=5.0, gt=0, le=60)
    idle: Literal["key_frames", "all"] = "key_frames"
    """What is decoded while nothing moves; of a file everything is, unless it is set."""
    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    accuracy_m: float = Field(default=10.0, ge=0)
    purpose: str = Field(default="", max_length=1000, pattern=ONE_LINE)
    legal_regime: LegalRegime | None = None
    impact_assessment: str = Field(default="", max_length=1000, pattern=ONE_LINE)
    staged: bool = False
    zones: list[Zone] = Field(default=[])
    rules: rule_tables.Section = Field(default_factory=rule_tables.SECTION)

    @model_validator(mode="after")
    def _place_is_whole(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise fault("one of lat and lon", "both, or neither")
        return self

    @model_validator(mode="after")
    def _drone_is_whole(self) -> Self:
        if self.kind == "fixed" and self.drone is not None:
            raise fault("a table drone", 'only with kind = "drone"', key="drone")
        if self.kind == "drone" and self.drone is None:
            raise fault("no table drone", "a table [camera.drone] with its telemetry", key="drone")
        if self.kind == "drone" and self.lat is not None:
            raise fault(f"{self.lat:g}", "no fixed place of a drone: its telemetry tells it", key="lat")
        return self

    @model_validator(mode="after")
    def _can_be_turned(self) -> Self:
        if self.ptz is None:
            return self
        if self.kind == "drone":
            raise fault("a table ptz", 'only with kind = "fixed"', key="ptz")
        if self.ptz.onvif is None and not self.source.startswith("onvif://"):
            raise fault("no onvif", "its address, onvif://[user[:password]@]host[:port]", key="ptz.onvif")
        if any(zone.kind == "mask" for zone in self.zones):
            raise fault("a zone of kind mask", "none, which would stand still in the picture that turns", key="ptz")
        return self

    @model_validator(mode="after")
    def _rules_name_zones(self) -> Self:
        unknown = rule_tables.unknown_zone(self.rules, self.zones)
        if unknown is not None:
            names = ", ".join(zone.name for zone in self.zones) or "none, the camera has no zones"
            raise fault(repr(unknown[1]), f"names of the camera's zones ({names})", key=f"rules.{unknown[0]}.zones")
        return self

    @model_validator(mode="after")
    def _smoke_has_its_model(self) -> Self:
        needed = rule_tables.smoke_model_fault(self.rules)
        if needed is not None:
            raise fault("enabled = true", needed, key="rules.smoke_fire")
        return self

    @model_validator(mode="after")
    def _law_allows_rules(self) -> Self:
        for rule in rule_tables.about_people(self.rules):
            if not (self.purpose.strip() and self.impact_assessment.strip()):
                raise fault("enabled = true", _LAW, key=f"rules.{rule}")
        return self

    @model_validator(mode="after")
    def _is_silent(self) -> Self:
        if self.sound:
            raise fault("true", "false; this version records no sound, with a reason or without", key="sound")
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
    live: LiveSection = LiveSection()
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
            raise fault(f"the id {', '.join(twice)} twice", "cameras with an id of their own")
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
            raise ConfigurationError(f"{key}: got {self.room.command_key_file!r}; allowed: {KEY} ({error})") from None

    def mqtt_password(self) -> str | None:
        if self.mqtt.password_file is not None:
            return self._secret("mqtt.password_file", self.mqtt.password_file)
        written = urlsplit(self.mqtt.url).password
        return None if written is None else unquote(written)

    def ptz_location(self, camera: CameraSection) -> str | None:
        """Where the camera is turned, with its password; None: it is not."""
        if camera.ptz is None:
            return None
        return self._with_password(camera, camera.ptz.onvif or camera.source)

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
