"""`python -m launch.footage [--out DIR] [--drawn]`: makes the demonstration's clips and prints where they lie."""

import argparse
import sys
from pathlib import Path

from launch import console, places
from launch.errors import LaunchError
from launch.footage import make


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m launch.footage", description="Make the demonstration's clips.")
    parser.add_argument("--out", type=Path, help="directory (default: footage/ in the cache)")
    parser.add_argument("--drawn", action="store_true", help="draw the street, without Debian's package")
    options = parser.parse_args(argv)
    directory = options.out or places.cache_directory() / "footage"
    try:
        with console.Step("footage", sys.stderr) as step:
            footage = make.make(directory, step.working, draw=options.drawn)
            step.done(("drawn" if footage.drawn else "ready") if footage.made else "there already")
    except LaunchError as error:
        console.complain(str(error))
        return 1
    if footage.drawn and not options.drawn:
        console.complain(f"the demonstration shows a drawn street, no film: {footage.reason}")
    console.say(str(directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
