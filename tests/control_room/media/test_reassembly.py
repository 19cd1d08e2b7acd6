"""Packets to pictures: out of order, twice, missing, and made up."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest

from control_room.media import reassembly
from control_room.media.reassembly import Picture, Reassembly
from tests.control_room.media import media_process

Packet = tuple[int, int, bytes, bool]
FIRST = 65_500
"""Numbers turn over on the way."""


@pytest.fixture
def packets() -> list[Packet]:
    """Of a whole clip."""
    found: list[Packet] = []
    for index, picture in enumerate(media_process.clip()):
        payloads, _ = media_process.units(picture)
        for at, payload in enumerate(payloads):
            number = FIRST + len(found) & 0xFFFF
            found.append((number, 2**32 - 3600 + index * 3600 & 0xFFFFFFFF, payload, at == len(payloads) - 1))
    return found


def fed(taker: Reassembly, packets: Sequence[Packet], now_s: float = 0.0) -> list[Picture]:
    return [
        picture
        for number, timestamp, payload, is_last in packets
        for picture in taker.add(number, timestamp, payload, now_s, is_last=is_last)
    ]


def whole() -> list[tuple[bytes, ...]]:
    return [media_process.units(picture)[0] for picture in media_process.clip()]


def test_pictures_come_out_as_they_went_in_and_as_soon_as_they_are_whole(packets: list[Packet]) -> None:
    found = fed(Reassembly(), packets)
    assert [picture.payloads for picture in found] == whole()
    assert {later.timestamp - sooner.timestamp for sooner, later in itertools.pairwise(found)} == {3600}


def test_shuffled_and_doubled_packets_make_the_same_pictures(packets: list[Packet]) -> None:
    shuffled = [packets[0]]
    for at in range(1, len(packets), 20):
        piece = packets[at : at + 20] * 2
        random.Random(at).shuffle(piece)
        shuffled += piece
    assert [picture.payloads for picture in fed(Reassembly(), shuffled)] == whole()


def test_a_missing_packet_is_asked_for_and_mends_the_picture(packets: list[Packet]) -> None:
    taker = Reassembly()
    before, lost, after = packets[:100], packets[100], packets[101:]
    found = fed(taker, before) + fed(taker, after)
    assert taker.to_ask_for(0.01) == [lost[0]]
    assert taker.to_ask_for(0.02) == []
    assert taker.to_ask_for(0.2) == [lost[0]]
    assert [picture.payloads for picture in found + fed(taker, [lost])] == whole()


def test_what_stays_missing_is_given_up_until_the_next_key_picture(packets: list[Packet]) -> None:
    taker = Reassembly()
    kept = [packet for at, packet in enumerate(packets) if at != 100]
    begun = len(fed(taker, kept))
    assert 0 < begun < len(whole())
    late = reassembly.PATIENCE_S + 0.1
    assert list(taker.overdue(reassembly.PATIENCE_S - 0.1)) == []
    assert list(taker.overdue(late)) == []
    assert taker.is_broken
    assert (taker.lost_packets, taker.dropped_pictures) == (1, len(whole()) - begun)
    again = [
        (number + len(packets) & 0xFFFF, timestamp + 180_000 & 0xFFFFFFFF, *rest)
        for number, timestamp, *rest in packets
    ]
    assert len(fed(taker, again, late)) == len(whole())  # type: ignore[arg-type] # the rest of a packet
    assert not taker.is_broken


def test_nothing_comes_before_the_first_key_picture(packets: list[Packet]) -> None:
    taker = Reassembly()
    assert fed(taker, packets[60:]) == []
    assert taker.is_broken


def test_noise_is_bounded() -> None:
    noise, taker = random.Random(7), Reassembly()
    pictures = 0
    for step in range(20_000):
        pictures += len(
            list(
                taker.add(
                    noise.randrange(65_536),
                    noise.randrange(2**32),
                    noise.randbytes(noise.randrange(30)),
                    step / 1000,
                    is_last=noise.random() < 0.1,
                )
            )
        )
        assert step % 50 or len(taker.to_ask_for(step / 1000)) <= 2048
    assert pictures < 20_000


def test_a_picture_without_an_end_is_let_go(packets: list[Packet]) -> None:
    taker = Reassembly()
    endless = [(at & 0xFFFF, 1, b"\x7c\x05" + bytes(1198), False) for at in range(8000)]
    assert fed(taker, endless) == []
    following = [(number + 8000 - FIRST & 0xFFFF, *rest) for number, *rest in packets]
    assert len(fed(taker, following)) == len(whole())  # type: ignore[arg-type] # the rest of a packet
