"""Draws and films flights: `python -m benchmarks.drawn_flight --out FOLDER --seed 1 --height 80`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from benchmarks.drawn_flight import filming, flying, ground
from benchmarks.drawn_flight.films import CELL_M, SIZE_M


def main() -> int:
    parser = argparse.ArgumentParser(description="Draw and film flights of known geometry.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, action="append", required=True)
    parser.add_argument("--height", type=float, action="append", required=True)
    parser.add_argument("--fps", type=int, default=5)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for seed in options.seed:
        scene = ground.draw(seed, SIZE_M, CELL_M)
        for height in options.height:
            plan = flying.Plan(height, fps=options.fps)
            video = filming.film(options.out, f"seed{seed}-{height:.0f}m", scene, plan, seed)
            sys.stdout.write(f"{video}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
