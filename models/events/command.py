"""`talaia-models evaluate-events`: its options, its table, its JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from models.events import alerts, benchmark, scores, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.events.benchmark import Results
    from models.events.scores import Judged, Percentiles, Score
    from models.events.truth import Clip

_BROKEN = 1


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="DIR", help=f"clips and {truth.FILE_NAME}")
    command.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the agent's TOML: detector, zones and rules"
    )
    command.add_argument("--camera", metavar="ID", help="which camera of FILE, where it has several")
    command.add_argument("--zones", type=Path, metavar="FILE", help='zones as JSON: {"zones": [...]}')
    command.add_argument("--set", action="append", default=[], metavar="RULE.KEY=VALUE", help="change a rule's setting")
    command.add_argument(
        "--with",
        dest="beside",
        choices=["baselines"],
        help="score two plain ways on the same clips: a COCO box that stays, a background subtraction's blob timer",
    )
    command.add_argument("--jobs", type=jobs, default=1, metavar="N", help="clips at a time; default 1")
    command.add_argument("--json", action="store_true")


def jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}; allowed: 1 or more")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Evaluate and print; 1 where a video broke."""
    clips = _clips(options.folder)
    results = benchmark.agent(clips, _analyser(options, clips), jobs=options.jobs, progress=progress)
    beside = (
        benchmark.baselines(clips, results.settings, jobs=options.jobs, progress=progress) if options.beside else {}
    )
    if options.json:
        _print(json.dumps(benchmark.fields(options.folder, results, beside), indent=2))
    else:
        _print_table(results, beside)
    for one in results.broken:
        _say(f"talaia-models: {one.clip.name} cannot be read to its end: {one.heard.broken}")
    return _BROKEN if results.broken else 0


def _clips(folder: Path) -> list[Clip]:
    clips = truth.read_folder(folder)
    if not (folder / truth.FILE_NAME).exists():
        _say(f"{folder} has no {truth.FILE_NAME}: every clip is taken for a negative")
    return clips


def _analyser(options: argparse.Namespace, clips: list[Clip]) -> alerts.Analyser:
    return alerts.Analyser(
        rules=alerts.wanted_rules(clips),
        config=options.config,
        camera=options.camera,
        zones=options.zones,
        changes=tuple(options.set),
    )


def _print_table(results: Results, beside: dict[str, Results]) -> None:
    for line in table(results):
        _print(line)
    for name, one in beside.items():
        _print(f"\nbaseline {name}")
        for line in table(one):
            _print(line)


def table(results: Results) -> Iterator[str]:
    """Give the lines: a row a rule, then each clip with what was matched to what."""
    yield "rule                  labelled  found  missed  false    hours  precision  recall  to alert p50  p90 s"
    for rule in results.rules:
        yield _row(rule, scores.score(rule, results.judged))
    yield ""
    for one in results.judged:
        yield from _clip(one)


def _row(name: str, one: Score) -> str:
    counts = f"{one.labelled:>8}  {one.found:>5}  {one.missed:>6}  {one.false:>5}  {one.hours:>7.3f}"
    return f"{name:<20}  {counts}  {_share(one.precision):>9}  {_share(one.recall):>6}  {_waits(one.time_to_alert_s)}"


def _waits(waits: Percentiles) -> str:
    p50, p90 = ("-" if value is None else f"{value:.1f}" for value in (waits.p50, waits.p90))
    return f"{p50:>12}  {p90:>5}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _clip(one: Judged) -> Iterator[str]:
    heard, outcome = one.heard.alerts, one.outcome
    broken = "" if one.heard.broken is None else f"  BROKEN: {one.heard.broken}"
    yield f"{one.clip.name}  {one.clip.duration_s:.1f} s{broken}"
    for match in outcome.matches:
        label = one.clip.labels[match.label]
        yield f"  found   {label.rule} {label.what!r} by the alert at {heard[match.alert].at_s:.1f} s"
    for number in outcome.missed:
        label = one.clip.labels[number]
        yield f"  missed  {label.rule} {label.what!r}: {outcome.why[number]}"
    for number in outcome.false:
        x, y = (0.0, 0.0) if heard[number].box is None else one.clip.centre_px(heard[number].box or (0, 0, 0, 0))
        yield f"  false   {heard[number].rule} at {heard[number].at_s:.1f} s, centre ({x:.0f}, {y:.0f}) px"
    for number in outcome.unscored:
        yield f"  unscored {heard[number].rule} at {heard[number].at_s:.1f} s: on a thing labelled too small"


def progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} clips" + ("\n" if done == total else ""))
        sys.stderr.flush()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
