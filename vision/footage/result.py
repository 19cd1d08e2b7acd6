"""What an analysis gives, as JSON that can be stored and read again, and as GeoJSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from vision.geometry import Box

Json = dict[str, Any]
T = TypeVar("T")

SCHEMA = "talaia.footage/1"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the video, seconds from its first picture, and what the telemetry's clock said then (RFC 3339)."""

    time_s: float
    time_utc: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that a person should look at. Never called dumping: a person says so or not."""

    number: int
    """Its rank, from 1."""
    kind: str
    """What it is known by: `unusual` patch, `detected` by the model, or `changed` since the last flight."""
    label: str | None
    """The model's, where it has one."""
    lat: float
    lon: float
    ce90_m: float
    covariance_m2: tuple[float, float, float]
    """Of the place: east, both, north."""
    depression_deg: float
    """Of the best look."""
    method: str
    confidence: float
    """That something lies there, 0 to 1."""
    score: float
    """By which candidates are ranked, 0 to 1: confidence, and how little it looks like what belongs there."""
    reasons: tuple[str, ...]
    """Codes, see docs/design/footage.md: what speaks for and against it."""
    first: Moment
    best: Moment
    last: Moment
    box: Box
    """In the best picture, 0..1."""
    looks: int
    looks_possible: int
    """In so many pictures its place could be seen."""
    size_m: tuple[float, float]
    """Length and width on the ground."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A vehicle or a person, one by its track on the ground; nobody is identified."""

    label: str
    lat: float
    lon: float
    ce90_m: float
    first: Moment
    last: Moment
    moved: bool
    looks: int


@dataclass(frozen=True, slots=True)
class Covered:
    """Where people or vehicles are in one picture, to be made unrecognisable."""

    time_s: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A stretch of the video that gave nothing, and why."""

    from_s: float
    to_s: float
    reason: str
    looks: int


@dataclass(frozen=True, slots=True)
class Synchrony:
    """How the telemetry's times were laid on the video's."""

    offset_s: float
    """Added to the telemetry's times."""
    quality: float | None
    """Of the check against the picture's motion, 0 to 1; None where the motion told nothing."""
    how: str
    """`start`: both begin together; `clocks`: by the time of day; `motion`: by the picture's motion."""
    checked_offset_s: float | None = None
    """What the picture's motion said, also where it was not believed."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done with the footage."""

    duration_s: float
    width_px: int
    height_px: int
    looks: int
    synchrony: Synchrony
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    vehicles: int
    people: int
    covered_m2: float
    seconds: dict[str, float] = field(default_factory=dict)
    """Work by stage, of all threads together."""


@dataclass(frozen=True, slots=True)
class FootageResult:
    """Everything; `from_json(to_json())` gives it back."""

    candidates: tuple[Candidate, ...]
    counted: tuple[Counted, ...]
    hidden: tuple[Covered, ...]
    """People and vehicles in the pictures that were looked at; never findings."""
    coverage: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    """Polygons of ground looked at: rings of (lon, lat), the first one outside, closed."""
    summary: Summary

    def to_json(self) -> Json:
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, stored: Json) -> FootageResult:
        """Raise ValueError for what `to_json` did not write."""
        if stored.get("schema") != SCHEMA:
            raise ValueError(f"got the schema {stored.get('schema')!r}; allowed: {SCHEMA}")
        try:
            summary = dict(stored["summary"])
            summary["synchrony"] = read(Synchrony, summary["synchrony"])
            summary["skipped"] = tuple(read(Skipped, each) for each in summary["skipped"])
            return cls(
                tuple(_candidate(each) for each in stored["candidates"]),
                tuple(_with_moments(Counted, each) for each in stored["counted"]),
                tuple(Covered(each["time_s"], tuple(_box(box) for box in each["boxes"])) for each in stored["hidden"]),
                tuple(
                    tuple(tuple((float(lon), float(lat)) for lon, lat in ring) for ring in polygon)
                    for polygon in stored["coverage"]
                ),
                read(Summary, summary),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"is no result of an analysis: {error}") from None

    def to_geojson(self) -> Json:
        """A FeatureCollection: candidates as points, coverage as polygons, what was refused in `summary`."""
        features = [_candidate_feature(one) for one in self.candidates]
        features += [
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[list(point) for point in ring] for ring in polygon]},
                "properties": {"feature": "coverage"},
            }
            for polygon in self.coverage
        ]
        return {"type": "FeatureCollection", "features": features, "summary": asdict(self.summary)}


def read(kind: type[T], stored: Json) -> T:
    """A dataclass of this module from its own JSON; lists become tuples."""
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # each of them is a dataclass
    return kind(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in stored.items() if key in names}
    )


def _with_moments(kind: type[T], stored: Json) -> T:
    moments: Json = {key: read(Moment, stored[key]) for key in ("first", "best", "last") if key in stored}
    return read(kind, {**stored, **moments})


def _candidate(stored: Json) -> Candidate:
    return _with_moments(Candidate, {**stored, "box": _box(stored["box"])})


def _box(stored: Any) -> Box:
    x1, y1, x2, y2 = (float(value) for value in stored)
    return x1, y1, x2, y2


def _candidate_feature(one: Candidate) -> Json:
    plain = asdict(one)
    moments = {f"{name}_{key}": value for name in ("first", "best", "last") for key, value in plain.pop(name).items()}
    lat, lon = plain.pop("lat"), plain.pop("lon")
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": {"feature": "candidate", **plain, **moments},
    }
