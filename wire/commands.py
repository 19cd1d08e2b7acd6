"""What each command asks and answers, and what its signature covers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from pydantic import Field, JsonValue, model_validator

from wire.event import EvidenceReference, Severity
from wire.identifiers import Identifier
from wire.live import LiveStarted, LiveStopped, StartLive, StopLive, TurnCamera, Turned
from wire.message import Part, UtcTime

if TYPE_CHECKING:
    from wire.control import CommandMessage

RESEND_FILES_MAX = 200
SPAN_LONGEST_S = 6 * 3600
"""Of a command on recordings."""


class Span(Part):
    """A stretch of one camera's recording, by the device's clock."""

    camera_id: Identifier
    from_: UtcTime = Field(alias="from")
    to: UtcTime

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        length_s = (self.to - self.from_).total_seconds()
        if not 0 < length_s <= SPAN_LONGEST_S:
            raise ValueError(f"to must lie after from, and at most {SPAN_LONGEST_S // 3600} hours later")
        return self


class ListRecordings(Part):
    """`recordings_list`: what is recorded between two times; any length."""

    camera_id: Identifier
    from_: UtcTime = Field(alias="from")
    to: UtcTime


class RecordedSpan(Part):
    """Recording without a gap."""

    from_: UtcTime = Field(alias="from")
    to: UtcTime
    segments: int = Field(ge=1)
    bytes: int = Field(gt=0)
    held: bool
    masked: bool
    """Its mask zones were painted before it was recorded; the masked recording is the original."""


class Recordings(Part):
    """The answer to `recordings_list`."""

    spans: list[RecordedSpan] = Field(max_length=500)
    complete: bool
    """False where there are more spans than are told; the last one told says where to go on."""
    oldest: UtcTime | None
    newest: UtcTime | None
    used_bytes: int = Field(ge=0)
    limit_bytes: int = Field(ge=0)


class FetchRecording(Span):
    """`recording_fetch`: send the span as evidence."""

    pixelated: bool = True
    """A copy in which persons, vehicles and faces are pixelated; else the recorded packets, bit for bit."""
    keep: bool = False
    """Kept in the room as evidence; else it is there to be looked at, and the room erases it after a day."""


class Fetched(Part):
    """The answer to `recording_fetch`: the files that are uploaded from now on, in order of time."""

    evidence: list[EvidenceReference] = Field(min_length=1, max_length=50)
    gaps: list[tuple[UtcTime, UtcTime]] = Field(default=[], max_length=500)


class HoldRecording(Span):
    """`recording_hold`: the ring does not overwrite the span until it is released."""

    hold_id: UUID
    reason: str = Field(min_length=1, max_length=500)
    until: UtcTime | None = None


class ReleaseRecording(Part):
    """`recording_release`."""

    hold_id: UUID


class EraseRecording(Span):
    """`recording_erase`: what a hold protects stays."""


class Touched(Part):
    """The answer to hold, release and erase."""

    segments: int = Field(ge=0)
    bytes: int = Field(ge=0)
    kept_segments: int = Field(default=0, ge=0)
    """Not erased, because a hold protects them."""


class TryRules(Span):
    """`rules_try`: what these zones and rules would have found in the span."""

    zones: list[dict[str, JsonValue]] = Field(default=[], max_length=100)
    rules: dict[str, dict[str, JsonValue]] = Field(min_length=1, max_length=50)
    """As in `[camera.rules]`: settings by the rule's name."""


class Tried(Part):
    """One event that would have been opened."""

    rule: str
    occurred_at: UtcTime
    began_at: UtcTime | None
    severity: Severity
    confidence: float
    zone: str | None
    box: tuple[float, float, float, float] | None
    """Of the first object."""


class TriedRules(Part):
    """The answer to `rules_try`."""

    events: list[Tried] = Field(max_length=500)
    analysed_s: float
    gaps: list[tuple[UtcTime, UtcTime]] = Field(default=[], max_length=500)


class Cancel(Part):
    """`cancel`: give up a `recording_fetch` or `rules_try` that waits or is under way; its answer is an error then."""

    command_id: UUID


class Cancelled(Part):
    """The answer to `cancel`."""

    stopped: bool
    """False: it was answered already."""


class Resend(Part):
    """`resend`: send these messages of the outbox again, and the files that the room lacks though they are announced.

    One of the two or both; an agent that does not know `evidence` refuses only the commands that have it.
    """

    outbox_id: UUID | None = None
    from_: int | None = Field(default=None, alias="from", ge=1, lt=2**63)
    to: int | None = Field(default=None, ge=1, lt=2**63)
    evidence: list[UUID] | None = Field(default=None, min_length=1, max_length=RESEND_FILES_MAX)

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        given = {self.outbox_id is not None, self.from_ is not None, self.to is not None}
        if len(given) > 1:
            raise ValueError("outbox_id, from and to belong together")
        if given == {False} and self.evidence is None:
            raise ValueError("messages (outbox_id, from, to) or evidence must be named")
        return self


class Resent(Part):
    """The answer to `resend`."""

    messages: int = Field(ge=0)
    evidence: int = Field(default=0, ge=0)
    """Files of those named that are still on the device and are on their way."""


class TakeSnapshot(Part):
    """`snapshot`: one picture as evidence; `Fetched` answers."""

    camera_id: Identifier


class Mute(Part):
    """`mute`: a rule of a camera, or all of them, says nothing until then; a time that is past ends it."""

    camera_id: Identifier
    rule: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,63}$")
    until: UtcTime


class Muted(Part):
    """The answer to `mute`."""

    silenced: int = Field(ge=0)
    """Events that mutes of the camera have kept silent so far."""


class PushedCamera(Part):
    """What the room may set of one camera: never its address, its password, or whether it is recorded."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    lat: float | None = Field(default=None, ge=-90, le=90, allow_inf_nan=False)
    lon: float | None = Field(default=None, ge=-180, le=180, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    purpose: str | None = Field(default=None, max_length=1000)
    legal_regime: str | None = Field(default=None, max_length=40)
    impact_assessment: str | None = Field(default=None, max_length=1000)
    analysis_fps: float | None = Field(default=None, gt=0, le=60, allow_inf_nan=False)
    idle: Literal["key_frames", "all"] | None = None
    zones: list[dict[str, JsonValue]] | None = Field(default=None, max_length=100)
    rules: dict[str, dict[str, JsonValue]] | None = Field(default=None, max_length=50)


class PushedConfiguration(Part):
    """What the room sets of a device; what is null or missing stays as the device's own file has it."""

    cameras: dict[Identifier, PushedCamera] = Field(default={}, max_length=1000)
    evidence: dict[str, JsonValue] | None = Field(default=None, max_length=20)
    """Keys of the agent's `[evidence]`."""
    recording: dict[str, JsonValue] | None = Field(default=None, max_length=20)
    """Keys of the agent's `[recording]` but its directory."""


class Configure(Part):
    """`config`: take this configuration, or keep the one there is and say why."""

    version: int = Field(ge=1, lt=2**31)
    content: PushedConfiguration


class Configured(Part):
    """The answer to `config`."""

    version: int = Field(ge=1, lt=2**31)


CommandWithArguments = Literal[
    "config",
    "snapshot",
    "live_start",
    "live_stop",
    "ptz",
    "resend",
    "mute",
    "recordings_list",
    "recording_fetch",
    "recording_hold",
    "recording_release",
    "recording_erase",
    "rules_try",
    "cancel",
]
ARGUMENTS: dict[CommandWithArguments, type[Part]] = {
    "config": Configure,
    "snapshot": TakeSnapshot,
    "live_start": StartLive,
    "live_stop": StopLive,
    "ptz": TurnCamera,
    "resend": Resend,
    "mute": Mute,
    "recordings_list": ListRecordings,
    "recording_fetch": FetchRecording,
    "recording_hold": HoldRecording,
    "recording_release": ReleaseRecording,
    "recording_erase": EraseRecording,
    "rules_try": TryRules,
    "cancel": Cancel,
}
"""By the command's kind; kinds that are missing here are not obeyed yet."""
RESULTS: dict[CommandWithArguments, type[Part]] = {
    "config": Configured,
    "snapshot": Fetched,
    "live_start": LiveStarted,
    "live_stop": LiveStopped,
    "ptz": Turned,
    "resend": Resent,
    "mute": Muted,
    "recordings_list": Recordings,
    "recording_fetch": Fetched,
    "recording_hold": Touched,
    "recording_release": Touched,
    "recording_erase": Touched,
    "rules_try": TriedRules,
    "cancel": Cancelled,
}
"""What a reply's `result` is when it is `ok`."""


SECRET_ARGUMENTS: dict[CommandWithArguments, frozenset[str]] = {"live_start": frozenset({"token", "ice_servers"})}
"""What of a command is written down nowhere but in the message itself."""
CANCELLABLE = frozenset[CommandWithArguments]({"recording_fetch", "rules_try"})
"""Those that take long."""
CANCELLED = "cancelled"
"""The error with which a command is answered that was given up by `cancel`."""
VALID_LONGEST = timedelta(days=7)
"""Between a command's `issued_at` and its `expires_at`; a device forgets no command before that."""
CLOCKS_APART = timedelta(minutes=5)
"""How far in the future a device's clock may take a command to be issued."""


def signed_bytes(command: CommandMessage) -> bytes:
    """What the signature covers: the message without it, as JSON with sorted keys and no spaces, in UTF-8."""
    content: dict[str, Any] = command.model_dump(mode="json", by_alias=True, exclude={"signature"})
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
