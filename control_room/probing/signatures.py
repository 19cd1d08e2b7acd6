"""What a file is by its first bytes, without reading further: enough to tell one kind from another, not to trust it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """What uploaded files may be, and how each is opened: never by guessing."""

    container: str
    """Name of ffmpeg's demuxer; empty: text."""
    media_type: str
    extensions: frozenset[str]
    media_types: frozenset[str]
    """What senders call it."""


def _kind(container: str, media_type: str, extensions: str, *aliases: str) -> Kind:
    return Kind(container, media_type, frozenset(extensions.split()), frozenset({media_type, *aliases}))


MP4 = _kind("mov", "video/mp4", "mp4 m4v mov lrf lrv", "video/quicktime", "video/x-m4v")
MATROSKA = _kind("matroska", "video/x-matroska", "mkv webm", "video/webm", "video/matroska")
MPEG_TS = _kind("mpegts", "video/mp2t", "ts mts m2ts", "video/mpeg", "video/vnd.dlna.mpeg-tts")
JPEG = _kind("jpeg_pipe", "image/jpeg", "jpg jpeg", "image/jpg")
PNG = _kind("png_pipe", "image/png", "png")
WEBP = _kind("webp_pipe", "image/webp", "webp")
TEXT = _kind(
    "",
    "text/plain",
    "srt csv txt gpx kml json log",
    "application/x-subrip",
    "application/json",
    "application/gpx+xml",
    "application/vnd.google-earth.kml+xml",
    "text/csv",
    "text/srt",
    "text/xml",
    "application/xml",
)
LOG = _kind("", "application/octet-stream", "tlog bin klv log")
"""A flight's log in bytes: MAVLink of a ground station, ArduPilot's dataflash, bare KLV."""
KINDS = (MP4, MATROSKA, MPEG_TS, JPEG, PNG, WEBP, TEXT, LOG)
ALLOWED = (
    "MP4, MOV, Matroska, WebM, MPEG-TS, JPEG, PNG, WebP, telemetry as text (SRT, CSV, GPX, KML, JSON),"
    " and flight logs (MAVLink, dataflash, KLV)"
)

_TS_PACKET_BYTES = 188
_DATAFLASH, _KLV, _MAVLINK = b"\xa3\x95", b"\x06\x0e\x2b\x34\x02\x0b\x01\x01", b"\xfe\xfd"
_CLOCK_BYTES = 8
_FIRST_US, _LAST_US = 631_152_000 * 10**6, 4_102_444_800 * 10**6  # 1990 and 2100
_ALIEN = (
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"GIF8", "a GIF picture"),
    (b"#EXTM3U", "a playlist"),
    (b"ffconcat", "a playlist"),
    (b"[playlist]", "a playlist"),
    (b"RIFX", "a RIFX file"),
)
_STARTS = (
    (MP4, [(4, box) for box in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")]),
    (MATROSKA, [(0, b"\x1a\x45\xdf\xa3")]),
    (JPEG, [(0, b"\xff\xd8\xff")]),
    (PNG, [(0, b"\x89PNG\r\n\x1a\n")]),
    (WEBP, [(8, b"WEBP")]),
)
_MARKUP = (b"<!doctype", b"<html", b"<svg", b"<script", b"<smil", b"<mpd", b"<asx", b"<!entity")


def kind_of(head: bytes) -> Kind | None:
    """By the first bytes, 4 KiB at best; None: nothing that is taken here."""
    if alien(head) is not None:
        return None
    found = next((kind for kind, starts in _STARTS if any(head[at:].startswith(s) for at, s in starts)), None)
    if found is not None:
        return found
    if _is_mpeg_ts(head):
        return MPEG_TS
    if _is_log(head):
        return LOG
    return TEXT if head and _is_text(head) else None


def said_to_be(media_type: str) -> Kind | None:
    """The kind that a sender means; None: nothing that is known here."""
    return next((kind for kind in KINDS if media_type in kind.media_types), None)


def alien(head: bytes) -> str | None:
    """What it is, in words, where it is known to be something that nobody may send; None: not known as such."""
    for signature, words in _ALIEN:
        if head.startswith(signature):
            return words
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"#extm3u"):
        return "a playlist"
    if start.startswith(_MARKUP) or (start.startswith(b"<?xml") and any(tag in start for tag in _MARKUP)):
        return "a page or a playlist in markup"
    return None


def _is_mpeg_ts(head: bytes) -> bool:
    """Packets of 188 bytes, or of 192 with a time before each."""
    plain = len(head) > 2 * _TS_PACKET_BYTES and head[0:1] == head[188:189] == head[376:377] == b"G"
    timed = len(head) > 2 * (_TS_PACKET_BYTES + 4) and head[4:5] == head[196:197] == head[388:389] == b"G"
    return plain or timed


def _is_log(head: bytes) -> bool:
    if head.startswith((_DATAFLASH, _KLV)):
        return True
    microseconds = int.from_bytes(head[:8], "big")  # a station's clock stands before each packet
    return len(head) > _CLOCK_BYTES and head[_CLOCK_BYTES] in _MAVLINK and _FIRST_US < microseconds < _LAST_US


def encoding_of(head: bytes) -> str:
    """Of a text, by its mark: what has none is nearly always UTF-8, and old programs' Latin letters harm nothing."""
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _is_text(head: bytes) -> bool:
    text = head.decode(encoding_of(head), errors="replace")
    return not any(character < " " and character not in "\t\n\r\f" for character in text)
