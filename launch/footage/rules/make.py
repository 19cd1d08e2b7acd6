"""Makes the clips once, beside the two that they are staged from, and anew when those or this code change."""

import hashlib
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from launch.footage import encode, label
from launch.footage.make import FACTS as FOOTAGE_FACTS
from launch.footage.make import STAGED, STREET
from launch.footage.rules import tamper, van
from launch.footage.thing import Picture

FACTS = "rules.json"
TAMPERED, REMOVED, PARKED, HURRIED = "tampered.mp4", "removed.mp4", "parked.mp4", "hurried.mp4"
LOST = "lost.mp4"
FRAME_RATE = 10
QUANTISER = 26  # of all: a frozen picture is one that repeats to the last grey level
HURRY = 4  # times as fast as they walked
REMOVED_FROM_S, PARKED_S, LOST_AT_S = 60.0, 58.0, 25.0

Report = Callable[[str], None]


def make(directory: Path, report: Report) -> None:
    """Make the clips in the directory in which `street.mp4` and `staged_dumping.mp4` lie, unless they are there."""
    stamp = _stamp(directory)
    kept = directory / FACTS
    if kept.is_file() and json.loads(kept.read_text(encoding="utf-8")).get("made_by") == stamp:
        return
    kept.unlink(missing_ok=True)
    street, staged = directory / STREET, directory / STAGED
    with tempfile.TemporaryDirectory(prefix=".making-rules-", dir=directory) as name:
        work = Path(name)
        for file, pictures in (
            (TAMPERED, _tampered(street)),
            (REMOVED, _removed(staged)),
            (PARKED, _parked(street)),
            (HURRIED, _hurried(street)),
            (LOST, _lost(street)),
        ):
            report(f"staging {file}")
            _write(work / file, pictures)
        for file in (TAMPERED, REMOVED, PARKED, HURRIED, LOST):
            (work / file).replace(directory / file)
    kept.write_text(json.dumps({"made_by": stamp}) + "\n", encoding="utf-8")


def _tampered(street: Path) -> Iterator[Picture]:
    tampering = tamper.Tampering()
    endless = itertools.chain.from_iterable(encode.pictures(street) for _ in itertools.count())
    for frame, picture in enumerate(itertools.islice(endless, round(tamper.LENGTH_S * FRAME_RATE))):
        yield tampering.at(picture, frame / FRAME_RATE)


def _removed(staged: Path) -> Iterator[Picture]:
    """The staged dumping backwards: the carton stands there, and a man takes it away."""
    kept = list(itertools.islice(encode.pictures(staged), round(REMOVED_FROM_S * FRAME_RATE)))
    return reversed(kept)


def _parked(street: Path) -> Iterator[Picture]:
    driver: van.Van | None = None
    for frame, picture in enumerate(itertools.islice(encode.pictures(street), round(PARKED_S * FRAME_RATE))):
        driver = driver or van.Van(picture)
        yield driver.drive(picture, frame / FRAME_RATE)


def _hurried(street: Path) -> Iterator[Picture]:
    return itertools.islice(encode.pictures(street), 0, None, HURRY)


def _lost(street: Path) -> Iterator[Picture]:
    """The street until its cable is cut: the agent reads it once."""
    return itertools.islice(encode.pictures(street), round(LOST_AT_S * FRAME_RATE))


def _write(path: Path, pictures: Iterable[Picture]) -> None:
    writer: encode.Writer | None = None
    try:
        for picture in pictures:
            if writer is None:
                height_px, width_px = picture.shape[:2]
                writer = encode.Writer(
                    path, width_px=width_px, height_px=height_px, frame_rate=FRAME_RATE, quantiser=QUANTISER
                )
            writer.write(label.burn(picture))
    finally:
        if writer is not None:
            writer.__exit__(None, None, None)


def _stamp(directory: Path) -> str:
    """Names this code and the clips that it works on."""
    code = hashlib.sha256((directory / FOOTAGE_FACTS).read_bytes())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return code.hexdigest()
