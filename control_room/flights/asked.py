"""What the commands about flights take. Light: `talaia-room` reads it at every start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from control_room.config import Town


class FlightError(Exception):
    """A file of a flight cannot be used; one line for whoever runs the command."""


def add_arguments(
    telemetry: argparse.ArgumentParser, georeference: argparse.ArgumentParser, analyse: argparse.ArgumentParser
) -> None:
    what = "subtitles, video, KLV, MAVLink, GPX, CSV or a still"
    telemetry.add_argument("file", type=Path, metavar="FILE", help=what)
    telemetry.set_defaults(run_flight=_telemetry)
    columns = "columns x_px, y_px and one of frame, time_s (of the video) or image (a still)"
    georeference.add_argument("points", type=Path, metavar="POINTS.csv", help=columns)
    georeference.add_argument("--telemetry", type=Path, metavar="FILE", help="of the video; stills tell their own")
    georeference.add_argument("--calibration", type=Path, metavar="FILE.json", help="camera_matrix and distortion")
    georeference.add_argument("--camera-model", metavar="NAME", help="such as M3E or Mavic 3 Enterprise")
    georeference.add_argument("--dem", type=Path, metavar="FILE", help="GeoTIFF of ground heights, in any datum")
    georeference.add_argument("--out", type=Path, required=True, metavar="FILE.csv")
    georeference.set_defaults(run_flight=_georeference)
    analyse.add_argument("video", type=Path, metavar="VIDEO")
    beside = "of the video; else of the same name beside it, or inside it"
    analyse.add_argument("--telemetry", type=Path, metavar="FILE", help=beside)
    analyse.add_argument("--calibration", type=Path, metavar="FILE.json", help="camera_matrix and distortion")
    analyse.add_argument("--camera-model", metavar="NAME", help="such as M3E or Mavic 3 Enterprise")
    analyse.add_argument("--dem", type=Path, metavar="FILE", help="GeoTIFF of ground heights, in any datum")
    analyse.add_argument("--out", type=Path, required=True, metavar="FILE.geojson")
    analyse.set_defaults(run_flight=_analyse)


def _telemetry(options: argparse.Namespace, town: Town) -> None:
    from control_room.flights import telemetry_command  # noqa: PLC0415 - only here

    try:
        telemetry_command.run(options.file, town)
    except telemetry_command.UnreadableError as error:
        raise FlightError(str(error)) from None


def _georeference(options: argparse.Namespace, town: Town) -> None:
    from control_room.flights import georeference_command  # noqa: PLC0415 - only here

    words = (options.telemetry, options.calibration, options.camera_model, options.dem)
    georeference_command.run(georeference_command.Asked(options.points, options.out, *words), town)


def _analyse(options: argparse.Namespace, town: Town) -> None:
    from control_room.flights import analyse_command  # noqa: PLC0415 - only here

    words = (options.telemetry, options.calibration, options.camera_model, options.dem)
    analyse_command.run(analyse_command.Asked(options.video, options.out, *words), town)
