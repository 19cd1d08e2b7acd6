"""Whether a camera's pictures can be watched live as they are, and whether it can be turned."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

from edge.check.findings import Finding
from edge.ptz.head import Head, PtzError
from edge.recording import recode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config import CameraSection, Settings
    from edge.source import StreamFacts

_ANSWER_S = 30.0


def of_live(facts: StreamFacts, stamps_s: Sequence[float]) -> Finding:
    """`stamps_s`: of its pictures, in the order in which they came."""
    if not recode.plays_in_browsers(facts):
        text = f"{facts.codec} is coded again while somebody watches, half a core: H.264 would be passed on as it is"
        return Finding("live video", "note", text)
    if any(after < before for before, after in pairwise(stamps_s)):
        text = "coded again while somebody watches, half a core: switch off the camera's B frames"
        return Finding("live video", "note", text)
    return Finding("live video", "ok", "passed on as it is")


def of_ptz(settings: Settings, camera: CameraSection) -> list[Finding]:
    location = settings.ptz_location(camera)
    if location is None or camera.ptz is None:
        return []
    head = Head(location, camera.ptz.home)
    try:
        asyncio.run(asyncio.wait_for(_ask(head), _ANSWER_S))
    except TimeoutError:
        return [Finding("turning", "fault", "does not answer over ONVIF in time")]
    except PtzError as error:
        return [Finding("turning", "fault", str(error))]
    text = f"{len(head.presets)} presets"
    if camera.ptz.home is not None and not head.has_home:
        names = ", ".join(one.name or one.token for one in head.presets) or "none"
        return [Finding("turning", "fault", f"camera.ptz.home: has no preset {camera.ptz.home}; there are {names}")]
    if not head.has_home:
        return [Finding("turning", "note", f"{text}; it knows no place to return to: name a preset as home")]
    return [Finding("turning", "ok", f"{text}; returns to {camera.ptz.home or 'its home position'}")]


async def _ask(head: Head) -> None:
    try:
        await head.open()
    finally:
        await head.close()
