"""While nothing moves only key frames are decoded, and nothing that moved is left out."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest

from edge.mask import Masks
from edge.source import Source, SourceSettings
from edge.source.attention import Attention
from edge.source.sizes import PacketSizes
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from vision.motion import MotionGate
from vision.zones import Zone

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.frame import Frame

FPS = 25
SECONDS = 40
COMES_S, GOES_S = 28.72, 32.0
_STREET = np.repeat(np.repeat(np.random.default_rng(1).integers(60, 200, (15, 20, 1), np.uint8), 8, 0), 8, 1)


def street(index: int) -> NDArray[np.uint8]:
    """Sensor noise on a still street, and somebody in dark who crosses it for some seconds."""
    rng = np.random.default_rng(index)
    image = np.clip(_STREET + rng.normal(0, 2, (clips.HEIGHT_PX, clips.WIDTH_PX, 1)), 0, 255).astype(np.uint8)
    image = np.repeat(image, 3, 2)
    if COMES_S <= index / FPS < GOES_S:
        x = 4 + round((index / FPS - COMES_S) * 30)
        image[50:90, x : x + 16] = 20 + 8 * (index % 3)
    return image


class Watched:
    """A file read as a camera is, with a motion gate in the place of the whole analysis."""

    def __init__(
        self, path: Path, idle: Literal["key_frames", "all"], *, waits: bool = False, zones: list[Zone] | None = None
    ) -> None:
        attention, gate = Attention(), MotionGate()
        settings = SourceSettings(location=str(path), analysis_fps=5.0, realtime=True, idle=idle)
        self.source = Source(settings, masks=Masks(zones or []), clock=HandClock(), stop=Event(), attention=attention)
        self.frames: list[Frame] = []
        self.moving_s: list[float] = []
        self.woken_s: list[float] = []
        for frame in self.source.frames():
            moving = gate.update(frame).region is not None
            attention.saw(frame.media_time_s, moving=moving, waits=waits)
            self.frames.append(frame)
            woken_at_s = self.source.idle.woken_at_s
            if woken_at_s is not None and woken_at_s not in self.woken_s:
                self.woken_s.append(woken_at_s)
            if moving:
                self.moving_s.append(frame.media_time_s)

    @property
    def times_s(self) -> list[float]:
        return [frame.media_time_s for frame in self.frames]


WAKES_WITHIN_S = 0.4


@pytest.fixture(scope="module", params=[(1, 0), (5, 0), (5, 2)], ids=["key 1 s", "key 5 s", "key 5 s, B frames"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    key_every_s, b_frames = request.param
    path = tmp_path_factory.mktemp("idle") / f"key-{key_every_s}-s{'-b' if b_frames else ''}.mp4"
    return clips.write(path, SECONDS * FPS, fps=FPS, gop=key_every_s * FPS, picture=street, b_frames=b_frames)


def test_it_sleeps_wakes_in_time_and_leaves_no_motion_out(clip: Path) -> None:
    every, idle = Watched(clip, "all"), Watched(clip, "key_frames")
    assert every.moving_s[0] == pytest.approx(COMES_S, abs=0.2)
    assert set(every.moving_s) <= set(idle.times_s)
    tally = idle.source.idle
    assert tally.woken_by_picture == 0
    assert [at_s for at_s in idle.woken_s if 0 <= at_s - COMES_S <= WAKES_WITHIN_S] != []
    assert len(idle.woken_s) == tally.woken_by_size <= 2
    assert tally.slept_s >= 5
    assert idle.source.frames_read < every.source.frames_read * 0.9


def test_pictures_come_in_order_with_the_time_at_which_their_packets_came(clip: Path) -> None:
    frames = Watched(clip, "key_frames").frames
    times = [frame.media_time_s for frame in frames]
    assert times == sorted(set(times))
    assert max(np.diff(times)) <= 10.0
    assert [(frame.captured_at - START).total_seconds() for frame in frames] == pytest.approx(times, abs=0.13)
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})


def test_it_stays_awake_while_a_rule_waits(clip: Path) -> None:
    watched = Watched(clip, "key_frames", waits=True)
    assert watched.source.idle.slept_s == 0
    assert watched.source.frames_read == SECONDS * FPS


def test_what_moves_behind_a_mask_is_not_for_it(tmp_path: Path) -> None:
    """The sizes tell of it, and a look sees nothing."""
    path = clips.write(tmp_path / "a.mp4", SECONDS * FPS, fps=FPS, gop=FPS, picture=street)
    zone = Zone(name="street", kind="mask", points=[(0, 0.3), (1, 0.3), (1, 0.9), (0, 0.9)])
    watched = Watched(path, "key_frames", zones=[zone])
    tally = watched.source.idle
    assert watched.moving_s == []
    assert tally.looks > 0
    assert (tally.woken_by_size, tally.woken_by_picture) == (0, 0)
    assert tally.slept_s > 12
    assert tally.looked_at < FPS * tally.slept_s / 2


def test_a_key_frame_that_differs_brings_the_whole_group_before_it(tmp_path: Path) -> None:
    """A deaf ear: all sizes alike, as of an encoder that fills its bit rate."""
    path = clips.write(tmp_path / "a.mp4", SECONDS * FPS, fps=FPS, gop=5 * FPS, picture=street)
    every = Watched(path, "all")
    with pytest.MonkeyPatch.context() as patch:
        hear = PacketSizes.hear
        patch.setattr(PacketSizes, "hear", lambda self, _size, pts_s: hear(self, 1000, pts_s))
        idle = Watched(path, "key_frames")
    assert (idle.source.idle.woken_by_size, idle.source.idle.woken_by_picture) == (0, 1)
    assert set(every.moving_s) <= set(idle.times_s)


def heard(sizes: PacketSizes, groups: int, size_of: NDArray[np.float64], *, still: bool = True) -> list[int]:
    """Over groups of 50 packets of 25 a second: at which packet of its group it told; each look is in vain."""
    told = []
    for group in range(groups):
        for number in range(1, 50):
            at_s = group * 2 + number / 25
            if sizes.hear(max(1, int(size_of[group * 50 + number])), at_s):
                told.append(number)
                sizes.looked(at_s, in_vain=True)
        sizes.key(group * 2 + 2.0, still=still)
    return told


LOOKED_AT_MOST = 0.02
"""Of a still street's pictures; where all are decoded that is half of what its key frames cost."""


def test_looks_at_noise_cost_little() -> None:
    rng = np.random.default_rng(3)
    sizes = PacketSizes()
    heard(sizes, 30, rng.lognormal(7, 0.3, 30 * 50))
    count = 2 * 1800 * 50
    assert sum(heard(sizes, count // 50, rng.lognormal(7, 0.3, count))) <= LOOKED_AT_MOST * count


def test_sizes_of_which_none_is_small_any_more_tell() -> None:
    """As of somebody who comes in slowly: none is larger than many were."""
    rng = np.random.default_rng(5)
    sizes = PacketSizes()
    heard(sizes, 60, rng.lognormal(7, 0.3, 60 * 50))
    sizes.key(0.0, still=True)
    middling = np.exp(7 + 0.3 * rng.uniform(0.4, 1.2, 50))
    assert 0 < min(heard(sizes, 1, middling), default=0) <= 40


def test_a_dear_look_takes_more_than_a_cheap_one() -> None:
    """Late in a long group of pictures much would have to be decoded."""
    rng = np.random.default_rng(6)
    grown = np.exp(7.25 + rng.normal(0, 0.3, 40))

    def needed(group: int, begins: int) -> int:
        sizes = PacketSizes()
        for whole in rng.lognormal(7, 0.3, (30, group)):
            for size in whole[1:]:
                sizes.hear(int(size), 0.0)
            sizes.key(0.0, still=True)
        for size in rng.lognormal(6.8, 0.1, begins):
            sizes.hear(int(size), 0.0)
        return next(number for number, size in enumerate(grown) if sizes.hear(int(size), 0.0))

    assert needed(25, 1) < needed(125, 80)


def test_a_clock_in_the_picture_that_ticks_is_no_motion() -> None:
    rng = np.random.default_rng(4)
    ticking = rng.lognormal(6, 0.2, 1000 * 50)
    ticking[::25] *= 4
    sizes = PacketSizes()
    heard(sizes, 30, ticking)
    assert sum(heard(sizes, 900, ticking)) <= LOOKED_AT_MOST * len(ticking)


def test_it_has_no_opinion_before_it_heard_a_still_picture() -> None:
    sizes = PacketSizes()
    assert heard(sizes, 5, np.geomspace(10, 1e6, 250), still=False) == []
    assert not sizes.known
