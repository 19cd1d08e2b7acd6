"""tus 1.0 as bytes on the wire: what stands in its headers, and what is the same for every request of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import http
import re
import uuid
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from starlette.datastructures import Headers, MutableHeaders

from control_room import problems

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination,concatenation"
ALGORITHMS = ("sha256", "sha1", "sha512")
PIECE = "application/offset+octet-stream"
METADATA_BYTES, METADATA_KEYS = 4096, 32
PARTS_MAX = 64
_METHODS = frozenset({"PATCH", "DELETE", "HEAD", "POST", "OPTIONS"})
_KEY = re.compile(r"^[\x21-\x2b\x2d-\x7e]{1,64}$")
_DIGITS_MAX = 18
Kind = Literal["whole", "partial", "final"]


class OtherVersionError(problems.ProblemError):
    """This room speaks tus 1.0.0; say so in `Tus-Resumable`."""

    status = http.HTTPStatus.PRECONDITION_FAILED
    name = "other-tus-version"


class WrongUploadError(problems.UnprocessableError):
    """A header of the upload is missing or wrong."""

    name = "wrong-upload"


class WrongChecksumError(problems.ProblemError):
    """`Upload-Checksum` is an algorithm of `Tus-Checksum-Algorithm`, a blank, and the digest in base64."""

    status = http.HTTPStatus.BAD_REQUEST
    name = "wrong-checksum-header"


class MismatchError(problems.ProblemError):
    """The piece is not what `Upload-Checksum` says; nothing of it was kept."""

    code: ClassVar[int | None] = 460
    title: ClassVar[str] = "Checksum Mismatch"
    name = "checksum-mismatch"


class TusProtocol:
    """ASGI middleware for what is asked of, and told by, every request under `root`."""

    def __init__(self, app: ASGIApp, root: str) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not (path == self._root or path.startswith(f"{self._root}/")):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        instead = headers.get("x-http-method-override", "").upper()
        if instead in _METHODS:
            scope = {**scope, "method": instead}
        method = scope["method"]

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and method != "OPTIONS":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self._app(scope, receive, told)


def check_version(said: str | None) -> None:
    """Of `Tus-Resumable`, before anything is done.

    Raises:
        OtherVersionError: another, or none.
    """
    if said != VERSION:
        raise OtherVersionError(headers={"Tus-Version": VERSION})


@dataclass(frozen=True, slots=True)
class Concat:
    """What `Upload-Concat` says."""

    kind: Kind
    text: str = ""
    """As it was sent."""
    parts: tuple[uuid.UUID, ...] = ()


def concat_of(text: str, root: str) -> Concat:
    """Of `Upload-Concat`; without: a whole file.

    Raises:
        WrongUploadError: neither `partial` nor `final;` with addresses of uploads here.
    """
    if text in {"", "partial"}:
        return Concat("partial" if text else "whole", text)
    if not text.startswith("final;"):
        raise WrongUploadError("Upload-Concat: partial, or final; and the addresses of uploads, is expected")
    addresses = text.removeprefix("final;").split()
    if not 1 <= len(addresses) <= PARTS_MAX:
        raise WrongUploadError(f"Upload-Concat: 1 to {PARTS_MAX} addresses are expected")
    parts = []
    for address in addresses:
        before, _, last = address.rpartition("/")
        if before != root and not (before.startswith(("http://", "https://")) and before.endswith(root)):
            raise WrongUploadError(f"Upload-Concat: addresses of uploads under {root}/ are expected")
        try:
            parts.append(uuid.UUID(last))
        except ValueError:
            raise WrongUploadError("Upload-Concat: an address names no upload") from None
    return Concat("final", text, tuple(parts))


def number_of(text: str | None, header: str) -> int:
    """Of `Upload-Length` and `Upload-Offset`.

    Raises:
        WrongUploadError: none.
    """
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > _DIGITS_MAX:
        raise WrongUploadError(f"{header}: a number of bytes, 0 or more, is expected")
    return int(text)


def metadata_of(text: str) -> dict[str, str]:
    """Of `Upload-Metadata`.

    Raises:
        WrongUploadError: too long, or not pairs of a key and a value in base64.
    """
    if len(text) > METADATA_BYTES:
        raise WrongUploadError(f"Upload-Metadata: at most {METADATA_BYTES} bytes are expected")
    told: dict[str, str] = {}
    for pair in text.split(",") if text.strip() else []:
        key, _, value = pair.strip().partition(" ")
        if not _KEY.match(key) or key in told or len(told) >= METADATA_KEYS:
            raise WrongUploadError("Upload-Metadata: up to 32 different keys in ASCII are expected")
        try:
            told[key] = base64.b64decode(value, validate=True).decode()
        except (ValueError, binascii.Error):
            raise WrongUploadError(f"Upload-Metadata: {key}: text in base64 is expected") from None
    return told


class Checksum:
    """Of one piece, as `Upload-Checksum` announces it."""

    def __init__(self, text: str) -> None:
        """Read the header.

        Raises:
            WrongChecksumError: an unknown algorithm, or no base64 of its length.
        """
        algorithm, _, value = text.partition(" ")
        if algorithm not in ALGORITHMS:
            raise WrongChecksumError(headers={"Tus-Checksum-Algorithm": ",".join(ALGORITHMS)})
        self._digest = hashlib.new(algorithm, usedforsecurity=False)
        try:
            self._expected = base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise WrongChecksumError from None
        if len(self._expected) != self._digest.digest_size:
            raise WrongChecksumError

    def update(self, chunk: bytes) -> None:
        self._digest.update(chunk)

    def holds(self) -> bool:
        return self._digest.digest() == self._expected


def expires(at: datetime) -> str:
    """For `Upload-Expires`."""
    return format_datetime(at, usegmt=True)
