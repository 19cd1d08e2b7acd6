"""Boxes and polygons in the picture, in 0..1 of its width and height, x to the right and y down."""

from __future__ import annotations

from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""(x1, y1, x2, y2) with x1 <= x2 and y1 <= y2."""

Point: TypeAlias = tuple[float, float]


def area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def overlap(one: Box, other: Box) -> float:
    """Area of the intersection."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def iou(one: Box, other: Box) -> float:
    """Intersection over union, 0 where both are empty."""
    common = overlap(one, other)
    union = area(one) + area(other) - common
    return common / union if union > 0 else 0.0


def centre(box: Box) -> Point:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def foot(box: Box) -> Point:
    """Where something that stands touches the ground: the middle of the lower edge."""
    return (box[0] + box[2]) / 2, box[3]


def inside(point: Point, polygon: list[Point]) -> bool:
    """Whether the point lies in the polygon (even-odd rule)."""
    x, y = point
    within = False
    for (x1, y1), (x2, y2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within


def crosses(from_point: Point, to_point: Point, line_from: Point, line_to: Point) -> bool:
    """Whether the way between two points leads over the line between two others."""
    return (
        _turn(line_from, line_to, from_point) * _turn(line_from, line_to, to_point) <= 0
        and _turn(from_point, to_point, line_from) * _turn(from_point, to_point, line_to) <= 0
    )


def _turn(one: Point, other: Point, third: Point) -> float:
    return (other[0] - one[0]) * (third[1] - one[1]) - (other[1] - one[1]) * (third[0] - one[0])


def near(one: Box, other: Box, widths: float, heights: float) -> bool:
    """Whether their centres lie within so many widths and heights of the larger."""
    width = max(one[2] - one[0], other[2] - other[0])
    height = max(one[3] - one[1], other[3] - other[1])
    (x1, y1), (x2, y2) = centre(one), centre(other)
    return abs(x1 - x2) <= widths * width and abs(y1 - y2) <= heights * height


def polygon_area(polygon: list[Point]) -> float:
    corners = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in corners)) / 2


def bounds(points: list[Point]) -> Box:
    across, down = [point[0] for point in points], [point[1] for point in points]
    return min(across), min(down), max(across), max(down)
