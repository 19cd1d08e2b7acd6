"""Decodes key frames only while nothing moves, and everything as soon as something does.

    asleep --the packets' sizes are worth a look, and the look shows that something moves--> awake
      ^     , or a key frame differs from the one before                                       |
      +--- at a key frame, when the analysis is calm and the sizes are known ------------------+

A look decodes the packets since the key frame, or since the look before, and compares some pictures with the key frame.
Nothing that moved is left out: what woke it is preceded by packets that were kept, from a key frame on, and
those are decoded for the analysis first. Where a look woke it, that is the group of pictures it belongs to; where only
the next key frame did, the whole group before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.source.sizes import PacketSizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge.source.attention import Attention
    from edge.source.luma import LumaGate
    from edge.source.video import Picture, Taken, Video

_STILL_EVERY_S = 10.0
"""A picture at least so often, also while nothing moves."""
_LOOKED_EVERY_S = 0.2
_GROUP_BYTES_MAX = 32 * 1024 * 1024


@dataclass(slots=True)
class IdleTally:
    """Counted since the camera was started."""

    asleep: bool = False
    looks: int = 0
    """Because of a packet's size."""
    looked_at: int = 0
    """Packets decoded for them."""
    woken_by_size: int = 0
    """By a look."""
    woken_by_picture: int = 0
    woken_at_s: float | None = None
    """Media time of the packet that woke it last."""
    slept_s: float = 0.0
    """Media time."""


class EveryPicture:
    """Decodes all."""

    def __init__(self, video: Video) -> None:
        self._video = video

    def pictures(self, taken: Taken) -> Iterable[Picture]:
        return self._video.pictures(taken)

    def rest(self) -> Iterable[Picture]:
        return self._video.pictures(None)


class KeyFrameIdle:
    """Of one opened video; `sizes` and `tally` outlive it."""

    def __init__(
        self,
        video: Video,
        *,
        starts_s: float,
        attention: Attention,
        gate: LumaGate,
        sizes: PacketSizes,
        tally: IdleTally,
    ) -> None:
        self._video = video
        self._starts_s = starts_s
        self._attention = attention
        self._gate = gate
        self._sizes = sizes
        self._tally = tally
        tally.asleep = False
        self._woke_s = starts_s
        self._group: list[Taken] = []
        """Since the newest key frame."""
        self._decoded = 0
        """Asleep: how many packets of the group the decoder has taken; a look goes on from there."""
        self._group_bytes = 0
        self._group_s = 0.0
        """How long the newest whole group was."""
        self._shown_s = -1.0
        """Of the newest picture that was handed out."""

    def pictures(self, taken: Taken) -> Iterable[Picture]:
        """What is to be looked at, now that this packet has come."""
        if taken.key:
            return self._key_frame(taken)
        told = self._sizes.hear(taken.size_bytes, taken.pts_s)
        if not self._tally.asleep:
            return self._new(self._video.pictures(taken))
        self._group.append(taken)
        self._group_bytes += taken.size_bytes
        if told and self._moves(taken):
            self._tally.woken_by_size += 1
            return self._wake(self._group, taken)
        if self._group_bytes > _GROUP_BYTES_MAX or taken.dts_s - self._group[0].dts_s > _STILL_EVERY_S:
            return self._wake(self._group, taken)
        return ()

    def _moves(self, newest: Taken) -> bool:
        """A look: whether the group's pictures, as far as they are not decoded yet, differ from its key frame."""
        fresh, self._decoded = self._group[self._decoded :], len(self._group)
        self._tally.looks += 1
        self._tally.looked_at += len(fresh)
        moves = any(self._gate.departs(picture.decoded) for picture in self._some(fresh))
        self._sizes.looked(newest.pts_s, in_vain=not moves)
        return moves

    def _some(self, packets: list[Taken]) -> Iterator[Picture]:
        """Their newest picture, and so many of those before it that nothing passes unseen."""
        last: Picture | None = None
        given_s = -_LOOKED_EVERY_S
        for taken in packets:
            for picture in self._video.pictures(taken):
                last = picture
                if picture.at_s - given_s >= _LOOKED_EVERY_S:
                    given_s, last = picture.at_s, None
                    yield picture
        if last is not None:
            yield last

    def rest(self) -> Iterable[Picture]:
        return () if self._tally.asleep else self._new(self._video.pictures(None))

    def _key_frame(self, taken: Taken) -> Iterator[Picture]:
        before, self._group, self._group_bytes = self._group, [taken], taken.size_bytes
        self._learn(before, taken)
        if self._decoded > 1:
            self._video.decode_afresh()
        self._decoded = 0
        if self._tally.asleep:
            yield from self._compare(before, taken)
            return
        pictures = self._video.pictures(taken)
        yield from self._new(pictures)
        if self._may_sleep(taken):
            yield from self._fall_asleep(taken)

    def _learn(self, before: list[Taken], taken: Taken) -> None:
        if not before:
            return
        from_s = before[0].pts_s
        self._group_s = taken.pts_s - from_s
        still = self._tally.asleep or self._attention.was_still(self._starts_s + from_s, self._starts_s + taken.pts_s)
        self._sizes.key(taken.pts_s, still=still)

    def _may_sleep(self, taken: Taken) -> bool:
        now_s = self._starts_s + taken.pts_s
        known = self._sizes.known and 0 < self._group_s < _STILL_EVERY_S
        return known and self._attention.is_calm(now_s, self._woke_s)

    def _fall_asleep(self, taken: Taken) -> Iterator[Picture]:
        """This key frame is the picture that the next ones are compared with."""
        yield from self._new(self._video.pictures(None))
        self._video.decode_afresh()
        self._tally.asleep = True
        for picture in self._alone(taken)[-1:]:
            self._gate.differs(picture.decoded)

    def _alone(self, taken: Taken) -> list[Picture]:
        """The key frame's own picture, also of a decoder that would hold it back for those that follow."""
        self._decoded = 1
        found = self._video.pictures(taken)
        if not found:
            found = self._video.pictures(None)
            self._video.decode_afresh()
            self._decoded = 0
        return found

    def _compare(self, before: list[Taken], taken: Taken) -> Iterator[Picture]:
        pictures = self._alone(taken)
        self._tally.slept_s += self._group_s
        if not pictures or self._gate.differs(pictures[-1].decoded):
            self._tally.woken_by_picture += 1
            yield from self._wake([*before, taken], taken)
        elif pictures[-1].at_s - self._shown_s > _STILL_EVERY_S - self._group_s:
            yield from self._new(pictures)

    def _wake(self, kept: list[Taken], by: Taken) -> Iterator[Picture]:
        self._tally.asleep = False
        self._tally.woken_at_s = self._starts_s + by.pts_s
        self._woke_s = self._starts_s + kept[0].pts_s
        self._decoded = 0
        self._video.decode_afresh()
        for taken in kept:
            yield from self._new(self._video.pictures(taken))

    def _new(self, pictures: list[Picture]) -> Iterator[Picture]:
        """Those that were not handed out before."""
        for picture in pictures:
            if picture.at_s > self._shown_s:
                self._shown_s = picture.at_s
                yield picture
