"""What `talaia-edge discover` lists: cameras that answered, and their streams as far as they tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from edge.errors import SourceError
from edge.source import onvif
from edge.source.discovery import Found, discover

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Listed:
    """One camera."""

    location: str
    """As `source` is written, without user and password."""
    name: str
    hardware: str
    profiles: tuple[onvif.Profile, ...] = ()
    """The largest first."""
    recorded: str = ""
    """Token of the profile that would be recorded."""
    analysed: str = ""
    reason: str = ""
    """Why its streams are not known."""


def cameras(interface: str | None, location: str | None, user: str | None, password: str | None) -> list[Listed]:
    """Those of the network, or the one at `location`.

    Raises:
        SourceError: nobody can be asked.
    """
    found = [Found(location, "", "")] if location is not None else discover(interface=interface)
    return [_listed(one, user, password) for one in found]


def lines(one: Listed) -> Iterator[str]:
    """For people."""
    yield " ".join(word for word in (one.location, one.name, one.hardware) if word)
    for profile in one.profiles:
        uses = [
            word for word, token in (("recorded", one.recorded), ("analysed", one.analysed)) if token == profile.token
        ]
        rate = "" if profile.fps is None else f" {profile.fps:g}/s"
        said = f"  {profile.name}: {profile.width_px}x{profile.height_px} {profile.codec}{rate}"
        yield said + (f" ({', '.join(uses)})" if uses else "")
    if one.reason:
        yield f"  {one.reason}"


def _listed(one: Found, user: str | None, password: str | None) -> Listed:
    listed = Listed(one.location, one.name, one.hardware)
    try:
        camera = onvif.ask(_with_user(one.location, user, password))
    except SourceError as error:
        return replace(listed, reason=str(error))
    return replace(
        listed,
        name=one.name or camera.model,
        hardware=one.hardware or camera.manufacturer,
        profiles=tuple(camera.profiles),
        recorded=camera.recorded.token,
        analysed=camera.analysed.token,
    )


def _with_user(location: str, user: str | None, password: str | None) -> str:
    if user is None:
        return location
    parts = urlsplit(location)
    secret = "" if password is None else ":" + quote(password, safe="")
    return parts._replace(netloc=f"{quote(user, safe='')}{secret}@{parts.netloc.rpartition('@')[2]}").geturl()
