"""SubRip and WebVTT text to cues, however damaged."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STAMP = r"(?:(\d{1,4})\s?:\s?)?(\d{1,2})\s?:\s?(\d{1,2})(?:\s?[,.:;]\s?(\d{1,6}))?"
_ARROW = r"\s*-{1,3}\s?(?:>|&gt;)\s*"
_TIMING = re.compile(rf"^\s*{_STAMP}{_ARROW}(?:{_STAMP})?")
ARROW = re.compile(rf"{_STAMP}{_ARROW}")
_NUMBER = re.compile(r"\s*(\d{1,9})\s*")
_MILLISECOND_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle."""

    number: int
    """As written, else counted."""
    start_s: float | None
    """None where its line of times cannot be read."""
    end_s: float | None
    text: str
    """Its lines, joined by line feeds."""
    cut_off: bool = False
    """The file ends in it, without the line feed that others end with."""


def split(text: str) -> list[Cue]:
    """Cues in the order of the file. A cue begins at its number, or where that is missing at its times."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n")
    cut_off = bool(lines[-1].strip())
    cues: list[Cue] = []
    block: list[str] = []
    number: int | None = None
    times: tuple[float, float | None] | None = None
    began = False
    blank_before = True

    def close(*, last: bool = False) -> None:
        nonlocal block, number, times
        if began:
            counted = cues[-1].number + 1 if cues else 1
            start, end = times or (None, None)
            cues.append(
                Cue(counted if number is None else number, start, end, "\n".join(block).strip("\n"), last and cut_off)
            )
        block, number, times = [], None, None

    for line in lines:
        timing = _TIMING.match(line) if ">" in line or "&gt;" in line else None
        if timing is not None:
            if times is not None or any(each.strip() for each in block):
                held = _number_at_end(block) if number is None or times is not None else None
                close()
                number = held
            began, times = True, _times(timing)
            block = []
        elif blank_before and line and (written := _NUMBER.fullmatch(line)):
            close()
            began, number = True, int(written[1])
        else:
            block.append(line)
        blank_before = not line.strip()
    close(last=True)
    return cues


def _number_at_end(block: list[str]) -> int | None:
    """Take the number of the next cue off the text of this one, where no empty line parts them."""
    if block and (written := _NUMBER.fullmatch(block[-1])):
        block.pop()
        return int(written[1])
    return None


def _times(found: re.Match[str]) -> tuple[float, float | None]:
    groups = found.groups()
    start = _seconds(groups[0:4])
    return (0.0 if start is None else start), _seconds(groups[4:8])


def _seconds(groups: tuple[str | None, ...]) -> float | None:
    hours, minutes, seconds, fraction = groups
    if minutes is None or seconds is None:
        return None
    if fraction is None:
        part = 0.0
    elif len(fraction) <= _MILLISECOND_DIGITS:
        part = int(fraction) / 1000
    else:
        part = int(fraction) / 10 ** len(fraction)
    return round(int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + part, 6)
