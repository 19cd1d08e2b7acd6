"""The tables of the agent's file that belong to no camera: what each key may be."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from edge.commands.keys import RoomKey
from edge.explain import hidden
from edge.recording import RecordingSettings
from running import tracing
from wire.identifiers import Identifier

ONE_LINE = r"^[^\r\n]*$"
Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=ONE_LINE)]
KEY = "the room's public key, as `talaia-room command-key` prints it"
_MIB = 1024 * 1024


def fault(got: str, allowed: str, *, key: str = "") -> PydanticCustomError:
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
            raise fault(got, "one of token and token_file")
        return self

    @model_validator(mode="after")
    def _one_command_key(self) -> Self:
        if self.command_key is not None and self.command_key_file is not None:
            raise fault("both", "one of command_key and command_key_file, or neither")
        return self

    @field_validator("command_key")
    @classmethod
    def _is_a_key(cls, key: str | None) -> str | None:
        if key is not None:
            try:
                RoomKey.read(key)
            except ValueError as error:
                raise fault(repr(key[:60]), f"{KEY} ({error})") from None
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
            raise fault("one of certificate_file and key_file", "both, or neither")
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
            raise fault(hidden(url), "mqtt://[user[:password]@]host[:port], or mqtts:// for TLS")
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
    upload_clips: Literal["always", "good_link", "asked"] = "always"
    """When clips of events leave the device: on a drone's link pictures may be all that gets through."""
    good_link_kbit_s: float = Field(default=4000.0, gt=0, le=1_000_000)
    """As the last uploads of pictures measured it."""

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


class LiveSection(Section):
    """Live video, which is sent while somebody in the room watches."""

    enabled: bool = True
    at_once: int = Field(default=8, ge=1, le=64)
    """Streams that are sent at a time."""
    transcoded: int = Field(default=1, ge=0, le=16)
    """Of them, such that are coded again: half a core each."""
    transcoded_width_px: int = Field(default=1280, ge=160, le=4096)
    transcoded_kbit_s: float = Field(default=2000.0, ge=100, le=20_000)


class TracingSection(Section):
    endpoint: str = ""
    """Of a collector; empty: nothing is traced."""
    share: float = Field(default=1.0, ge=0, le=1)

    @field_validator("endpoint")
    @classmethod
    def _is_a_collector(cls, endpoint: str) -> str:
        allowed = tracing.endpoint_fault(endpoint) if endpoint else None
        if allowed is not None:
            raise fault(hidden(endpoint), allowed)
        return endpoint
