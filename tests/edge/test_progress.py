"""The progress bar is for a terminal and for those who wait."""

from __future__ import annotations

import io

from edge.analyse import Progress
from tests.edge.clocks import HandClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def play(out: io.StringIO, duration_s: float | None) -> str:
    clock = HandClock()
    progress = Progress(duration_s, out, clock)
    for second in range(5):
        clock.passed_s = float(second)
        progress.show(second * 10.0)
    progress.end()
    return out.getvalue()


def test_a_terminal_sees_how_far_it_is_after_two_seconds_and_nothing_of_it_remains() -> None:
    drawn = play(Terminal(), 100.0).split("\r\x1b[K")
    assert [text.strip() for text in drawn] == [
        "",
        "[######........................]  20%  20 of 100 s",
        "[#########.....................]  30%  30 of 100 s",
        "[############..................]  40%  40 of 100 s",
        "",
    ]


def test_an_unknown_length() -> None:
    assert "20.0 s" in play(Terminal(), None)


def test_a_file_or_pipe_sees_nothing() -> None:
    assert play(io.StringIO(), 100.0) == ""
