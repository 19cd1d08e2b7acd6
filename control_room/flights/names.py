"""What the names of a card's files tell: kind, lens, recording, piece, and the local time in the name.

Cameras name one moment's files alike and tell them apart by a letter or an ending; nothing here looks into a file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["video", "telemetry", "still", "proxy", "other"]
Lens = Literal["wide", "zoom", "thermal"]

_KINDS: dict[Kind, frozenset[str]] = {
    "video": frozenset({"mp4", "mov", "m4v", "mkv", "webm", "ts", "mts", "m2ts"}),
    "telemetry": frozenset({"srt", "csv", "gpx", "tlog", "bin", "klv", "log", "kml", "json", "txt"}),
    "still": frozenset({"jpg", "jpeg", "png", "webp"}),
    "proxy": frozenset({"lrf", "lrv"}),
}
BESIDE = frozenset({"srt", "klv", "csv", "gpx", "json", "txt"})
"""Telemetry that may be of one video; the others are logs of whole flights."""
_LENSES: dict[str, Lens] = {"w": "wide", "v": "wide", "d": "wide", "z": "zoom", "t": "thermal", "r": "thermal"}
_LENS = re.compile(r"^(?P<stem>.+?)[_-](?P<lens>[wvdztr])$")
_PROXY = re.compile(r"^(?P<stem>.+?)[_-](?:proxy|lowres|low|small)$")
_PROXY_FOLDERS = frozenset({"proxy", "proxies", "lowres"})
_GOPRO = re.compile(r"^g(?P<codec>[hxlp])(?P<part>\d{2})(?P<number>\d{4})$")
_GOPRO_FIRST = re.compile(r"^gopr(?P<number>\d{4})$")
_DJI_TIMED = re.compile(r"^(?P<stem>dji_(?P<time>\d{14})_(?P<number>\d{4}))(?:_.*)?$")
_NUMBERED = re.compile(r"^(?P<head>.*?)(?P<number>\d{3,6})$")
_TIME = re.compile(r"(?<!\d)(?P<date>20\d{6})[_-]?(?P<time>\d{6})(?!\d)")
_SECONDS = len("20260101120000")


@dataclass(frozen=True, slots=True)
class Named:
    """What one name says. Letters are compared without their case: cards do not keep it."""

    kind: Kind
    moment: str
    """The same for all files of one moment, within a folder."""
    lens: Lens | None = None
    chapter: int | None = None
    """Which piece of a recording, where the name says so (GoPro)."""
    series: str | None = None
    """The same for all numbered names of one camera: what stands before the number."""
    number: int | None = None
    local: datetime | None = None
    """By the camera's clock, without a zone; of the beginning."""


def read(name: str, folder: str = "") -> Named:
    """Of a file's name and the folder that it lies in."""
    stem, _, extension = name.lower().rpartition(".")
    if not stem:
        return Named("other", name.lower())
    kind: Kind = "other"
    for known, extensions in _KINDS.items():
        if extension in extensions:
            kind = known
    last_folder = folder.replace("\\", "/").rstrip("/").rpartition("/")[2].lower()
    proxy = _PROXY.match(stem)
    if kind == "video" and (proxy or last_folder in _PROXY_FOLDERS):
        kind, stem = "proxy", proxy["stem"] if proxy else stem
    gopro = _GOPRO.match(stem) or _GOPRO_FIRST.match(stem)
    if gopro is not None:
        return _gopro(kind, gopro)
    return _other(kind, stem)


def _gopro(kind: Kind, found: re.Match[str]) -> Named:
    parts = found.groupdict()
    number, chapter = int(parts["number"]), int(parts.get("part") or 0)
    if "codec" in parts and parts["codec"] == "p":
        chapter += 1  # older cameras call the first piece GOPR, the second GP01
    elif "codec" not in parts:
        chapter = 1
    return Named(kind, f"gopro{number:04}-{chapter:02}", None, max(chapter, 1), f"gopro{number:04}", number)


def _other(kind: Kind, stem: str) -> Named:
    lens: Lens | None = None
    with_lens = _LENS.match(stem)
    if with_lens is not None:
        stem, lens = with_lens["stem"], _LENSES[with_lens["lens"]]
    timed = _DJI_TIMED.match(stem)
    local = _local(stem)
    if timed is not None:
        return Named(kind, timed["stem"], lens, None, "dji", int(timed["number"]), local)
    numbered = _NUMBERED.match(stem)
    if numbered is not None and len(numbered["number"]) < _SECONDS and local is None:
        return Named(kind, stem, lens, None, numbered["head"], int(numbered["number"]), None)
    return Named(kind, stem, lens, None, None, None, local)


def _local(stem: str) -> datetime | None:
    found = _TIME.search(stem)
    if found is None:
        return None
    try:
        return datetime.strptime(found["date"] + found["time"], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the name has no zone
    except ValueError:
        return None
