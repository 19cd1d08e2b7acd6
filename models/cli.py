"""`talaia-models`: lists, fetches, builds and measures the detection models."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from models import catalogue
from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _COMMANDS[options.command](options)
    except ModelError as error:
        _say(f"talaia-models: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="talaia-models", description="The detection models.")
    commands = parser.add_subparsers(dest="command", required=True)
    convert = commands.add_parser("convert", help="build the ONNX files from the published package")
    convert.add_argument("--input-px", type=int, nargs="+", metavar="PX", help="sizes; default: all of the catalogue")
    convert.add_argument("--package", type=Path, metavar="FILE.tgz", help="the npm package's file; else npm fetches it")
    convert.add_argument("--layout", choices=("boxes", "candidates"), default="boxes")
    convert.add_argument("--out", type=Path, metavar="DIR", help="default: the models folder of the cache")
    return parser


def _convert(options: argparse.Namespace) -> None:
    from models import convert  # noqa: PLC0415 -- only this command needs onnx

    entry = catalogue.CENTERNET_COCO
    convert.convert(
        entry,
        options.input_px or entry.input_px,
        options.out or catalogue.models_dir(),
        package=options.package,
        layout=options.layout,
        say=_say,
    )


_COMMANDS = {"convert": _convert}


if __name__ == "__main__":
    sys.exit(main())
