"""H.264 between files and RTP, without decoding."""

from __future__ import annotations

import random

import pytest

from benchmarks.live import camera
from control_room.media import h264
from tests.control_room.media import media_process


def test_a_picture_goes_into_packets_and_comes_out_the_same() -> None:
    for picture in media_process.clip()[:10]:
        payloads = h264.packed(h264.units_of(picture))
        assert all(len(payload) <= h264.PAYLOAD_BYTES_MAX for payload in payloads)
        assert h264.units_of(h264.annex_b(payloads)) == h264.units_of(picture)


def test_key_pictures_and_their_sets_are_known_by_their_headers() -> None:
    seen = [media_process.units(picture)[1] for picture in media_process.clip()]
    assert [each.is_key for each in seen] == [True] + [False] * (camera.KEY_EVERY - 1)
    assert seen[0].sps is not None
    assert seen[0].pps is not None
    assert h264.picture(seen[0].sps) == h264.Picture("42c01f", 1280, 720)


def test_small_units_travel_together() -> None:
    sets = [b"\x67\x4d\x40\x1f\xaa", b"\x68\xee\x3c\x80"]
    payload = h264.aggregated(sets)
    found = h264.contents([payload])
    assert (found.sps, found.pps, found.is_key) == (sets[0], sets[1], False)
    assert h264.units_of(h264.annex_b([payload])) == sets


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x18", b"\x18\x00", b"\x18\x00\x05ab", b"\x18\x00\x00\x00", b"\x1c", b"\x1c\x85", b"\x67", b"\xff" * 5],
)
def test_what_is_no_h264_holds_nothing(payload: bytes) -> None:
    found = h264.contents([payload])
    assert not found.is_key or payload == b"\x1c\x85"
    assert h264.picture(found.sps or b"") is None
    assert isinstance(h264.annex_b([payload]), bytes)


def test_a_set_of_noise_is_never_a_picture_of_absurd_size() -> None:
    noise = random.Random(1)
    for _ in range(2000):
        found = h264.picture(b"\x67" + noise.randbytes(noise.randrange(40)))
        assert found is None or (0 < found.width_px <= 16_384 and 0 < found.height_px <= 16_384)
