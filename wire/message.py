"""What all messages share: strict fields, UTC times, and the rule for other versions of a message."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, ValidationError
from pydantic_core import ErrorDetails

_SCHEMA = re.compile(r"^(?P<name>[a-z_.]+)/(?P<version>[0-9]{1,6})\Z")


_NO_OFFSET = timedelta(0)


def _to_utc(moment: datetime) -> datetime:
    if moment.utcoffset() == _NO_OFFSET:  # nearly all are, and this is three times as fast
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time that has no place in UTC") from None


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


UtcTime = Annotated[AwareDatetime, AfterValidator(_to_utc), PlainSerializer(_rfc3339, when_used="json")]
"""RFC 3339 with a zone; UTC once read."""


class UnreadableMessageError(ValueError):
    """The payload is no message of this kind."""


class Part(BaseModel):
    """A piece of a message."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class Message(BaseModel):
    """A message of one topic, with its schema's name and version."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)

    SCHEMA: ClassVar[str]
    VERSION: ClassVar[int]

    schema_: str = Field(default="", alias="schema", validate_default=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "SCHEMA"):
            raise TypeError(f"{cls.__name__} names no SCHEMA")

    def model_post_init(self, _context: object, /) -> None:
        if not self.schema_:
            object.__setattr__(self, "schema_", f"{self.SCHEMA}/{self.VERSION}")

    def to_json(self) -> bytes:
        """As it goes over the wire: UTF-8 JSON."""
        return self.model_dump_json(by_alias=True).encode()


M = TypeVar("M", bound=Message)


def read(kind: type[M], payload: bytes) -> tuple[M, list[str]]:
    """Read a message of `kind`; also the warnings, one for each key of a newer version that was left out.

    Types are those of JSON: no text for a number, no `true` for 1. The version before the own one is accepted, of a
    newer one the known fields are read, and only unknown keys of the own version are refused (docs/design/wire.md,
    "Versions").

    Raises:
        UnreadableMessageError: no JSON, another schema, or a field that is missing, wrong or unknown; one line.
    """
    try:
        message = kind.model_validate_json(payload, strict=True)
    except ValidationError:
        return _read_slowly(kind, payload)
    _version(kind, message.schema_ if "schema_" in message.model_fields_set else None)
    return message, []


def _read_slowly(kind: type[M], payload: bytes) -> tuple[M, list[str]]:
    """Of a message that is not as this version has it: read what may be read, or say what is wrong."""
    try:
        content = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableMessageError(f"no JSON: {error}") from None
    if not isinstance(content, dict):
        raise UnreadableMessageError(f"a JSON object is expected, not {type(content).__name__}")
    version = _version(kind, content.get("schema"))
    warnings: list[str] = []
    if version > kind.VERSION:
        content = _known_fields(kind, content, "", warnings)
    try:
        return kind.model_validate_json(json.dumps(content), strict=True), warnings
    except ValidationError as error:
        raise UnreadableMessageError(describe(error)) from None


def describe(error: ValidationError) -> str:
    """The first faults in one line each, as `key: what is wrong (got ...)`."""
    faults = error.errors(include_url=False, include_context=False)
    lines = [_describe_one(fault) for fault in faults[:3]]
    if len(faults) > len(lines):
        lines.append(f"and {len(faults) - len(lines)} more")
    return "; ".join(lines)


def _describe_one(fault: ErrorDetails) -> str:
    said = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return said
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] in {"missing", "extra_forbidden"}:
        return f"{key}: {said}"
    return f"{key}: {said} (got {str(fault['input'])[:80]!r})"


def _version(kind: type[Message], schema: object) -> int:
    match = _SCHEMA.match(schema) if isinstance(schema, str) else None
    allowed = f"{kind.SCHEMA}/{kind.VERSION}"
    if match is None or match["name"] != kind.SCHEMA:
        raise UnreadableMessageError(f"schema: {str(schema)[:80]!r} is not {allowed!r}")
    version = int(match["version"])
    if version < max(1, kind.VERSION - 1):
        raise UnreadableMessageError(f"schema: version {version} is older than this room reads ({allowed!r})")
    return version


def _known_fields(kind: type[BaseModel], content: dict[str, Any], path: str, warnings: list[str]) -> dict[str, Any]:
    """Leave out what `kind` does not know, also inside its parts."""
    fields = {field.alias or name: field for name, field in kind.model_fields.items()}
    known: dict[str, Any] = {}
    for key, value in content.items():
        if key not in fields:
            warnings.append(f"{path}{key}: unknown to this version, left out")
            continue
        part = _part_of(fields[key].annotation)
        if part is None:
            known[key] = value
        elif isinstance(value, dict):
            known[key] = _known_fields(part, value, f"{path}{key}.", warnings)
        elif isinstance(value, list):
            known[key] = [
                _known_fields(part, item, f"{path}{key}.", warnings) if isinstance(item, dict) else item
                for item in value
            ]
        else:
            known[key] = value
    return known


def _part_of(annotation: object) -> type[Part] | None:
    """The `Part` inside `Part`, `list[Part]` or `Part | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        part = _part_of(inner)
        if part is not None:
            return part
    return None
