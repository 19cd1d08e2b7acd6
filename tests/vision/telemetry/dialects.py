"""Flights in dialects of subtitles that are drawn by chance: from what drones do, and from what nobody has seen."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """The truth of one cue."""

    time_s: float
    lat: float
    lon: float
    rel_alt_m: float
    abs_alt_m: float
    gimbal: tuple[float, float, float]
    focal_length_mm: float
    zoom: float


def flight(chance: random.Random, cues: int = 12) -> list[Moment]:
    lat, lon = chance.uniform(-80, 80), chance.uniform(-179, 179)
    focal_length_mm = float(chance.choice([24, 40, 70, 162]))
    moments = []
    for number in range(cues):
        lat, lon = lat + chance.uniform(-2e-5, 2e-5), lon + chance.uniform(-2e-5, 2e-5)
        rel_alt_m = 40 + 10 * math.sin(number)
        gimbal = (chance.uniform(-180, 180), chance.uniform(-90, 20), 0.0)
        moments.append(
            Moment(
                round(number / 30, 3),
                round(lat, 6),
                round(lon, 6),
                round(rel_alt_m, 3),
                round(rel_alt_m + 12.5, 3),
                (round(gimbal[0], 1), round(gimbal[1], 1), 0.0),
                focal_length_mm,
                1.0,
            )
        )
    return moments


def stamp(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{mark}{rest % 1000:03d}"


def labelled(chance: random.Random) -> Callable[[Moment], str]:
    """Names and values within brackets, in any order, with the spellings and signs that are met."""
    name = {
        "lat": chance.choice(["latitude", "Latitude", "LATITUDE", "lattitude", "lat", "GPS Latitude", "gps_lat"]),
        "lon": chance.choice(["longitude", "longtitude", "Longitude", "lng", "lon", "GPS_Longitude", "longitud"]),
        "rel": chance.choice(["rel_alt", "relative_altitude", "RelAlt", "height", "barometer"]),
        "abs": chance.choice(["abs_alt", "altitude", "AbsAlt", "absolute_altitude", "altitude_amsl"]),
        "yaw": chance.choice(["gb_yaw", "gimbal_yaw", "GimbalYaw", "gimbal yaw"]),
        "pitch": chance.choice(["gb_pitch", "gimbal_pitch", "GimbalPitchDegree"]),
        "roll": chance.choice(["gb_roll", "gimbal_roll", "GimbalRoll"]),
        "focal": chance.choice(["focal_len", "focal_length", "FocalLen"]),
        "zoom": chance.choice(["dzoom_ratio", "dzoom", "zoom"]),
    }
    left, right = chance.choice([("[", "]"), ("{", "}"), ("(", ")"), ("", ",")])
    equals = chance.choice([": ", " : ", ":", "=", " = "])
    unit = chance.choice(["", "m", " m", "M"])
    whole = chance.random() < 0.3
    order = list(name)
    chance.shuffle(order)
    together = chance.random() < 0.5

    def write(moment: Moment) -> str:
        value = {
            "lat": f"{moment.lat:.6f}",
            "lon": f"{moment.lon:.6f}",
            "rel": f"{moment.rel_alt_m:.3f}{unit}",
            "abs": f"{moment.abs_alt_m:.3f}{unit}",
            "yaw": f"{moment.gimbal[0]:.1f}",
            "pitch": f"{moment.gimbal[1]:.1f}",
            "roll": f"{moment.gimbal[2]:.1f}",
            "focal": f"{moment.focal_length_mm * 10:.0f}" if whole else f"{moment.focal_length_mm:.2f}",
            "zoom": "10000" if whole else f"{moment.zoom:.2f}",
        }
        parts = [f"{name[key]}{equals}{value[key]}" for key in order]
        if together:
            parts[0:2] = [" ".join(parts[0:2])]
        return "[iso : 100] [shutter : 1/640.0] [fnum: 280] [ct: n/a] " + " ".join(
            f"{left}{each}{right}" for each in parts
        )

    return write


def decimal_commas(text: str) -> str:
    """Points between digits become commas, as where a phone speaks Spanish."""
    return "".join(
        "," if letter == "." and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit() else letter
        for at, letter in enumerate(text)
    )


def file_of(moments: list[Moment], write: Callable[[Moment], str], chance: random.Random) -> bytes:
    """With the tags, line ends and encodings that are met."""
    open_tag, close_tag = chance.choice([("", ""), ('<font size="28">', "</font>"), ("<font size='36'>", " </font>")])
    counted = chance.choice(["", "FrameCnt: {}, DiffTime: 33ms\n", "SrtCnt : {}, DiffTime : 33ms\n"])
    mark = chance.choice([",", "."])
    comma = chance.random() < 0.3
    blocks = []
    for number, moment in enumerate(moments, 1):
        said = write(moment)
        body = f"{open_tag}{counted.format(number)}{decimal_commas(said) if comma else said}{close_tag}"
        times = f"{stamp(moment.time_s, mark)} --> {stamp(moment.time_s + 0.033, mark)}"
        blocks.append(f"{number}\n{times}\n{body}\n")
    text = "\n".join(blocks).replace("\n", chance.choice(["\n", "\r\n", "\r"]))
    return text.encode(chance.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]))
