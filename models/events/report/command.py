"""`talaia-models accuracy`: measures folders of clips, beside the baselines, and writes the page."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models import catalogue
from models.errors import UsageError
from models.events import alerts, benchmark, truth
from models.events.command import jobs, progress
from models.events.report import drawing, page, pictures
from models.events.report.counts import Part

_NEEDED = ("rules", "clips", "settings")


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "parts", nargs="+", type=_part, metavar="NAME=DIR", help="or NAME=FILE.json, kept from evaluate-events --json"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE.md", help="drawings go to FILE/ beside it")
    command.add_argument("--keep", type=Path, metavar="DIR", help="write each folder's results there as NAME.json")
    command.add_argument(
        "--report", type=Path, metavar="DIR", help="write pictures of the failures there, for your own eyes"
    )
    command.add_argument("--set", action="append", default=[], metavar="RULE.KEY=VALUE", help="change a rule's setting")
    command.add_argument("--jobs", type=jobs, default=1, metavar="N", help="clips at a time; default 1")


def _part(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not (name and equals and Path(path).exists()):
        raise argparse.ArgumentTypeError(f"{text}; allowed: NAME=DIR or NAME=FILE.json, which exists")
    return name, Path(path)


def run(options: argparse.Namespace) -> None:
    parts = [Part(name, _results(name, path, options)) for name, path in options.parts]
    drawings = _draw(parts, options.out)
    written = page.page(
        parts,
        drawings,
        date=datetime.now(UTC).date().isoformat(),
        version=importlib.metadata.version("talaia"),
    )
    catalogue.write_whole(options.out, written.encode())
    _say(f"wrote {options.out}")
    for part in parts if options.report is not None else ():
        for clip in part.results["clips"]:
            video = Path(part.results["folder"]) / clip["clip"]
            if page.failed(clip) and video.is_file():
                pictures.write(options.report / part.name, clip, video)


def _results(name: str, path: Path, options: argparse.Namespace) -> dict[str, Any]:
    if path.is_file():
        return _kept(path)
    clips = truth.read_folder(path)
    _say(f"{name}: {len(clips)} clips, {sum(clip.duration_s for clip in clips) / 60:.1f} minutes")
    analyser = alerts.Analyser(rules=(truth.DUMPING,), changes=tuple(options.set))
    results = benchmark.agent(clips, analyser, jobs=options.jobs, progress=progress)
    beside = benchmark.baselines(clips, results.settings, jobs=options.jobs, progress=progress)
    fields = benchmark.fields(path, results, beside)
    if options.keep is not None:
        catalogue.write_whole(options.keep / f"{name}.json", json.dumps(fields).encode())
    return fields


def _kept(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None
    if not isinstance(content, dict) or not all(key in content for key in _NEEDED):
        raise UsageError(f"{path}: got other content; allowed: what evaluate-events --json printed")
    return content


def _draw(parts: list[Part], out: Path) -> dict[tuple[str, str], str]:
    """Write the drawings anew and give their addresses as the page names them."""
    folder = out.with_suffix("")
    for old in folder.glob("*.svg"):
        old.unlink()
    drawings = {}
    for part in parts:
        failures = [clip for clip in part.results["clips"] if page.failed(clip)]
        for clip in failures[: page.DRAWINGS_MAX]:
            path = folder / f"{part.name}-{Path(clip['clip']).stem}.svg"
            catalogue.write_whole(path, drawing.drawing(clip).encode())
            drawings[part.name, clip["clip"]] = os.path.relpath(path, out.parent)
    return drawings


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
