"""What people saw in a folder of clips: `ground_truth.json` and the clips that it names, or does not name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cv2
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.errors import UsageError
from vision.rules.registry import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    from vision.geometry import Box

FILE_NAME = "ground_truth.json"
DUMPING = "illegal_dumping"
VIDEO_SUFFIXES = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"}
_CORNERS = 4

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
BoxPx = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels of the stored file."""


class Label(BaseModel):
    """One true event, as a person or the scene writer noted it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rule: str = DUMPING
    actor: Literal["person", "vehicle"] = "person"
    what: str = ""
    t_placed_s: Seconds | None = None
    t_owner_walks_s: Seconds | None = None
    t_owner_gone_s: Seconds | None = None
    """None: the owner stays in the picture to the end of the clip."""
    t0: Seconds | None = None
    t1: Seconds | None = None
    too_small: bool = False
    """Not scored: neither missed nor, when found, false."""
    conditions: dict[str, Any] = Field(default_factory=dict)
    boxes_px: tuple[BoxPx, ...] = ()
    """Every key that begins with `bbox`."""

    @field_validator("conditions", mode="before")
    @classmethod
    def _name_conditions(cls, conditions: Any) -> Any:
        return _named(conditions)

    @model_validator(mode="before")
    @classmethod
    def _gather_boxes(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        named = {key: value for key, value in content.items() if key.startswith("bbox") and value is not None}
        for key, value in named.items():
            if not _is_box(value):
                raise ValueError(f"{key}: got {json.dumps(value)[:60]}; allowed: [x1, y1, x2, y2] in pixels")
        rest = {key: value for key, value in content.items() if key not in named and key != "boxes_px"}
        return rest | {"boxes_px": tuple(named.values())}

    @model_validator(mode="after")
    def _check(self) -> Label:
        if self.rule not in KINDS:
            raise ValueError(f"rule: got {self.rule!r}; allowed: {', '.join(KINDS)}")
        for key in self.needed():
            if getattr(self, key) is None:
                raise ValueError(f"{key}: got nothing; {self.rule} by a {self.actor} needs it, in seconds")
        if self.rule == DUMPING and not self.boxes_px:
            raise ValueError(f"bbox: got nothing; allowed for {DUMPING}: one or more keys bbox* of [x1, y1, x2, y2]")
        return self

    def needed(self) -> tuple[str, ...]:
        if self.rule != DUMPING:
            return ("t0",)
        return ("t_placed_s",) if self.actor == "vehicle" else ("t_owner_walks_s",)


def _named(conditions: Any) -> Any:
    """Take a bare list of words for conditions that hold."""
    if isinstance(conditions, list) and all(isinstance(each, str) for each in conditions):
        return dict.fromkeys(conditions, True)
    return conditions


def _is_box(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != _CORNERS:
        return False
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in value):
        return False
    return bool(value[0] < value[2] and value[1] < value[3])


class Entry(BaseModel):
    """One clip of the file."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clip: str
    events: list[Label] = Field(default_factory=list)
    conditions: dict[str, Any] = Field(default_factory=dict)

    @field_validator("conditions", mode="before")
    @classmethod
    def _name_conditions(cls, conditions: Any) -> Any:
        return _named(conditions)


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    clips: list[Entry]


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip with its labels; without any it is a negative."""

    name: str
    path: Path
    size_px: tuple[int, int]
    """Width and height."""
    duration_s: float
    labels: list[Label]
    conditions: dict[str, Any]
    """Of the clip as a whole."""

    def centre_px(self, box: Box) -> tuple[float, float]:
        return (box[0] + box[2]) / 2 * self.size_px[0], (box[1] + box[3]) / 2 * self.size_px[1]


def read_folder(folder: Path) -> list[Clip]:
    """Give the clips of the folder and those of its ground truth; without such a file all are negatives.

    Raises:
        UsageError: no clip, an entry that cannot be read, or one whose clip is not there.
    """
    if not folder.is_dir():
        raise UsageError(f"DIR: got {folder}; allowed: a folder with clips")
    entries = {entry.clip: entry for entry in _entries(folder / FILE_NAME)}
    for number, name in enumerate(entries):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / FILE_NAME}: clips.{number}.clip: got {name!r}; it is not in {folder}")
    beside = {path.name for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()}
    names = sorted(beside | set(entries))
    if not names:
        raise UsageError(f"DIR: {folder} has no clip ({', '.join(sorted(VIDEO_SUFFIXES))})")
    return [_clip(folder, name, entries.get(name, Entry(clip=name))) for name in names]


def _entries(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    try:
        entries = _File.model_validate(json.loads(path.read_bytes())).clips
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {_explain(error)}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no JSON: {error}") from None
    names = [entry.clip for entry in entries]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{path}: clips: got {twice[0]!r} twice; allowed: one entry a clip")
    return entries


def _explain(error: ValidationError) -> str:
    """Say of the first thing that is wrong: where, what it got, what is allowed."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole file"
    if first["type"] == "value_error":  # of our own, and complete
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    got = "nothing" if first["type"] == "missing" else json.dumps(first["input"], default=str)[:60]
    return f"{where}: got {got}; {first['msg']}"


def _clip(folder: Path, name: str, entry: Entry) -> Clip:
    """A video that cannot be opened has no size and no length; the analysis says what is wrong with it."""
    path = folder / name
    video = cv2.VideoCapture(str(path))
    try:
        size = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps, frames = video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)
    finally:
        video.release()
    duration_s = frames / fps if fps > 0 and frames > 0 else 0.0
    return Clip(name, path, size, duration_s, entry.events, entry.conditions)
