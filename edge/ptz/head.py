"""What turns a camera: its PTZ service over ONVIF."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from edge.errors import EdgeError
from edge.source import onvif
from wire.device import PtzPreset

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_PRESETS_MAX = 100
_TEXT_MAX = 100


class PtzError(EdgeError):
    """The camera cannot do it, or does not answer; in a few words, without its password."""


class Head:
    """One camera's. Use it on one event loop; it connects when it is first needed, and again after a fault."""

    def __init__(self, location: str, home: str | None) -> None:
        """`home`: token or name of a preset; None: the camera's own home position."""
        self._location = location
        self._home = home
        self._client: Any = None
        self._ptz: Any = None
        self._profile = ""
        self._knows_home = False
        self.presets: list[PtzPreset] = []
        self.can_turn = self.can_zoom = True

    @property
    def has_home(self) -> bool:
        return self._knows_home if self._home is None else self.home_token is not None

    @property
    def home_token(self) -> str | None:
        """Of the preset that is its usual view; None: it has none, or its own home position is it."""
        tokens = [one.token for one in self.presets if self._home in {one.token, one.name}]
        return tokens[0] if tokens else None

    async def open(self) -> None:
        """Ask it what it can do, where that is not known.

        Raises:
            PtzError: it does not answer, or cannot be turned.
        """
        if self._ptz is not None:
            return
        try:
            await self._connect()
        except BaseException as error:
            await self.close()
            if isinstance(error, PtzError) or not isinstance(error, Exception):
                raise
            raise PtzError(f"cannot be asked over ONVIF: {onvif.reason(error)}") from None

    async def close(self) -> None:
        client, self._client, self._ptz = self._client, None, None
        if client is not None:
            await client.close()

    async def move(self, pan: float, tilt: float, zoom: float, for_s: float) -> None:
        """At these shares of its greatest speed; it is told to stop by itself after so long, which not all do."""
        wanted = {"Velocity": self._vector(pan, tilt, zoom), "Timeout": timedelta(seconds=for_s)}
        await self._order(lambda: self._ptz.ContinuousMove({"ProfileToken": self._profile, **wanted}))

    async def to(self, pan: float, tilt: float, zoom: float) -> None:
        place = {"Position": self._vector(pan, tilt, max(0.0, zoom))}
        await self._order(lambda: self._ptz.AbsoluteMove({"ProfileToken": self._profile, **place}))

    async def by(self, pan: float, tilt: float, zoom: float) -> None:
        step = {"Translation": self._vector(pan, tilt, zoom)}
        await self._order(lambda: self._ptz.RelativeMove({"ProfileToken": self._profile, **step}))

    def check(self, *, preset: str | None, home: bool) -> None:
        """Raises `PtzError` where it knows no such preset, or no place to return to."""
        known = [one.token for one in self.presets]
        if preset is not None and preset not in known:
            raise PtzError(f"preset: got {preset!r}; allowed: {', '.join(known) or 'none, the camera has no presets'}")
        if home and not self.has_home:
            raise PtzError("it knows no place to return to" if self._home is None else f"has no preset {self._home}")

    async def preset(self, token: str) -> None:
        await self._order(lambda: self._ptz.GotoPreset({"ProfileToken": self._profile, "PresetToken": token}))

    async def home(self) -> None:
        self.check(preset=None, home=True)
        token = self.home_token
        if token is not None:
            await self.preset(token)
        else:
            await self._order(lambda: self._ptz.GotoHomePosition({"ProfileToken": self._profile}))

    async def stop(self) -> None:
        axes = {"PanTilt": True, "Zoom": True}
        await self._order(lambda: self._ptz.Stop({"ProfileToken": self._profile, **axes}))

    async def is_moving(self) -> bool | None:
        """None where it does not tell."""
        try:
            told = await self._ptz.GetStatus({"ProfileToken": self._profile})
        except Exception:  # noqa: BLE001 - the libraries' own exceptions share no base; many cameras do not tell
            return None
        status = getattr(told, "MoveStatus", None)
        said = {str(getattr(status, axis, None)).upper() for axis in ("PanTilt", "Zoom")}
        return True if "MOVING" in said else False if "IDLE" in said else None

    async def _connect(self) -> None:
        self._client = onvif.new_client(self._location)
        await self._client.update_xaddrs()
        media = await self._client.create_media_service()
        profiles = [one for one in await media.GetProfiles() or [] if one.PTZConfiguration is not None]
        if not profiles:
            raise PtzError("cannot be turned: no ONVIF profile of it has PTZ")
        self._profile = str(profiles[0].token)
        ptz = await self._client.create_ptz_service()
        nodes = {str(one.token): one for one in await ptz.GetNodes() or []}
        node = nodes.get(str(profiles[0].PTZConfiguration.NodeToken))
        if node is not None:
            spaces = node.SupportedPTZSpaces
            self.can_turn = bool(spaces.ContinuousPanTiltVelocitySpace or spaces.AbsolutePanTiltPositionSpace)
            self.can_zoom = bool(spaces.ContinuousZoomVelocitySpace or spaces.AbsoluteZoomPositionSpace)
            self._knows_home = bool(node.HomeSupported)
        told = await ptz.GetPresets({"ProfileToken": self._profile}) or []
        self.presets = [
            PtzPreset(token=str(one.token), name=str(one.Name or "")[:_TEXT_MAX])
            for one in told[:_PRESETS_MAX]
            if one.token and len(str(one.token)) <= _TEXT_MAX
        ]
        self._ptz = ptz

    def _vector(self, pan: float, tilt: float, zoom: float) -> dict[str, dict[str, float]]:
        """Only the axes that it has: some cameras refuse a whole order for one that they do not know."""
        turn = {"PanTilt": {"x": pan, "y": tilt}} if self.can_turn else {}
        return {**turn, "Zoom": {"x": zoom}} if self.can_zoom else turn

    async def _order(self, order: Callable[[], Awaitable[object]]) -> None:
        await self.open()
        try:
            await order()
        except Exception as error:  # noqa: BLE001 - the libraries' own exceptions share no base
            await self.close()
            raise PtzError(f"does not obey: {onvif.reason(error)}") from None
