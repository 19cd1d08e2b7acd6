"""Says tus word by word, so that each header can be chosen."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import httpx

from tests.control_room import door as doors

ROOT = "/api/v1/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
TYPE = {"Content-Type": "application/offset+octet-stream"}
TRACK = b"1\n00:00:00,000 --> 00:00:01,000\n41.1189, 1.2445\n\n" * 40
"""Telemetry of a flight: the smallest file that a pilot may send."""


def metadata(**told: str) -> dict[str, str]:
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    return {"Upload-Metadata": ",".join(pairs)}


def begin(
    client: httpx.Client, length: int | None, headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    sized = {} if length is None else {"Upload-Length": str(length)}
    return client.post(ROOT, headers=TUS | sized | (headers or {}), **more)


def add(
    client: httpx.Client, address: str, offset: int, content: bytes, headers: dict[str, str] | None = None
) -> httpx.Response:
    return client.patch(address, headers=TUS | TYPE | {"Upload-Offset": str(offset)} | (headers or {}), content=content)


def head(client: httpx.Client, address: str) -> httpx.Response:
    return client.head(address, headers=TUS)


def checksum(content: bytes, algorithm: str = "sha1") -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


def send(client: httpx.Client, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """Begin and send the whole at once; the answer to the piece."""
    begun = begin(client, len(content), headers)
    assert begun.status_code == 201, begun.text
    return add(client, begun.headers["Location"], 0, content)


def kept(door: doors.Door) -> list[Path]:
    """All files that the room has, kept or on their way."""
    return [path for path in (door.folder / "store").rglob("*") if path.is_file()]
