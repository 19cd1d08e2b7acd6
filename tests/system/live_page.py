"""The page of one live picture, with its aircraft on the map beside it, as somebody reads it off the screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from playwright.sync_api import expect

from benchmarks import town as towns

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

WITHIN_S = 120
_MS = 1000 * WITHIN_S
_PLACE = re.compile(r"(-?\d+),(\d+); (-?\d+),(\d+)")
"""As Catalan writes it."""
_BARE = ".over, .controls, .scale { visibility: hidden !important; }"
_ACCENT = "() => getComputedStyle(document.querySelector('[data-testid=drone-map] .drone')).color"
_TEXTS = "(names) => names.map((name) => document.querySelector(`[data-testid=drone-${name}]`)?.innerText ?? '')"
_ALIKE = 40
"""Of 255, in each colour: edges are smoothed."""
_BESIDE_MARK_PX = 30
"""The drone's way begins there, in the same colour."""


@dataclass(frozen=True)
class Drawn:
    """What is dashed on the map to the north of the drone: what its camera films."""

    pixels: int
    ahead_px: float
    """How far from the drone its middle is."""


class LivePage:
    """`path`: of the page, below `/live`."""

    def __init__(self, page: Page, path: str) -> None:
        self._page = page
        self._path = path

    def open(self) -> None:
        """Until the picture moves and the map stands beside it."""
        self._page.goto(f"/live/{self._path}")
        self.plays()
        self._page.wait_for_selector("[data-testid=drone-map] [data-testid=map][data-ready=true]", timeout=_MS)

    def plays(self) -> None:
        expect(self.picture).to_have_attribute("data-phase", "live", timeout=_MS)
        before = self.pictures()
        towns.wait_for(lambda: self.pictures() not in {0, before}, WITHIN_S, "a new picture")

    @property
    def picture(self) -> Locator:
        return self._page.get_by_test_id("live-view").get_by_test_id("picture")

    def says(self, name: str) -> Locator:
        return self._page.get_by_test_id(f"drone-{name}")

    def pictures(self) -> int:
        """So many were shown, of the connection that stands: each counts anew."""
        video = "document.querySelector('[data-testid=live-view] [data-testid=live-video]')"
        return int(self._page.evaluate(f"() => {video}.getVideoPlaybackQuality().totalVideoFrames"))

    def place(self) -> tuple[float, float]:
        """lat, lon."""
        found = _PLACE.search(self.says("place").inner_text())
        assert found is not None
        return float(f"{found[1]}.{found[2]}"), float(f"{found[3]}.{found[4]}")

    def follow(self, changes: int) -> dict[str, list[str]]:
        """What is said while it moves so many times, each fact as often as it changed."""
        said: dict[str, list[str]] = {name: [] for name in ("place", "height", "gimbal", "looks")}

        def has_moved() -> bool:
            for (name, words), now in zip(list(said.items()), self._page.evaluate(_TEXTS, list(said)), strict=True):
                if words[-1:] != [now]:
                    said[name] = [*words, now]
            return len(said["place"]) > changes

        towns.wait_for(has_moved, WITHIN_S, "a drone that moves")
        return said

    def drawn(self) -> Drawn:
        """Its ground as it is drawn now; the map stands still between two positions."""
        return towns.wait_for(self._drawn, WITHIN_S, "the ground in the picture on the map")  # type: ignore[no-any-return]

    def _drawn(self) -> Drawn | None:
        chart = self._page.get_by_test_id("drone-map")
        mark, box = self._mark(), chart.bounding_box()
        shot = cv2.imdecode(np.frombuffer(chart.screenshot(style=_BARE), np.uint8), cv2.IMREAD_COLOR)
        if box is None or shot is None or mark != self._mark():
            return None
        red, green, blue = (int(each) for each in re.findall(r"\d+", self._page.evaluate(_ACCENT))[:3])
        ahead = shot[: max(0, round(mark[1] - box["y"]) - _BESIDE_MARK_PX)]
        rows, _ = np.nonzero((np.abs(ahead.astype(int) - (blue, green, red)) < _ALIKE).all(axis=2))
        return Drawn(len(rows), mark[1] - box["y"] - float(rows.mean())) if len(rows) else None

    def _mark(self) -> tuple[float, float]:
        at = self._page.locator("[data-testid=drone-map] [data-testid=drone] svg").bounding_box()
        return (0.0, 0.0) if at is None else (at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)

    def photograph(self, folder: Path, name: str, sizes: dict[str, tuple[int, int]]) -> None:
        """At each size."""
        for size, (width, height) in sizes.items():
            self._page.set_viewport_size({"width": width, "height": height})
            self._page.wait_for_timeout(2500)
            self._page.screenshot(path=folder / f"{name}-{size}.png")
