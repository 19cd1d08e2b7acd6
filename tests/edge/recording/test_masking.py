"""Nothing under a mask is kept: the agent paints it and codes again, or the camera is proved to have painted it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.mask import Masks
from edge.recording import RecordedCamera, Recordings, decode, transcode
from edge.recording.mask_proof import prove_flat
from edge.recording.masking import Masking
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.recording import packets
from tests.edge.recording.test_recordings import HOUR
from vision.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.recording.masking import MaskMode

LEFT = Zone(name="windows", kind="mask", points=[(0, 0), (0.5, 0), (0.5, 1), (0, 1)])
WATCHED = Zone(name="square", kind="watch", points=[(0, 0), (1, 0), (1, 1), (0, 1)])


def textured(index: int) -> NDArray[np.uint8]:
    image = np.random.default_rng(3).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    return np.roll(np.repeat(np.repeat(image[::8, ::8], 8, 0), 8, 1), index, 1)


def painted(index: int) -> NDArray[np.uint8]:
    image = textured(index)
    image[:, :80] = (90, 60, 30)
    return image


def painted_until_reset(index: int) -> NDArray[np.uint8]:
    return painted(index) if index < 150 else textured(index)


def keep(folder: Path, picture: Callable[[int], NDArray[np.uint8]], mode: MaskMode) -> tuple[Recordings, Masking]:
    path = clips.write(folder / "a.mp4", 300, fps=10, gop=10, picture=picture)
    recordings = Recordings(folder / "recordings", packets.settings(), HandClock())
    recorder = recordings.recorder(RecordedCamera("placa", masked=True))
    masking = Masking([LEFT, WATCHED], mode, [recorder], at_once=True)
    packets.feed(masking.sinks[0], path)
    recordings.write()
    return recordings, masking


def images(recordings: Recordings) -> list[NDArray[np.uint8]]:
    stretches = recordings.packets("placa", START, START + HOUR)
    return [Masks([]).painted(one.picture) for one, _, _ in decode.pictures(stretches)]


def test_what_the_agent_paints_is_coded_once_and_that_is_recorded(tmp_path: Path) -> None:
    recordings, masking = keep(tmp_path, textured, "transcode")
    kept = images(recordings)
    assert (len(kept), masking.trouble) == (300, "")
    assert max(int(image[4:-4, 4:72].max()) for image in kept) < 12
    assert all(image[:, 88:].std() > 40 for image in kept)
    spans = recordings.listing("placa", START, START + HOUR).spans
    assert [span.masked for span in spans] == [True]
    keys = [
        packet.pts_s for one in recordings.packets("placa", START, START + HOUR) for packet in one.packets if packet.key
    ]
    assert keys == pytest.approx([2 * number for number in range(15)], abs=0.01)


def test_what_a_camera_paints_is_copied_once_it_is_proved(tmp_path: Path) -> None:
    recordings, masking = keep(tmp_path, painted, "camera")
    _, came = packets.of(tmp_path / "a.mp4")
    read = [packet for one in recordings.packets("placa", START, START + HOUR) for packet in one.packets]
    assert packets.alike(read) == packets.alike(came)
    assert masking.trouble == ""


def test_of_a_camera_that_does_not_paint_nothing_is_kept(tmp_path: Path) -> None:
    recordings, masking = keep(tmp_path, textured, "camera")
    assert recordings.listing("placa", START, START + HOUR).spans == []
    assert masking.trouble.startswith("neither recorded nor shown: the zone windows is not painted: its pixels differ")


def test_a_camera_that_stops_painting_is_stopped(tmp_path: Path) -> None:
    recordings, masking = keep(tmp_path, painted_until_reset, "camera")
    shown = [image for image in images(recordings) if image[4:-4, 4:72].std(axis=(0, 1)).max() > 8]
    assert "not painted" in masking.trouble
    assert len(shown) < 100  # until the next look, 10 s later at most


def test_a_camera_that_paints_again_is_kept_again(tmp_path: Path) -> None:
    recordings, masking = keep(tmp_path, lambda index: textured(index) if index < 60 else painted(index), "camera")
    spans = recordings.listing("placa", START, START + HOUR).spans
    assert masking.trouble == ""
    assert [span.to for span in spans] == [START + timedelta(seconds=29.9)]
    assert max(image[4:-4, 4:72].std(axis=(0, 1)).max() for image in images(recordings)) < 8


def test_the_proof_names_the_zone_and_what_speaks_against_it() -> None:
    def plain(value: int) -> NDArray[np.uint8]:
        return np.full((120, 160, 3), value, np.uint8)

    speck = Zone(name="speck", kind="mask", points=[(0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01)])
    assert prove_flat([painted(n) for n in range(3)], [LEFT, WATCHED]) == []
    assert prove_flat([painted(0)], [LEFT]) == ["1 pictures prove nothing; 3 are needed"]
    assert prove_flat([], [WATCHED]) == []
    assert "brightness changes by 20.0" in prove_flat([plain(50), plain(60), plain(70)], [LEFT])[0]
    assert "too small" in prove_flat([plain(0)] * 3, [speck])[0]
    assert len(prove_flat([textured(n) for n in range(3)], [LEFT, speck])) == 2


def test_what_painting_costs_is_measured(tmp_path: Path) -> None:
    facts, came = packets.of(clips.write(tmp_path / "a.mp4", 50, fps=10))
    cost = transcode.measure(facts, came, datetime(2026, 3, 1, tzinfo=UTC), Masks([LEFT]))
    assert cost.pictures == 50
    assert cost.video_s == pytest.approx(4.9)
    assert cost.cores > 0
