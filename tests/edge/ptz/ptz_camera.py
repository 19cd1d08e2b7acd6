"""An ONVIF camera with a PTZ service: it has a place, moves when it is told, and goes on until it is stopped."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.edge.onvif_camera import OnvifCamera

PRESETS = {"1": "Plaça", "2": "Font"}
_ACTS = re.compile(
    r"<(?:\w+:)?(GetNodes|GetPresets|GetStatus|ContinuousMove|AbsoluteMove|RelativeMove|GotoPreset|GotoHomePosition|Stop)"
    r"[ />]"
)
_PTZ = 'xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl"'


class PtzCamera(OnvifCamera):
    """`orders` has what moved it, as (operation, values); it does not obey the time limit of a movement."""

    def __init__(self, *, user: str | None = None, home: bool = True, turns: bool = True) -> None:
        self.orders: list[tuple[str, dict[str, float | str]]] = []
        self.place = "home"
        """`home`, `moving`, a preset's token, or `elsewhere`."""
        self.home = home
        self.turns = turns
        self.deaf = False
        """It refuses whatever would move it."""
        self.refuses = 0
        """So many orders that would move it, and no more."""
        self.coasts = False
        """It says that it moves, whatever it was told."""
        super().__init__({"main": "rtsp://127.0.0.1:9/main"}, user=user)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.orders]

    def answer(self, body: str) -> tuple[int, bytes]:
        found = _ACTS.search(body.split(":Body>", 1)[1])
        if found is None:
            return super().answer(body)
        name = found.group(1)
        if self.user is not None and f">{self.user}<" not in body:
            return 400, self._fault("Sender not Authorized")
        if name.startswith("Get"):
            told: dict[str, Callable[[], str]] = {
                "GetNodes": self._nodes,
                "GetPresets": self._told_presets,
                "GetStatus": self._status,
            }
            return 200, self._envelope(told[name]())
        if self.deaf or self.refuses:
            self.refuses = max(0, self.refuses - 1)
            return 400, self._fault("the motor is stuck")
        self.orders.append((name, _values(body)))
        self.place = {
            "ContinuousMove": "moving",
            "GotoHomePosition": "home",
            "GotoPreset": str(_values(body).get("preset", "")),
        }.get(name, "elsewhere")
        return 200, self._envelope(f"<tptz:{name}Response {_PTZ}/>")

    def _services(self) -> str:
        ptz = (
            "<tds:Service><tds:Namespace>http://www.onvif.org/ver20/ptz/wsdl</tds:Namespace>"
            f"<tds:XAddr>http://127.0.0.1:{self.port}/onvif/ptz</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        )
        end = "</tds:GetServicesResponse>"
        return super()._services().replace(end, ptz + end)

    def _profiles(self) -> str:
        end = "</tt:VideoEncoderConfiguration>"
        ptz = (
            "<tt:PTZConfiguration token='ptz'><tt:Name>ptz</tt:Name><tt:UseCount>1</tt:UseCount>"
            "<tt:NodeToken>node</tt:NodeToken></tt:PTZConfiguration>"
        )
        return super()._profiles().replace(end, end + ptz if self.turns else end)

    def _nodes(self) -> str:
        def space(name: str, axes: str) -> str:
            ranges = "".join(f"<tt:{axis}Range><tt:Min>-1</tt:Min><tt:Max>1</tt:Max></tt:{axis}Range>" for axis in axes)
            return f"<tt:{name}><tt:URI>http://www.onvif.org/{name}</tt:URI>{ranges}</tt:{name}>"

        spaces = space("ContinuousPanTiltVelocitySpace", "XY") + space("ContinuousZoomVelocitySpace", "X")
        return (
            f"<tptz:GetNodesResponse {_PTZ}><tptz:PTZNode token='node' FixedHomePosition='true'><tt:Name>node</tt:Name>"
            f"<tt:SupportedPTZSpaces>{spaces}</tt:SupportedPTZSpaces>"
            f"<tt:MaximumNumberOfPresets>8</tt:MaximumNumberOfPresets>"
            f"<tt:HomeSupported>{str(self.home).lower()}</tt:HomeSupported></tptz:PTZNode></tptz:GetNodesResponse>"
        )

    @staticmethod
    def _told_presets() -> str:
        listed = "".join(
            f"<tptz:Preset token='{key}'><tt:Name>{name}</tt:Name></tptz:Preset>" for key, name in PRESETS.items()
        )
        return f"<tptz:GetPresetsResponse {_PTZ}>{listed}</tptz:GetPresetsResponse>"

    def _status(self) -> str:
        moves = "MOVING" if self.coasts or self.place == "moving" else "IDLE"
        return (
            f"<tptz:GetStatusResponse {_PTZ}><tptz:PTZStatus><tt:MoveStatus><tt:PanTilt>{moves}</tt:PanTilt>"
            f"<tt:Zoom>IDLE</tt:Zoom></tt:MoveStatus><tt:UtcTime>2026-03-01T12:00:00Z</tt:UtcTime></tptz:PTZStatus>"
            "</tptz:GetStatusResponse>"
        )


def _values(body: str) -> dict[str, float | str]:
    found: dict[str, float | str] = {}
    turn = re.search(r"PanTilt [^>]*?x=\"([-\d.e]+)\"[^>]*?y=\"([-\d.e]+)\"", body)
    zoom = re.search(r"Zoom [^>]*?x=\"([-\d.e]+)\"", body)
    preset = re.search(r"PresetToken>([^<]+)<", body)
    if turn:
        found |= {"pan": float(turn[1]), "tilt": float(turn[2])}
    if zoom:
        found["zoom"] = float(zoom[1])
    if preset:
        found["preset"] = preset[1]
    return found
