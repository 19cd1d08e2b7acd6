"""Files that chance has damaged: what comes out lies where the flight was, or there is one line that says why not."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vision.telemetry import dialects
from vision.telemetry import formats, rows
from vision.telemetry.order import distance_m
from vision.telemetry.reading import Assumptions, Telemetry, TelemetryError

HEAD_BYTES = 5000
ASTRAY_M = 100.0
TIMES = 12


def sources() -> list[str]:
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "telemetry"
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.stat().st_size)


def begin(data: Path, name: str) -> bytes:
    content = (data / "telemetry" / name).read_bytes()
    return content if name.lower().endswith(".bin") else content[:HEAD_BYTES]


def outcome(path: Path, content: bytes, town: Assumptions) -> Telemetry | None:
    """Any exception but TelemetryError is a failure of the test."""
    path.write_bytes(content)
    try:
        telemetry = formats.read(path, town)
    except TelemetryError as error:
        said = str(error)
        if not said or "\n" in said:
            pytest.fail(f"not one line: {said!r}")
        return None
    assert telemetry.samples
    assert len(list(rows.lines(telemetry.samples))) == len(telemetry.samples) + 1
    return telemetry


def places_of(telemetry: Telemetry | None) -> list[tuple[float, float]]:
    return [] if telemetry is None else [(sample.lat or 0.0, sample.lon or 0.0) for sample in telemetry.samples]


def astray(telemetry: Telemetry | None, true: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [place for place in places_of(telemetry) if min(distance_m(*place, *other) for other in true) > ASTRAY_M]


@pytest.mark.data
@pytest.mark.parametrize("name", sources() or ["absent"])
def test_cut_at_any_byte(data: Path, tmp_path: Path, town: Assumptions, name: str) -> None:
    content, chance = begin(data, name), random.Random(name)
    whole = places_of(outcome(tmp_path / "whole", content, town))
    for _ in range(TIMES):
        cut = content[: chance.randrange(len(content))]
        telemetry = outcome(tmp_path / "cut", cut, town)
        assert astray(telemetry, whole) == [], cut[-80:]
        assert len(places_of(telemetry)) <= len(whole)


def _scrambled(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice([1, 3, 20])):
        at = chance.randrange(len(damaged))
        kind = chance.randrange(3)
        if kind == 0:
            damaged[at] = chance.randrange(256)
        elif kind == 1 and len(damaged) > 100:
            del damaged[at : at + chance.randrange(1, 30)]
        else:
            damaged[at:at] = chance.randbytes(chance.randrange(1, 8))
    return bytes(damaged)


@pytest.mark.data
@pytest.mark.parametrize("name", sources() or ["absent"])
def test_scrambled_bytes_never_end_in_a_crash(data: Path, tmp_path: Path, town: Assumptions, name: str) -> None:
    content, chance = begin(data, name), random.Random(name)
    saved = sum(outcome(tmp_path / "scrambled", _scrambled(content, chance), town) is not None for _ in range(TIMES))
    if content.count(b"\n") > 100:
        assert saved >= TIMES - 1, "a few bytes must not cost a whole flight"


def _lines_shuffled(text: str, chance: random.Random) -> str:
    """The brackets of every line in another order, the same one throughout."""
    seed = chance.random()

    def shuffled(line: str) -> str:
        parts = line.split("] [")
        if len(parts) < 3 or "-->" in line or "<" in line:
            return line
        random.Random(seed).shuffle(parts)
        return "[" + "] [".join(part.strip("[] ") for part in parts) + "]"

    return "\n".join(shuffled(line) for line in text.replace("</font>", "").split("\n"))


CHANGES: dict[str, Callable[[str, random.Random], bytes]] = {
    "utf-16": lambda text, _: text.encode("utf-16"),
    "utf-16-be without a mark": lambda text, _: text.encode("utf-16-be"),
    "latin-1": lambda text, _: text.encode("latin-1", errors="replace"),
    "a mark before": lambda text, _: text.encode("utf-8-sig"),
    "carriage returns": lambda text, _: text.replace("\r\n", "\n").replace("\n", "\r").encode(),
    "windows": lambda text, _: text.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
    "round brackets": lambda text, _: text.replace("[", "(").replace("]", ")").encode(),
    "equals": lambda text, _: text.replace("] [", ", ").replace(": ", "=").replace(" =", "=").encode(),
    "no tags": lambda text, _: text.replace('<font size="28">', "").replace("</font>", "").encode(),
    "capitals": lambda text, _: text.upper().replace("--&GT;", "-->").encode(),
    "shuffled": lambda text, chance: _lines_shuffled(text, chance).encode(),
    "no empty lines": lambda text, _: text.replace("\r\n", "\n").replace("\n\n", "\n").encode(),
    "points in times": lambda text, _: text.replace(",", ".", 1).encode(),
}


@pytest.mark.data
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", [name for name in sources() if name.lower().endswith(".srt")] or ["absent"])
def test_other_encodings_and_signs_tell_the_same(
    data: Path, tmp_path: Path, town: Assumptions, name: str, change: str
) -> None:
    text = (data / "telemetry" / name).read_bytes()[:HEAD_BYTES].decode("utf-8", errors="ignore").rpartition("\n\n")[
        0
    ] + "\n"
    plain = outcome(tmp_path / "plain", text.encode(), town)
    changed = outcome(tmp_path / "changed", CHANGES[change](text, random.Random(name)), town)
    assert plain is not None
    assert changed is not None
    # The cue at the end may count as cut off where a sign that ended it is gone.
    assert places_of(changed) == places_of(plain)
    assert [sample.time_s for sample in changed.samples] == [sample.time_s for sample in plain.samples]


@pytest.mark.parametrize("seed", range(20))
def test_cut_dialects_of_chance(tmp_path: Path, town: Assumptions, seed: int) -> None:
    chance = random.Random(1000 + seed)
    moments = dialects.flight(chance)
    content = dialects.file_of(moments, dialects.labelled(chance), chance)
    true = [(moment.lat, moment.lon) for moment in moments]
    for _ in range(5):
        cut = content[: chance.randrange(len(content))]
        assert astray(outcome(tmp_path / "cut", cut, town), true) == [], cut[-120:]
