"""How the light of a picture differs from that of the background, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS, _COLUMNS = 6, 8
_SAMPLE_PX = 4
"""Every fourth pixel in both directions is enough for a median."""
_DARK = 12.0
"""Grey levels below which a ratio says more about noise than about light."""
_GAIN_MIN, _GAIN_MAX = 0.2, 5.0
_LOCAL_MIN, _LOCAL_MAX = 0.55, 1.8
"""A cell's gain relative to the picture's: a deep cloud shadow, not an object that fills the cell."""
_CELL_SHARE_MIN = 0.3
"""A cell with fewer valid samples takes the picture's gain."""
_PICTURE_SHARE_MIN = 0.08
_LOCAL_S = 1.0
"""Time constant of the local part; the picture's own gain (automatic exposure, a switched lamp) follows at once."""


class GainMap:
    """Ratio of picture to background: one gain a channel for the picture, times one a cell of a 6 x 8 grid."""

    def __init__(self) -> None:
        self.picture = np.ones(3, np.float32)
        self._local = np.ones((_ROWS, _COLUMNS), np.float32)
        self._begun = False

    def update(
        self,
        image: NDArray[np.float32],
        background: NDArray[np.float32],
        valid: NDArray[np.bool_],
        step_s: float,
    ) -> None:
        """Estimate from the pixels that show the background; too few of them leave the gain as it was."""
        sample = (slice(None, None, _SAMPLE_PX), slice(None, None, _SAMPLE_PX))
        image, background = image[sample], background[sample]
        valid = valid[sample] & (background.min(axis=2) > _DARK) & (image.max(axis=2) < 250)  # noqa: PLR2004 - saturated
        if valid.mean() < _PICTURE_SHARE_MIN:
            return
        ratios = image[valid] / background[valid]
        medians = [_median(ratios[:, channel]) for channel in range(3)]
        self.picture = np.clip(np.array(medians, np.float32), _GAIN_MIN, _GAIN_MAX)
        luma = np.full(valid.shape, np.nan, np.float32)
        luma[valid] = (ratios / self.picture).mean(axis=1)
        weight = 1.0 - float(np.exp(-step_s / _LOCAL_S)) if self._begun else 1.0
        self._begun = True
        # Light changes over wide areas: the median of neighbouring cells leaves out an object that fills one.
        self._local += weight * (cv2.medianBlur(_cell_medians(luma), 3) - self._local)

    def remove(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """The picture as it would be in the light of the background."""
        inverse = self._inverse_local(image.shape)
        planes = [inverse / float(gain) for gain in self.picture]
        return np.asarray(cv2.multiply(image, cv2.merge(planes)), np.float32)

    def stretch(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """By how much `remove` stretches each pixel of a dark picture, and its noise with it; at least 1."""
        return np.asarray(np.maximum(self._inverse_local(shape) / float(self.picture.mean()), 1.0), np.float32)

    def _inverse_local(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        inverse = cv2.resize(1.0 / self._local, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.asarray(inverse, np.float32)

    def settle(self, share: float) -> NDArray[np.float32]:
        """Give up a share of the picture's gain, which the caller puts into the background instead."""
        given = np.power(self.picture, share).astype(np.float32)
        self.picture = self.picture / given
        return given


def _median(samples: NDArray[np.float32]) -> float:
    middle = samples.size // 2
    return float(np.partition(samples, middle)[middle])


def _cell_medians(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of each cell's valid samples (NaN marks the others), 1 where they are few."""
    cells = np.ones((_ROWS, _COLUMNS), np.float32)
    for row, band in enumerate(np.array_split(luma, _ROWS, axis=0)):
        for column, cell in enumerate(np.array_split(band, _COLUMNS, axis=1)):
            samples = cell[~np.isnan(cell)]
            if samples.size >= _CELL_SHARE_MIN * cell.size:
                cells[row, column] = _median(samples)
    return np.clip(cells, _LOCAL_MIN, _LOCAL_MAX)
