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
