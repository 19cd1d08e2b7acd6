"""Builds the catalogue's ONNX files and their cards from the published package."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models import catalogue, centernet, npm_package, tfjs_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from models.output import Layout


def convert(
    entry: catalogue.Entry,
    sizes_px: Sequence[int],
    out: Path,
    *,
    package: Path | None = None,
    layout: Layout = "boxes",
    with_features: bool = False,
    say: Callable[[str], None],
) -> list[catalogue.Card]:
    """Write one model and one card a size; `package` is the npm package's file, fetched where it is not given."""
    files = _package_files(entry, package or _fetched_before(entry, out), say)
    graph = tfjs_graph.read(*(files[name] for name in entry.source.sha256))
    labels = list(centernet.LABELS)
    cards = [
        write(entry, centernet.build(graph, input_px, layout), input_px, out, layout=layout, labels=labels)
        for input_px in sizes_px
    ]
    if with_features:
        features = catalogue.CENTERNET_FEATURES
        [input_px] = features.input_px
        cards.append(
            write(features, centernet.build_features(graph, input_px), input_px, out, layout="features", labels=[])
        )
    for card in cards:
        say(f"wrote {out / card.file} ({card.size_bytes / 1e6:.1f} MB, SHA-256 {card.sha256})")
    return cards


def fetch(entry: catalogue.Entry, out: Path, *, say: Callable[[str], None]) -> Path:
    """Keep the checked package, for a machine that cannot reach the registry."""
    target = out / npm_package.file_name(entry.source)
    say(f"fetching {entry.source.package}@{entry.source.version} with npm (29 MB)")
    with npm_package.fetched(entry.source) as package:
        npm_package.read_verified(package, entry.source)
        catalogue.write_whole(target, package.read_bytes())
    say(f"wrote {target}")
    return target


def _fetched_before(entry: catalogue.Entry, out: Path) -> Path | None:
    kept = out / npm_package.file_name(entry.source)
    return kept if kept.is_file() else None


def _package_files(entry: catalogue.Entry, package: Path | None, say: Callable[[str], None]) -> dict[str, bytes]:
    with _package(entry, package, say) as path:
        return npm_package.read_verified(path, entry.source)


@contextlib.contextmanager
def _package(entry: catalogue.Entry, package: Path | None, say: Callable[[str], None]) -> Iterator[Path]:
    if package is not None:
        yield package
        return
    say(f"fetching {entry.source.package}@{entry.source.version} with npm (29 MB)")
    with npm_package.fetched(entry.source) as path:
        yield path


def write(
    entry: catalogue.Entry,
    content: bytes,
    input_px: int,
    out: Path,
    *,
    layout: Layout | Literal["features"] = "boxes",
    labels: list[str],
) -> catalogue.Card:
    """Write a built file and its card."""
    path = catalogue.built_path(entry, input_px, out)
    if layout == "candidates":
        path = path.with_stem(f"{path.stem}-{layout}")
    card = catalogue.Card(
        name=entry.name,
        file=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        input_px=input_px,
        layout=layout,
        conversion=catalogue.CONVERSION,
        confidence=entry.confidence,
        licence=f"{entry.source.licence}, (c) {entry.source.copyright}, as redistributed by the package",
        source=catalogue.CardSource(
            package=entry.source.package,
            version=entry.source.version,
            sha256=dict(entry.source.sha256),
            copyright=entry.source.copyright,
            origin=entry.source.origin,
        ),
        labels=labels,
        measured=dict(entry.measured.get(input_px, {})),
    )
    catalogue.write_whole(path, content)
    catalogue.write_whole(path.with_suffix(".json"), (card.model_dump_json(indent=2) + "\n").encode())
    return card
