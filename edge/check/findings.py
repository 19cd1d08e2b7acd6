"""One thing that was looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["ok", "note", "fault"]
"""`note`: it works, and somebody should know; `fault`: the agent cannot do its work like this."""


class Finding(NamedTuple):
    """A sentence for the person who installs the agent."""

    about: str
    verdict: Verdict
    text: str


def fault_of(findings: list[Finding]) -> str:
    """The first fault, or nothing."""
    return next((one.text for one in findings if one.verdict == "fault"), "")
