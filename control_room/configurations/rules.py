"""The rules that a device knows, with those of their settings that people change most."""

from __future__ import annotations

from functools import cache
from typing import Any

from vision.rules.registry import KINDS

_MAIN: dict[str, tuple[str, ...]] = {
    "illegal_dumping": ("unattended_s",),
    "object_removed": ("stood_s", "gone_s"),
    "intrusion": ("confirm_s",),
    "line_crossing": ("margin",),
    "stopped_vehicle": ("dwell_s",),
    "loitering": ("dwell_s",),
    "crowd": ("people", "hold_s"),
    "fast_motion_or_fight": ("energy",),
    "camera_tamper": ("hold_s",),
}
"""All others of the table can be written too; `smoke_fire` needs a file on the device, so it is not offered."""


@cache
def known() -> tuple[dict[str, Any], ...]:
    """As `schemas.Rule` gives them."""
    return tuple(
        {
            "name": name,
            "on_by_default": KINDS[name].on_by_default,
            "about_people": KINDS[name].about_people,
            "needs_zone": sorted(KINDS[name].needs_zone),
            "settings": [_setting(name, key) for key in main],
        }
        for name, main in _MAIN.items()
    )


def _setting(rule: str, key: str) -> dict[str, Any]:
    shape = KINDS[rule].settings.model_json_schema()["properties"][key]
    return {
        "key": key,
        "usual": shape["default"],
        "minimum": shape.get("minimum", shape.get("exclusiveMinimum")),
        "maximum": shape["maximum"],
        "is_whole": shape["type"] == "integer",
    }
