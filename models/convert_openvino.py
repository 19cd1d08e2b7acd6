"""Makes OpenVINO's own pair of files out of a built ONNX file, in full precision."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from models import catalogue
from models.onnx_detector import metadata_labels
from models.openvino_detector import LABELS_KEY, engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.catalogue import Card, ModelFile


def convert(file: ModelFile, out: Path, *, say: Callable[[str], None]) -> Path:
    """Write `<stem>-openvino.xml`, `.bin` and `.json` into a folder; the card tells what they were made from."""
    openvino = engine()
    model = openvino.convert_model(str(file.path))
    model.set_rt_info(str(metadata_labels(file.path)), LABELS_KEY)
    target = out / f"{file.path.stem}{catalogue.OPENVINO_ENDING}"
    with tempfile.TemporaryDirectory(prefix="talaia-models-") as folder:
        made = Path(folder) / target.name
        openvino.save_model(model, str(made), compress_to_fp16=False)
        del model
        weights = made.with_suffix(".bin")
        catalogue.write_whole(target.with_suffix(".bin"), weights.read_bytes())
        catalogue.write_whole(target, made.read_bytes())
    card = _card(file, target)
    catalogue.write_whole(target.with_suffix(".json"), (card.model_dump_json(indent=2) + "\n").encode())
    say(f"wrote {target} (SHA-256 {card.sha256})")
    return target


def _card(file: ModelFile, target: Path) -> Card:
    weights = target.with_suffix(".bin")
    changes = {
        "file": target.name,
        "sha256": catalogue.file_sha256(target),
        "size_bytes": target.stat().st_size + weights.stat().st_size,
        "companions": {weights.name: catalogue.file_sha256(weights)},
        "measured": {"made from": f"{file.path.name}, SHA-256 {file.sha256}"},
    }
    if file.card is None:
        raise ValueError("only files with a card are converted")
    return file.card.model_copy(update=changes)
