"""What the messages of one aircraft have told so far, each of them a part, and the sample that follows from all."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vision.telemetry import quality
from vision.telemetry.sample import Place, Sample

if TYPE_CHECKING:
    from datetime import datetime

    from vision.telemetry.sample import UtcSource


@dataclass(slots=True)
class Aircraft:
    """Of logs and links that tell position, attitude and gimbal apart from one another."""

    known: Sample = field(default_factory=lambda: Sample(row=0))

    def attitude(self, yaw_deg: float | None, pitch_deg: float | None, roll_deg: float | None) -> None:
        self.known.platform_yaw_deg = quality.degrees(yaw_deg)
        self.known.platform_pitch_deg = quality.degrees(pitch_deg)
        self.known.platform_roll_deg = quality.degrees(roll_deg)

    def gimbal(
        self, yaw_deg: float | None, pitch_deg: float | None, roll_deg: float | None, *, of_earth: bool = True
    ) -> None:
        """A yaw that is not of the Earth counts from the nose, and is unknown where that is."""
        self.known.gimbal_pitch_deg, self.known.gimbal_roll_deg = quality.degrees(pitch_deg), quality.degrees(roll_deg)
        if yaw_deg is not None and not of_earth:
            nose = self.known.platform_yaw_deg
            yaw_deg = None if nose is None else yaw_deg + nose
        self.known.gimbal_yaw_deg = quality.degrees(yaw_deg)

    def took_off(self, lat: float, lon: float, abs_alt_m: float | None) -> None:
        if quality.place_fault(lat, lon) is None:
            self.known.home = Place(lat, lon, abs_alt_m)

    def at(
        self,
        row: int,
        lat: float | None,
        lon: float | None,
        *,
        time_s: float | None = None,
        time_utc: datetime | None = None,
        utc_source: UtcSource | None = None,
        abs_alt_m: float | None = None,
        rel_alt_m: float | None = None,
    ) -> Sample:
        """The sample of a message that tells where it is."""
        return replace(
            self.known,
            row=row,
            lat=lat,
            lon=lon,
            time_s=time_s,
            time_utc=time_utc,
            utc_source=utc_source,
            abs_alt_m=quality.height(abs_alt_m),
            rel_alt_m=quality.height(rel_alt_m),
        )
