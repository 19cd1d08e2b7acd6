"""The outer structure of a segment: a fragmented MP4, and after it one box of ours that says it was closed whole.

    ftyp moov | moof mdat | moof mdat | ... | uuid (the seal: JSON)

A file without the seal is still being written, or its writer was killed: what is whole of it are the fragments.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from wire.identifiers import Sha256

if TYPE_CHECKING:
    from pathlib import Path

_HEADER_BYTES = 8
_SEAL_ID = bytes.fromhex("c1a85c4f0f5b4d0fa3a1746c61696173")
_SEAL_LARGEST_BYTES = 8 * 1024 * 1024


class Opening(BaseModel):
    """What a segment says of itself from its first fragment on; the comment in its `moov`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    camera_id: str
    captured_from: AwareDatetime
    """The device's clock at the first packet."""
    masked: bool
    """Mask zones were painted before recording: this is the original."""
    stream_from: AwareDatetime
    """The device's clock at which the camera's own times of this stream are 0; one for all segments of a stream."""
    at_s: float
    """The first picture's time in the stream."""


class Seal(BaseModel):
    """What a segment says of itself once it is closed."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    opening: Opening
    captured_to: AwareDatetime
    """The device's clock at the last packet."""
    sha256: Sha256
    """Of all bytes before the seal."""
    packets: int = Field(ge=1)
    arrived_ms: list[int]
    """A packet: the device's clock since `captured_from`, a witness beside the camera's own times in the file."""
    clocks: dict[str, JsonValue] | None = None
    """What camera, stream and device said of the time (`edge.source.ClockWitness`); None where nobody did."""
    salvaged: bool = False
    """Closed after its writer was killed: up to its last whole fragment, times by the camera's clock alone."""


@dataclass(frozen=True, slots=True)
class Outline:
    """How far a file is sound."""

    header_bytes: int
    """Of what comes before the first fragment; 0 where not even that is whole."""
    whole_bytes: int
    """Up to the end of the last whole fragment; equal to `header_bytes` where there is none."""
    seal: Seal | None
    beyond: bool
    """Something else follows: a part of a fragment, or what is no part of a segment."""


def outline(path: Path) -> Outline:
    """Raises: OSError: the file cannot be read."""
    with path.open("rb") as file:
        return _outline(file, path.stat().st_size)


def _outline(file: BinaryIO, size_bytes: int) -> Outline:
    at, header, whole, kinds = 0, 0, 0, b""
    while (box := _box(file, at, size_bytes)) is not None:
        kind, length = box
        kinds = kind
        if kind == b"uuid":
            seal = _read_seal(file, at, length)
            return Outline(header, whole, seal, beyond=seal is None or at != whole or at + length != size_bytes)
        at += length
        if kind == b"moov":
            header = whole = at
        elif kind == b"mdat" and header:
            whole = at
        elif kind not in {b"ftyp", b"moof"}:
            break
    return Outline(header, whole, None, beyond=at != size_bytes or kinds == b"moof" or whole != at)


def _box(file: BinaryIO, at: int, size_bytes: int) -> tuple[bytes, int] | None:
    """Kind and length of the box at `at`, None where none is whole."""
    file.seek(at)
    header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    length, kind = int.from_bytes(header[:4], "big"), header[4:]
    if length == 1:
        length = int.from_bytes(file.read(8), "big")
    if length < _HEADER_BYTES or at + length > size_bytes:
        return None
    return kind, length


def _read_seal(file: BinaryIO, at: int, length: int) -> Seal | None:
    if length > _SEAL_LARGEST_BYTES:
        return None
    file.seek(at + _HEADER_BYTES)
    if file.read(len(_SEAL_ID)) != _SEAL_ID:
        return None
    try:
        return Seal.model_validate_json(file.read(length - _HEADER_BYTES - len(_SEAL_ID)))
    except ValidationError:
        return None


def seal_box(seal: Seal) -> bytes:
    payload = _SEAL_ID + json.dumps(seal.model_dump(mode="json"), separators=(",", ":")).encode()
    return (len(payload) + _HEADER_BYTES).to_bytes(4, "big") + b"uuid" + payload


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
