"""Asks a camera over ONVIF who it is, what time it has, and where its streams are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from edge.errors import SourceError

SCHEME = "onvif://"
_PORT = 80
_WITHIN_S = 45.0
"""In all; reading the services' descriptions alone takes a second of a small processor."""
_ANALYSED_WIDTH_MIN_PX = 320
_RTSP_OVER_TCP = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


@dataclass(frozen=True, slots=True)
class Profile:
    """One of a camera's streams."""

    token: str
    name: str
    codec: str
    width_px: int
    height_px: int
    fps: float | None
    url: str
    """As the camera says it, without user and password."""


@dataclass(frozen=True, slots=True)
class OnvifCamera:
    """What a camera says of itself."""

    manufacturer: str
    model: str
    firmware: str
    profiles: list[Profile]
    """With a size; the largest first."""
    camera_at: datetime | None
    """Its clock, when it was asked."""

    @property
    def recorded(self) -> Profile:
        return self.profiles[0]

    @property
    def analysed(self) -> Profile:
        """The smallest that shows enough."""
        wide = [one for one in self.profiles if one.width_px >= _ANALYSED_WIDTH_MIN_PX]
        return wide[-1] if wide else self.profiles[0]


@dataclass(frozen=True, slots=True)
class _Address:
    host: str
    port: int
    user: str | None
    password: str | None

    @classmethod
    def of(cls, location: str) -> _Address:
        parts = urlsplit(location)
        try:
            port = parts.port or _PORT
        except ValueError:
            raise SourceError("has a port that is no number") from None
        user, password = (None if one is None else unquote(one) for one in (parts.username, parts.password))
        return cls(parts.hostname or "", port, user, password)


def ask(location: str, *, within_s: float = _WITHIN_S) -> OnvifCamera:
    """Ask the camera at onvif://[user:password@]host[:port].

    Raises:
        SourceError: it does not answer, refuses, or has no stream.
    """
    try:
        return asyncio.run(asyncio.wait_for(_ask(location), within_s))
    except SourceError:
        raise
    except TimeoutError:
        raise SourceError("does not answer over ONVIF in time") from None
    except Exception as error:  # noqa: BLE001 - the libraries' own exceptions share no base
        raise SourceError(f"cannot be asked over ONVIF: {reason(error)}") from None


def with_credentials(url: str, location: str) -> str:
    """The stream's address with the user and password that the camera's own address has."""
    parts = urlsplit(location)
    if parts.username is None:
        return url
    user = quote(unquote(parts.username), safe="")
    password = "" if parts.password is None else ":" + quote(unquote(parts.password), safe="")
    stream = urlsplit(url)
    return stream._replace(netloc=f"{user}{password}@{stream.netloc.rpartition('@')[2]}").geturl()


def new_client(location: str) -> Any:
    """The library's client for a camera at such an address; nothing is asked yet.

    Raises:
        SourceError: it is no such address.
    """
    from onvif import ONVIFCamera  # type: ignore[import-untyped]  # noqa: PLC0415 - a second; only where it is used

    address = _Address.of(location)
    return ONVIFCamera(address.host, address.port, address.user or "", address.password or "", adjust_time=True)


async def _ask(location: str) -> OnvifCamera:
    client = new_client(location)
    try:
        await client.update_xaddrs()
        device = await client.create_devicemgmt_service()
        camera_at = _moment(await device.GetSystemDateAndTime())
        told = await device.GetDeviceInformation()
        media = await client.create_media_service()
        profiles = [await _profile(media, one) for one in await media.GetProfiles() or []]
    finally:
        await client.close()
    sized = [one for one in profiles if one is not None]
    if not sized:
        raise SourceError("has no video stream, by its ONVIF profiles")
    sized.sort(key=lambda one: one.width_px * one.height_px, reverse=True)
    return OnvifCamera(
        str(told.Manufacturer or ""), str(told.Model or ""), str(told.FirmwareVersion or ""), sized, camera_at
    )


async def _profile(media: Any, one: Any) -> Profile | None:
    """None: it has no video."""
    encoder = one.VideoEncoderConfiguration
    if encoder is None or encoder.Resolution is None:
        return None
    answer = await media.GetStreamUri({"StreamSetup": _RTSP_OVER_TCP, "ProfileToken": one.token})
    rate = encoder.RateControl.FrameRateLimit if encoder.RateControl is not None else None
    return Profile(
        token=str(one.token),
        name=str(one.Name or ""),
        codec=str(encoder.Encoding or ""),
        width_px=int(encoder.Resolution.Width),
        height_px=int(encoder.Resolution.Height),
        fps=None if rate is None else float(rate),
        url=str(answer.Uri),
    )


def _moment(told: Any) -> datetime | None:
    moment = getattr(told, "UTCDateTime", None)
    if moment is None:
        return None
    date, time = moment.Date, moment.Time
    try:
        return datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, min(time.Second, 59), tzinfo=UTC)
    except (TypeError, ValueError):
        return None


def reason(error: Exception) -> str:
    """In a few words; what the libraries say may hold the address, which may hold a password."""
    text = " ".join(str(error).split())
    if "uthor" in text or "401" in text:
        return "user or password is wrong"
    return f"{type(error).__name__}: {text[:160]}" if text and "@" not in text else type(error).__name__
