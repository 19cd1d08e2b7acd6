"""What a sender says of his file in `Upload-Metadata`, once its base64 is read."""

from __future__ import annotations

import uuid

from control_room.uploads import protocol

_NAME_BYTES = 200
_SHA256_DIGITS = 64


def evidence_id(told: dict[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(told["evidence_id"])
    except (KeyError, ValueError):
        raise protocol.WrongUploadError("Upload-Metadata: evidence_id and an id in base64 are expected") from None


def footage_id(told: dict[str, str]) -> uuid.UUID | None:
    """The file of a flight that an upload brings; None: it is by itself."""
    if "footage_id" not in told:
        return None
    try:
        return uuid.UUID(told["footage_id"])
    except ValueError:
        raise protocol.WrongUploadError("Upload-Metadata: footage_id: an id in base64 is expected") from None


def name(told: dict[str, str]) -> str | None:
    """What clients call a file under either key; only ever shown.

    Raises:
        WrongUploadError: it is, or hides, a path.
    """
    name = told.get("filename") or told.get("name")
    if name is None:
        return None
    if len(name.encode()) > _NAME_BYTES or name.startswith(".") or not name.isprintable() or set("/\\") & set(name):
        raise protocol.WrongUploadError(
            f"Upload-Metadata: filename: a name of at most {_NAME_BYTES} bytes without a path is expected"
        )
    return name


def media_type(told: dict[str, str]) -> str:
    return (told.get("filetype") or told.get("type") or "").lower()


def sha256(told: dict[str, str]) -> str | None:
    said = told.get("sha256")
    if said is None:
        return None
    if len(said) != _SHA256_DIGITS or set(said) - set("0123456789abcdef"):
        raise protocol.WrongUploadError("Upload-Metadata: sha256: 64 digits in lower-case hex are expected")
    return said
