"""Three memories of every pixel: the long-term background, what stands on it, and what was just seen.

    picture / gain --+--> near background? ---> background learns slowly
                     +--> near static layer? -> the static layer stays
                     +--> else ---------------> newcomer: a colour and when it came;
                                                after `_PROMOTE_S` in sight it becomes the static layer

All colours are kept in the light of the background, so that a cloud or automatic exposure changes only the gain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision import illumination, registration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LEARN_FIRST_S = 1.0
"""An unknown pixel's colour becomes background after so long in sight."""
_LEARN_S = 20.0
"""Time constant of the background."""
_STATIC_LEARN_S = 5.0
_NEWCOMER_LEARN_S = 1.0
_NOISE_LEARN_S = 10.0
_PROMOTE_S = 1.2
"""A newcomer in sight for so long stands still."""
_CLEAR_S = 0.8
"""A static pixel that shows the background for so long is empty again."""
_SETTLE_S = 60.0
"""Time constant with which the background takes over the picture's gain."""
_SETTLE_EVERY_S = 5.0
_GUARD_PX = 7
"""Around static pixels nothing is learned: else dark bags melt into the ground from their edges."""

_WEAK_MIN, _WEAK_NOISE = 8.0, 3.0
_STRONG_MIN, _STRONG_NOISE = 16.0, 5.0
_DIFFERENCE_MAX = 45.0
"""Grey levels. A pixel is background below max(weak), certainly not above max(strong), never above the last one."""
_FULL = 250.0
_OVEREXPOSED_SHARE = 0.08
"""So much of the picture is lost in its brightest grey level after the light rose: more than a thing that shines."""
_SAME_COLOUR = 12.0
_NOISE_START = 2.0
_HOLD_SHARE = 0.45
_HOLD_S = 3.0
"""So much of the picture changed at once is light or a moved camera: wait, then learn afresh."""
_RESUMED_HOLD_SHARE, _RESUMED_S = 0.3, 6.0
"""For so long after an interruption less is enough: the camera may hang differently."""
_STEP_MAX_S = 10.0
"""The longest time that counts between two pictures: while nothing moves they come so seldom."""
_KNOWN_SHARE = 0.5
_NOISE_SCALE = 16.0
_MEMORY_VERSION = 1


class PixelLayers:
    """The layers of one camera's picture at analysis size."""

    def __init__(self, shape: tuple[int, int]) -> None:
        """Make empty layers of shape (height_px, width_px)."""
        self.shape = shape
        colour = (*shape, 3)
        self.image = np.zeros(colour, np.float32)
        """The newest picture, in the light of the background."""
        self.background = np.zeros(colour, np.float32)
        self.known = np.zeros(shape, np.bool_)
        self.learned_at_s = np.full(shape, -np.inf, np.float32)
        self.static = np.zeros(colour, np.float32)
        self.has_static = np.zeros(shape, np.bool_)
        self.born_s = np.zeros(shape, np.float32)
        """When the static colour came to stand there."""
        self.difference = np.zeros(shape, np.float32)
        """Of the newest picture from the background, the largest channel's."""
        self.foreground = np.zeros(shape, np.bool_)
        self.strong = np.full(shape, _STRONG_MIN, np.float32)
        self.weak = np.full(shape, _WEAK_MIN, np.float32)
        self.shows_static = np.zeros(shape, np.bool_)
        self.held = False
        """The whole picture changed: nothing was learned or judged from it."""
        self.restarted = False
        """It went on too long and everything was forgotten."""
        self._gain = illumination.GainMap()
        self._registration = registration.Registration()
        self._resumed_s: float | None = None
        self._noise = np.full(shape, _NOISE_START, np.float32)
        self._newcomer = np.zeros(colour, np.float32)
        self._came_s = np.zeros(shape, np.float32)
        self._newcomer_seen_s = np.zeros(shape, np.float32)
        self._background_seen_s = np.zeros(shape, np.float32)
        self._held_since_s: float | None = None
        self._last_s: float | None = None
        self._unsettled_s = 0.0

    def update(
        self, picture: NDArray[np.uint8], now_s: float, occupied: NDArray[np.bool_], things: NDArray[np.bool_]
    ) -> None:
        """Take in a BGR picture of this shape; masks say where people and vehicles are, and things that were left."""
        step_s = 0.0 if self._last_s is None else min(now_s - self._last_s, _STEP_MAX_S)
        soft = np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)
        image = self._steady(soft, occupied | things, now_s).astype(np.float32)
        if self._last_s is None:
            self._resumed_s = now_s
        self._last_s = now_s
        self._gain.update(image, self.background, self._shows_light(occupied, things), step_s)
        self.image = self._gain.remove(image)
        self._restore_overexposed(image)
        self._compare()
        self.restarted = self._hold(now_s)
        if self.held:
            return
        self._follow_newcomers(now_s, step_s)
        self._learn_first(now_s, occupied)
        self._promote(occupied)
        self._clear(step_s)
        self._learn(step_s, occupied)

    def _steady(self, picture: NDArray[np.uint8], covered: NDArray[np.bool_], now_s: float) -> NDArray[np.uint8]:
        """The picture held to the background, or at first, with little of that known, to the pictures before it."""
        if self.known.mean() >= _KNOWN_SHARE:
            ground = self.known & ~covered & ~self.has_static
            return self._registration.steady(picture, self.background, ground, now_s)
        if self._last_s is None:
            return picture
        self._registration.forget()
        return self._registration.steady(picture, self._newcomer, ~covered, now_s)

    @property
    def shift_px(self) -> tuple[float, float]:
        """By how much the newest picture was off its place, across and down."""
        return self._registration.shift_px

    def resumed(self) -> PixelLayers:
        """Layers with this background, for the same view after an interruption."""
        layers = PixelLayers(self.shape)
        layers.background, layers.known = self.background.copy(), self.known.copy()
        layers.learned_at_s[layers.known] = -np.inf
        layers._noise = self._noise.copy()
        return layers

    def remember(self) -> dict[str, NDArray[np.generic]]:
        """What `recalled` takes, as small arrays of bytes."""
        noise = np.clip(self._noise * _NOISE_SCALE, 0, 255).astype(np.uint8)
        light = np.clip(self.background, 0, 255).astype(np.uint8)
        return {
            "version": np.array(_MEMORY_VERSION),
            "background": _packed(light),
            "known": _packed(self.known.astype(np.uint8)),
            "noise": _packed(noise),
        }

    @classmethod
    def recalled(cls, memory: Mapping[str, NDArray[np.generic]]) -> PixelLayers:
        """Layers with the background that `remember` gave.

        Raises:
            ValueError: it is damaged or of another version.
            KeyError: a part of it is missing.
        """
        if int(memory["version"]) != _MEMORY_VERSION:
            raise ValueError(f"version {int(memory['version'])} of a background is not known")
        light, known, noise = (_unpacked(memory[name]) for name in ("background", "known", "noise"))
        if light.ndim != 3 or known.shape != light.shape[:2] or noise.shape != known.shape:  # noqa: PLR2004 - colour
            raise ValueError("the parts of a background are of different sizes")
        layers = cls((known.shape[0], known.shape[1]))
        layers.background = light.astype(np.float32)
        layers.known = known > 0
        layers._noise = noise.astype(np.float32) / _NOISE_SCALE
        return layers

    def forget_since(self, area: tuple[slice, slice], since_s: float) -> None:
        """Forget what was learned within rows and columns since a moment."""
        recent = np.zeros(self.shape, np.bool_)
        recent[area] = self.known[area] & (self.learned_at_s[area] >= since_s)
        self.forget(recent)

    def forget(self, area: NDArray[np.bool_]) -> None:
        """Make the background unknown in an area."""
        self.known[area] = False
        self.has_static[area] = False
        self._background_seen_s[area] = 0.0

    def absorb(self, area: NDArray[np.bool_], now_s: float) -> None:
        """Take the static layer for background in an area: bare ground, light, or nothing of interest."""
        area = area & self.has_static
        self.background[area] = self.static[area]
        self.learned_at_s[area] = now_s
        self.has_static[area] = False

    def _restore_overexposed(self, picture: NDArray[np.float32]) -> None:
        """A channel at the top of its range is at least so bright: what was known to be brighter there still is."""
        full = picture >= _FULL
        if np.count_nonzero(full) >= _OVEREXPOSED_SHARE * self.shape[0] * self.shape[1]:
            before = np.where(self.has_static[..., None], self.static, self.background)
            darker = full & (before > self.image + _WEAK_MIN)
            if darker.any(axis=2).mean() >= _OVEREXPOSED_SHARE:
                np.copyto(self.image, before, where=full & (before > self.image))

    def _compare(self) -> None:
        stretch = self._gain.stretch(self.shape)
        self.weak = np.minimum(np.maximum(_WEAK_MIN, _WEAK_NOISE * self._noise + 2.0) * stretch, _DIFFERENCE_MAX)
        self.strong = np.minimum(np.maximum(_STRONG_MIN, _STRONG_NOISE * self._noise + 4.0) * stretch, _DIFFERENCE_MAX)
        self.difference = largest_channel(self.image, self.background)
        self.foreground = self.known & (self.difference > self.weak)
        self._leave_out_border()
        self.shows_static = self.has_static & (largest_channel(self.image, self.static) <= self.weak + 4.0)

    def _leave_out_border(self) -> None:
        """What a picture that was moved back to its place does not show is as it was."""
        across, down = self._registration.shift_px
        columns, rows = int(np.ceil(abs(across))), int(np.ceil(abs(down)))
        if columns:
            self.foreground[:, -columns - 1 :] = False
            self.foreground[:, : columns + 1] = False
        if rows:
            self.foreground[-rows - 1 :] = False
            self.foreground[: rows + 1] = False

    @property
    def unsettled(self) -> NDArray[np.bool_]:
        """Pixels that show neither the background nor what stands on it."""
        return self.foreground & ~self.shows_static

    def _shows_light(self, occupied: NDArray[np.bool_], things: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Pixels whose change tells of the light: not where anything moves, but where a change stays.

        Unless it is known for a thing; else a cloud's shadow would keep itself from being learned.
        """
        return self.known & ~occupied & ~things & (~self.foreground | self.has_static)

    def _hold(self, now_s: float) -> bool:
        changed = self.known & (self.difference > self.strong) & ~self.shows_static
        fresh = self._resumed_s is not None and now_s - self._resumed_s < _RESUMED_S
        share = _RESUMED_HOLD_SHARE if fresh else _HOLD_SHARE
        self.held = bool(np.count_nonzero(changed) > share * changed.size)
        if not self.held:
            self._held_since_s = None
        elif self._held_since_s is None:
            self._held_since_s = now_s
        elif now_s - self._held_since_s >= _HOLD_S:
            self.forget(np.ones(self.shape, np.bool_))
            self._gain = illumination.GainMap()
            self._registration.forget()
            self._newcomer_seen_s[:] = 0.0
            self._held_since_s, self.held = None, False
            return True
        return False

    def _follow_newcomers(self, now_s: float, step_s: float) -> None:
        same = largest_channel(self.image, self._newcomer) <= np.maximum(_SAME_COLOUR, self.weak)
        other = ~same
        self._newcomer_seen_s += np.float32(step_s)
        self._newcomer_seen_s[other] = 0.0
        self._came_s[other] = now_s
        _follow(self._newcomer, self.image, same, _weight(step_s, _NEWCOMER_LEARN_S))
        _follow(self._newcomer, self.image, other, 1.0)

    def _learn_first(self, now_s: float, occupied: NDArray[np.bool_]) -> None:
        fresh = ~self.known & ~occupied & (self._newcomer_seen_s >= _LEARN_FIRST_S)
        if fresh.any():
            self.background[fresh] = self._newcomer[fresh]
            self.known |= fresh
            self.learned_at_s[fresh] = now_s
            self.difference[fresh] = 0.0
            self.foreground[fresh] = False

    def _promote(self, occupied: NDArray[np.bool_]) -> None:
        stays = self.foreground & ~self.shows_static & ~occupied & (self._newcomer_seen_s >= _PROMOTE_S)
        if stays.any():
            self.static[stays] = self._newcomer[stays]
            self.born_s[stays] = self._came_s[stays]
            self.has_static |= stays
            self.shows_static |= stays

    def _clear(self, step_s: float) -> None:
        bare = self.known & ~self.foreground
        self._background_seen_s += np.float32(step_s)
        self._background_seen_s[~bare] = 0.0
        self.has_static &= ~(bare & (self._background_seen_s >= _CLEAR_S))

    def _learn(self, step_s: float, occupied: NDArray[np.bool_]) -> None:
        guard = cv2.dilate(self.has_static.astype(np.uint8), np.ones((_GUARD_PX, _GUARD_PX), np.uint8)) > 0
        free = self.known & ~occupied & ~guard
        _follow(self.background, self.image, free & ~self.foreground, _weight(step_s, _LEARN_S))
        _follow(
            self._noise, self.difference, free & (self.difference < _DIFFERENCE_MAX), _weight(step_s, _NOISE_LEARN_S)
        )
        _follow(self.static, self.image, self.shows_static, _weight(step_s, _STATIC_LEARN_S))
        self._unsettled_s += step_s
        if self._unsettled_s >= _SETTLE_EVERY_S:
            self._settle(_weight(self._unsettled_s, _SETTLE_S))
            self._unsettled_s = 0.0

    def _settle(self, share: float) -> None:
        """Move the layers a little towards the light of the picture, so that the gain stays near 1."""
        given = self._gain.settle(share)
        self.background *= given
        self.static *= given
        self._newcomer *= given


def _packed(layer: NDArray[np.uint8]) -> NDArray[np.generic]:
    """As the bytes of a PNG."""
    _, png = cv2.imencode(".png", layer)
    return np.asarray(png).reshape(-1)


def _unpacked(png: NDArray[np.generic]) -> NDArray[np.uint8]:
    try:
        layer = cv2.imdecode(png.astype(np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        layer = None
    if layer is None:
        raise ValueError("a part of a background is damaged")
    return np.asarray(layer, np.uint8)


def _weight(step_s: float, constant_s: float) -> float:
    return 1.0 - float(np.exp(-step_s / constant_s))


def _follow(layer: NDArray[np.float32], source: NDArray[np.float32], where: NDArray[np.bool_], weight: float) -> None:
    """Move a layer towards a source in place, there only."""
    cv2.accumulateWeighted(source, layer, weight, mask=where.view(np.uint8))


def largest_channel(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Difference of two pictures, the largest channel's; to a grey level, which is five times quicker than exactly."""
    blue, green, red = cv2.split(cv2.absdiff(cv2.convertScaleAbs(one), cv2.convertScaleAbs(other)))
    return cv2.max(cv2.max(blue, green), red).astype(np.float32)
