"""A pixel of a picture put on the ground, with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from vision.georeference import errors, globe
from vision.georeference.camera import Camera, OutsideLensError
from vision.georeference.errors import LASTING, SOURCES, Covariance, Floats, Sigmas
from vision.georeference.ground import FlatGround, Ground, Plane
from vision.georeference.pose import Pose, RefusedError

DEPRESSION_DEG_MIN = 15.0
"""Below this the error grows without measure: refused."""
_GRAZING_DEG_MIN = 5.0
HEIGHT_M_MIN = 1.0
_STEPS = np.array([0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 1e-4, 0.1, 0.1, 0.01, 0.01, 0.1, 0.1])
"""For derivatives, in the units of `errors.SOURCES`."""


@dataclass(frozen=True, slots=True)
class Bias:
    """What is known of a flight's lasting errors: what to add to each source, and how sure that is."""

    offsets: Floats
    covariance: Floats
    """Of the lasting sources."""
    points: int = 1


@dataclass(frozen=True, slots=True)
class View:
    """One picture: everything that a pixel's place depends on."""

    camera: Camera
    pose: Pose
    ground: Ground = field(default_factory=FlatGround)
    sigmas: Sigmas = field(default_factory=Sigmas)
    bias: Bias | None = None
    notes: tuple[str, ...] = ()
    """For `Placed.method`."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A claimed place. `jacobian`: metres east and north a unit of each source."""

    lat: float
    lon: float
    depression_deg: float
    method: str
    covariance: Covariance
    jacobian: Floats
    sigmas: Floats
    """One standard deviation of each source."""

    @property
    def ce90_m(self) -> float:
        return self.covariance.ce90_m


def locate(view: View, x_px: float, y_px: float) -> Placed:
    """Raise RefusedError."""
    pose = view.pose
    if not view.camera.holds(x_px, y_px):
        size = f"{view.camera.width_px} x {view.camera.height_px}"
        raise RefusedError(f"the point lies outside the picture of {size} px")
    if pose.height_m < HEIGHT_M_MIN:
        raise RefusedError(f"the drone is {pose.height_m:.1f} m above take-off, less than {HEIGHT_M_MIN:g}")
    offsets = np.zeros(len(SOURCES)) if view.bias is None else view.bias.offsets
    try:
        ray = _rays(view, x_px, y_px, offsets[None, :])[0]
        depression = _depression_deg(ray)
        plane = _plane_below(view, ray, offsets)
        both = np.concatenate([np.zeros((1, len(SOURCES))), np.diag(_STEPS), np.diag(-_STEPS)]) + offsets
        points = _meets(_rays(view, x_px, y_px, both), pose, plane, both)
    except OutsideLensError:
        raise RefusedError("the point lies outside what the lens calibration covers") from None
    count = len(SOURCES)
    jacobian = ((points[1 : count + 1] - points[count + 1 :]) / (2 * _STEPS[:, None])).T
    east, north = float(points[0, 0]), float(points[0, 1])
    lat, lon = globe.moved((pose.lat, pose.lon), east, north)
    sigmas = _sigmas(view, math.hypot(east, north))
    covariance = Covariance.of(jacobian @ _source_covariance(sigmas, view.bias) @ jacobian.T)
    return Placed(lat, lon, depression, _method(view), covariance, jacobian, sigmas)


def _depression_deg(ray: Floats) -> float:
    depression = math.degrees(math.atan2(-ray[2], math.hypot(ray[0], ray[1])))
    if depression <= 0:
        raise RefusedError("the point looks at or above the horizon")
    if depression < DEPRESSION_DEG_MIN:
        raise RefusedError(f"the point looks {depression:.1f} degrees down, less than {DEPRESSION_DEG_MIN:g}")
    return depression


def _plane_below(view: View, ray: Floats, offsets: Floats) -> Plane:
    """About the drone's place as the telemetry has it, though the ray starts where the bias puts the drone."""
    name = dict(zip(SOURCES, offsets.tolist(), strict=True))
    lat, lon = globe.moved((view.pose.lat, view.pose.lon), name["east_m"], name["north_m"])
    height = view.pose.height_m + name["height_m"] - name["ground_m"]
    plane = view.ground.below(replace(view.pose, lat=lat, lon=lon, height_m=height), ray)
    _refuse_grazing(ray, plane)
    return replace(plane, east_m=plane.east_m + name["east_m"], north_m=plane.north_m + name["north_m"])


def _refuse_grazing(ray: Floats, plane: Plane) -> None:
    upright = np.array([-plane.slope_east, -plane.slope_north, 1.0])
    sine = -float(ray @ upright) / float(np.linalg.norm(ray) * np.linalg.norm(upright))
    if sine < math.sin(math.radians(_GRAZING_DEG_MIN)):
        raise RefusedError("the ray only grazes the ground")


def _rays(view: View, x_px: float, y_px: float, offsets: Floats) -> Floats:
    """Directions (east, north, up), one for each row of offsets."""
    camera, pose = view.camera, view.pose
    name = {source: offsets[:, place] for place, source in enumerate(SOURCES)}
    right, down = camera.towards(
        x_px + name["pixel_x_px"] - name["centre_x_px"],
        y_px + name["pixel_y_px"] - name["centre_y_px"],
        name["focal_share"],
    )
    late = name["time_s"]
    yaw = np.radians(pose.yaw_deg + name["yaw_deg"] + late * pose.rates[3])
    pitch = np.radians(pose.pitch_deg + name["pitch_deg"] + late * pose.rates[4])
    roll = np.radians(pose.roll_deg + name["roll_deg"] + late * pose.rates[5])
    rolled_right = right * np.cos(roll) - down * np.sin(roll)
    rolled_down = right * np.sin(roll) + down * np.cos(roll)
    forward = np.cos(pitch) + rolled_down * np.sin(pitch)
    below = rolled_down * np.cos(pitch) - np.sin(pitch)
    north = forward * np.cos(yaw) - rolled_right * np.sin(yaw)
    east = forward * np.sin(yaw) + rolled_right * np.cos(yaw)
    return np.stack([east, north, -below], axis=1)


def _meets(rays: Floats, pose: Pose, plane: Plane, offsets: Floats) -> Floats:
    """East and north of the drone where each ray meets the plane."""
    name = {source: offsets[:, place] for place, source in enumerate(SOURCES)}
    late = name["time_s"]
    east = name["east_m"] + late * pose.rates[0]
    north = name["north_m"] + late * pose.rates[1]
    height = pose.height_m + name["height_m"] + late * pose.rates[2]
    at_foot = plane.height_m + plane.slope_east * (east - plane.east_m) + plane.slope_north * (north - plane.north_m)
    sinks = plane.slope_east * rays[:, 0] + plane.slope_north * rays[:, 1] - rays[:, 2]
    along = (height - at_foot - name["ground_m"]) / sinks
    return np.stack([east + along * rays[:, 0], north + along * rays[:, 1]], axis=1)


def _sigmas(view: View, distance_m: float) -> Floats:
    camera = view.camera
    vector = view.sigmas.vector(
        width_px=camera.width_px,
        focal_share=camera.focal_sigma_share,
        centre_share=camera.centre_sigma_share,
        ground_m=view.ground.sigma_m(distance_m),
    )
    if view.pose.gnss_m is not None:
        vector[SOURCES.index("east_m")] = vector[SOURCES.index("north_m")] = view.pose.gnss_m
    return vector


def _source_covariance(sigmas: Floats, bias: Bias | None) -> Floats:
    whole = np.diag(sigmas**2)
    if bias is not None:
        drift = np.diag((1 - errors.LASTING_SHARE) * sigmas[:LASTING] ** 2)
        whole[:LASTING, :LASTING] = bias.covariance + drift
    return whole


def _method(view: View) -> str:
    parts = [f"{view.ground.name} at the height of {view.pose.height_over}", view.camera.name, *view.notes]
    if view.bias is not None:
        parts.append(f"corrected by {view.bias.points} known point{'s' if view.bias.points > 1 else ''}")
    return "; ".join(parts)
