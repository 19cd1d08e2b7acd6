"""What the analysis of footage can be told. The defaults are what docs/design/footage.md measures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Lengths on the ground in metres."""

    span_s: float = 20.0
    """Of the video, worked through as one piece: what a crash can cost."""
    looks_a_place: float = 3.0
    """In so many pictures each point under the flight is looked at: their distance is the ground seen over this."""
    step_s_min: float = 0.4
    step_s_max: float = 5.0
    """Between two looks, however fast or slowly the drone flies."""
    depression_deg_min: float = 20.0
    """Ground seen flatter than this is not looked at; places below 15 degrees are refused anyway."""
    fine_m: float = 0.05
    """Pictures that show more than one pixel to this are averaged down to it first."""
    coarse_m: float = 0.15
    """Ground seen coarser than this is not looked at where the camera sees it finer elsewhere;"""
    coarsest_m: float = 0.3
    """and coarser than this never."""
    unusual_min: float = 5.0
    """How many standard deviations a patch must differ from what lies around it, in one look of the thing."""
    unusual_again_min: float = 3.5
    """Likewise in its other looks."""
    thing_m_min: float = 0.3
    thing_m_max: float = 9.0
    """Longer side of what may be a thing that lies there."""
    patches_a_look_max: int = 60
    tile_px: int = 744
    """Side of the square pieces that the detector sees."""
    detector_confidence_min: float = 0.3
    detect_every: int = 2
    """The detector sees each so manieth look: by far the dearest step, and looks overlap by two thirds."""
    score_min: float = 0.05
    candidates_max: int = 300
    threads: int = 2
    """Spans that are worked on at once."""
    offset_search_s: float = 10.0
    """How far telemetry may lag the video."""
    change_step: float = 0.35
    """Of half the ground seen: so far apart are looks that are compared with the last flight."""
