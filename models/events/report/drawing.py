"""Failures as drawings: outline, label and alert boxes, a time line; no pixel of a clip is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH, _LINE_Y_GAP, _MARGIN = 360.0, 34.0, 10.0
_LABEL, _ALERT, _RIGHT = "#1b7f3b", "#c62828", "#1565c0"


def drawing(clip: Mapping[str, Any]) -> str:
    """Draw one clip: labels green (their window too), alerts that count blue, false ones red."""
    width_px, height_px = clip["size"]
    scale = _WIDTH / max(1, width_px)
    height = height_px * scale
    line_y = height + _LINE_Y_GAP
    parts = [_rectangle((0, 0, _WIDTH, height), "#888", "#f4f4f4")]
    for event in clip["events"]:
        parts += [_rectangle(_scaled(box, scale), _LABEL, "none") for box in event["bbox"]]
    for alert in clip["opened"]:
        if alert["bbox"] is not None:
            parts.append(_rectangle(_scaled(alert["bbox"], scale), _colour(alert), "none", dashed=True))
    parts += _time_line(clip, line_y)
    view = f"{-_MARGIN:g} {-_MARGIN:g} {_WIDTH + 2 * _MARGIN:g} {line_y + 2 * _MARGIN + 12:g}"
    body = "\n".join(f"  {part}" for part in parts)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" font-family="sans-serif" font-size="10">'
    return f"{head}\n{body}\n</svg>\n"


def _time_line(clip: Mapping[str, Any], y: float) -> list[str]:
    duration_s = max(float(clip["duration_s"]), 0.1)

    def x(at_s: float) -> float:
        return min(max(at_s / duration_s, 0.0), 1.0) * _WIDTH

    parts = [f'<line x1="0" y1="{y:.1f}" x2="{_WIDTH:g}" y2="{y:.1f}" stroke="#888"/>']
    for event in clip["events"]:
        start, end = (x(at_s) for at_s in event["window_s"])
        parts.append(_rectangle((start, y - 8, max(end, start + 1), y), _LABEL, "#c8e6c9"))
    for alert in clip["opened"]:
        at = x(alert["media_time_s"])
        parts.append(f'<circle cx="{at:.1f}" cy="{y:.1f}" r="4" fill="{_colour(alert)}"/>')
        parts.append(f'<text x="{at:.1f}" y="{y - 12:.1f}" text-anchor="middle">{alert["media_time_s"]:.1f} s</text>')
    parts.append(f'<text x="0" y="{y + 14:.1f}">0 s</text>')
    parts.append(f'<text x="{_WIDTH:g}" y="{y + 14:.1f}" text-anchor="end">{duration_s:.0f} s</text>')
    return parts


def _colour(alert: Mapping[str, Any]) -> str:
    return _RIGHT if alert["verdict"] == "found" else _ALERT


def _scaled(box: Sequence[float], scale: float) -> tuple[float, float, float, float]:
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale


def _rectangle(corners: tuple[float, float, float, float], stroke: str, fill: str, *, dashed: bool = False) -> str:
    x1, y1, x2, y2 = corners
    dashes = ' stroke-dasharray="4 2"' if dashed else ""
    place = f'x="{x1:.1f}" y="{y1:.1f}" width="{x2 - x1:.1f}" height="{y2 - y1:.1f}"'
    return f'<rect {place} stroke="{stroke}" fill="{fill}"{dashes}/>'
