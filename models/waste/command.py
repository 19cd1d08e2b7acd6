"""`talaia-models train-waste-check`: trains the head anew and writes it with its card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models import catalogue
from models.waste import check, head, training


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("data", type=Path, metavar="DATA", help="the folder with waste_images, coco128 and negatives")
    command.add_argument("--out", type=Path, default=head.PATH, metavar="FILE.json", help="default: this package's own")
    command.add_argument("--seed", type=int, default=1, metavar="K")


def run(options: argparse.Namespace) -> None:
    backbone = check.Backbone(catalogue.locate_features())
    trained = training.train(options.data, backbone, options.seed, progress=_progress)
    catalogue.write_whole(options.out, (trained.model_dump_json(indent=1) + "\n").encode())
    measured = trained.card.measured
    sys.stderr.write(f"wrote {options.out}\n")
    for source, area in measured.area_under_roc.items():
        sys.stdout.write(f"area under the ROC against {source}: {area:.3f}\n")
    for rate, share in measured.found_at_false_rate.items():
        sys.stdout.write(f"found with {float(rate):.0%} of other things taken for waste: {share:.3f}\n")


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} crops" + ("\n" if done == total else ""))
        sys.stderr.flush()
