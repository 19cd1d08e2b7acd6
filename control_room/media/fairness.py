"""One caller's offers must not shut out the others': each has a share of them, told apart by a word of the room's.

The media process knows nobody; the room says with each offer by whom it is, in a word that names no person.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from control_room.media.admission import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

OFFERED_BY = "Talaia-Offered-By"
"""The header with that word."""
MAKING_MAX = 64
"""Connections that are not there yet, of all callers."""
MAKING_EACH_MAX = 24
"""Of one caller: a wall opens sixteen at once."""
_SHARE = 4
"""One caller may take so much of a second's offers: the fourth part."""
_VIEWERS_EACH_MIN = 16
_CALLERS_KNOWN_MAX = 1000


class Making(NamedTuple):
    """A connection that is not there yet."""

    session_id: str
    by: str
    """Empty: nobody said."""
    begun_s: float


class Offers:
    """How many are looked at: of all, and of each who is known."""

    def __init__(self, offers_s: float) -> None:
        self._offers_s = offers_s
        self._all = Tokens(offers_s, 2 * offers_s)
        self._each: OrderedDict[str, Tokens] = OrderedDict()

    def take(self, by: str, now_s: float) -> bool:
        """Whether this one is looked at; what one caller has too many of is not taken from the others' share."""
        if by and not self._of(by).take(now_s):
            return False
        return self._all.take(now_s)

    def _of(self, by: str) -> Tokens:
        known = self._each.setdefault(by, Tokens(self._offers_s / _SHARE, max(1.0, self._offers_s)))
        self._each.move_to_end(by)
        while len(self._each) > _CALLERS_KNOWN_MAX:
            self._each.popitem(last=False)
        return known


def to_let_go(making: Sequence[Making], by: str) -> str | None:
    """The session whose place the next one of this caller takes; None: there is room.

    The oldest one of the caller himself where he has his share, else of whoever has the most.
    """
    of_each = Counter(each.by for each in making)
    if by and of_each[by] >= MAKING_EACH_MAX:
        whose = by
    elif len(making) >= MAKING_MAX:
        whose = max(of_each, key=of_each.__getitem__)
    else:
        return None
    return min((each for each in making if each.by == whose), key=lambda each: each.begun_s).session_id


def viewers_each_max(viewers_max: int) -> int:
    """Half of them, but a whole wall in any case."""
    return max(_VIEWERS_EACH_MIN, viewers_max // 2)
