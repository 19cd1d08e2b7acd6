"""Makes the clips once and keeps them: whole files only, remade when this code or what it is made from changes."""

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from launch import commands, places
from launch.errors import LaunchError
from launch.footage import encode, package
from launch.footage.drawn import DrawnStreet
from launch.footage.filmed import FilmedStreet
from launch.footage.scene import Scene

STREET, STAGED, FACTS = "street.mp4", "staged_dumping.mp4", "footage.json"
WORK_PREFIX = ".making-"
CLIPS_BYTES = 80_000_000  # both clips while they are written, with room to spare
REPORT_EVERY = 10  # pictures

Report = Callable[[str], None]


@dataclass(frozen=True)
class Footage:
    """What lies in the directory after `make`."""

    directory: Path
    drawn: bool
    reason: str | None  # why it is drawn
    made: bool  # False where it was there already


def make(directory: Path, report: Report, *, draw: bool = False, root: Path = Path("/")) -> Footage:
    """Make the clips in `directory` unless they are there; `draw` asks for the drawn street.

    `root` is where an installed package is looked for.

    Raises:
        LaunchError: one sentence, when the directory cannot be written or the disk is full.
    """
    places.make_directory(directory)
    try:
        with _alone(directory):
            present = kept(directory)
            if present is not None and present.drawn == draw:
                return present
            return _make(directory, report, draw=draw, root=root, kept_before=present)
    except OSError as error:
        if commands.disk_full(error):
            raise LaunchError(
                f"The disk is full: the demonstration's clips in {directory} could not be made."
            ) from error
        raise LaunchError(f"Cannot make the clips in {directory}: {error.strerror or error}.") from error


def _make(directory: Path, report: Report, *, draw: bool, root: Path, kept_before: Footage | None) -> Footage:
    places.require_space(directory, CLIPS_BYTES, "making the demonstration's clips")
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=directory) as name:
        work = Path(name)
        if draw:
            reason = "it was asked for"
        else:
            try:
                with package.material(work, root, report) as material:
                    origin = _origin(material)
                    _write(FilmedStreet(material.street, material.carton), work, {"drawn": False, **origin}, report)
                    return _finish(work, Footage(directory, drawn=False, reason=None, made=True))
            except package.PackageUnavailableError as error:
                reason = str(error)
        if kept_before is not None and not draw:
            return kept_before
        _write(DrawnStreet(), work, {"drawn": True, "reason": reason, "package": None}, report)
        return _finish(work, Footage(directory, drawn=True, reason=reason, made=True))


def _finish(work: Path, footage: Footage) -> Footage:
    """Put the whole files in their place; the facts last, because they vouch for the clips."""
    (footage.directory / FACTS).unlink(missing_ok=True)
    for name in (STREET, STAGED, FACTS):
        (work / name).replace(footage.directory / name)
    return footage


def _write(scene: Scene, work: Path, origin: dict[str, Any], report: Report) -> None:
    form = {"width_px": scene.width_px, "height_px": scene.height_px, "frame_rate": scene.frame_rate}
    with encode.Writer(work / STREET, **form) as street, encode.Writer(work / STAGED, **form) as staged:
        for frame, (picture, with_thing) in enumerate(scene.pictures()):
            street.write(picture)
            staged.write(with_thing)
            if frame % REPORT_EVERY == 0:
                report(f"writing the clips, {100 * frame // scene.frame_count} %")
        frames = street.frames
    facts = {
        **origin,
        "made_by": _stamp(),
        STREET.removesuffix(".mp4"): {**_file(work / STREET), **form, "frames": frames},
        STAGED.removesuffix(".mp4"): {**_file(work / STAGED), **form, "frames": frames, **_dumping(scene)},
    }
    (work / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _dumping(scene: Scene) -> dict[str, Any]:
    """When and where the thing is, as tests and benchmarks read it; boxes also in 0..1 as the rules give them."""
    facts = asdict(scene.dumping)
    facts["moments"] = [_rounded(moment) for moment in facts["moments"][:: scene.frame_rate // 2]]
    facts["bbox_px"] = [round(edge, 1) for edge in facts["bbox_px"]]
    sides = (scene.width_px, scene.height_px) * 2
    facts["bbox"] = [round(edge / side, 4) for edge, side in zip(facts["bbox_px"], sides, strict=True)]
    return {**facts, "staged": True}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(part) for part in value]
    return round(value, 1) if isinstance(value, float) else value


def _origin(material: package.Material) -> dict[str, Any]:
    members = {member.path: member.sha256 for member in (package.STREET, package.CARTON)}
    return {
        "reason": None,
        "package": {
            "name": package.NAME,
            "version": material.version,
            "archive_sha256": material.archive_sha256,
            "members_sha256": members,
        },
    }


def kept(directory: Path) -> Footage | None:
    """What is there, when it is whole and of this code."""
    try:
        facts = json.loads((directory / FACTS).read_text(encoding="utf-8"))
        whole = all(
            facts[name.removesuffix(".mp4")].items() >= _file(directory / name).items() for name in (STREET, STAGED)
        )
        if not whole or facts["made_by"] != _stamp():
            return None
        return Footage(directory, drawn=facts["drawn"], reason=facts["reason"], made=False)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "file": path.name,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": path.stat().st_size,
        }


def _stamp() -> str:
    """Names this code; what it reads is named by hash in it."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.name.encode() + b"\0" + path.read_bytes())
    return code.hexdigest()


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time; what a killed one left behind is removed."""
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
