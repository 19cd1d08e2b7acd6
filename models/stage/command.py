"""`talaia-models stage-scenes`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.stage import StageError

_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_USAGE_ERROR = 2
_BAR = 30


def arrange(command: argparse.ArgumentParser) -> None:
    command.description = (
        "Writes a folder of clips in which things are left behind, and ground_truth.json, for evaluate-events; "
        "or, with --negatives, clips in which nothing is. The same seed gives the same clips."
    )
    command.add_argument("--seed", type=int, required=True, metavar="K", help="what is chosen; 0 or more")
    amount = command.add_mutually_exclusive_group(required=True)
    amount.add_argument("--count", type=_count, metavar="N", help="how many scenes")
    amount.add_argument("--negatives", type=_minutes, metavar="MINUTES", help="how much of nothing left behind")
    command.add_argument(
        "--split",
        choices=("tune", "held-out"),
        default="tune",
        help="which half of the views, walkers and things; they share no picture (default: tune)",
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that is new or empty")
    command.add_argument("--data", type=Path, default=_DATA, metavar="DIR", help=f"default: {_DATA.parent.name}/data")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    from models.stage import production  # noqa: PLC0415 -- PyAV and OpenCV, which the other commands can do without

    if options.seed < 0:
        _refuse(f"--seed {options.seed}; allowed: 0 or more")
    order = production.Order(
        options.seed, options.split, options.data, options.out, options.count or 0, options.negatives or 0.0
    )
    try:
        production.produce(order, _bar)
    except StageError as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename or options.out}: {error.strerror or error}")


def _refuse(message: str) -> None:
    sys.stderr.write(f"talaia-models stage-scenes: {message}\n")
    raise SystemExit(_USAGE_ERROR)


def _bar(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    filled = _BAR * done // max(1, total)
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r[{'#' * filled}{' ' * (_BAR - filled)}] {done} of {total} clips{end}")
    sys.stderr.flush()


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 999:
        raise argparse.ArgumentTypeError(f"{text}; allowed: 1 to 999")
    return int(text)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes <= 999:
        raise argparse.ArgumentTypeError(f"{text}; allowed: more than 0, up to 999")
    return minutes
