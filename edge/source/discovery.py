"""Finds ONVIF cameras on the network by WS-Discovery: one question to all, and whoever is one answers."""

from __future__ import annotations

import logging
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from edge.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

MULTICAST = "239.255.255.250"
PORT = 3702
_DATAGRAM_BYTES = 65_535
_LATE_MAX = 500
"""Answers that are read after the time: whoever floods the network ends it nevertheless."""
_NAME = "onvif://www.onvif.org/name/"
_HARDWARE = "onvif://www.onvif.org/hardware/"
_VIDEO = "http://www.onvif.org/ver10/network/wsdl"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that answered."""

    location: str
    """As a camera's `source` is written; user and password are still to be put in."""
    name: str
    hardware: str


def discover(
    *,
    address: str = MULTICAST,
    port: int = PORT,
    interface: str | None = None,
    wait_s: float = 3.0,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> list[Found]:
    """Ask all cameras of the network that `interface` (an address of this machine) is on, or the one at `address`.

    Raises:
        SourceError: nobody can be asked.
    """
    from wsdiscovery import QName  # type: ignore[import-untyped]  # noqa: PLC0415 - only where it is used
    from wsdiscovery.actions import (  # type: ignore[import-untyped]  # noqa: PLC0415 - likewise
        constructProbe,
        createProbeMessage,
    )

    question = constructProbe([QName(_VIDEO, "NetworkVideoTransmitter", "dn")], [])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            if interface is not None:
                asking.bind((interface, 0))
                asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            asking.sendto(createProbeMessage(question).encode(), (address, port))
        except OSError as error:
            raise SourceError(f"cameras cannot be asked for: {(error.strerror or 'unknown').lower()}") from None
        answers = _answers(asking, wait_s, monotonic_s)
    found = {one.location: one for answer, sender in answers for one in _cameras(answer, sender)}
    return [found[location] for location in sorted(found)]


def _answers(asking: socket.socket, wait_s: float, monotonic_s: Callable[[], float]) -> list[tuple[bytes, str]]:
    """Those of this time, and what lies there when it is over: a busy machine reads late."""
    taken: list[tuple[bytes, str]] = []
    until_s = monotonic_s() + wait_s
    late = 0
    while late < _LATE_MAX:
        left_s = max(0.0, until_s - monotonic_s())
        late += left_s == 0
        asking.settimeout(left_s)
        try:
            answer, (sender, _) = asking.recvfrom(_DATAGRAM_BYTES)
        except (TimeoutError, BlockingIOError):
            break
        except OSError:  # nobody listens there
            continue
        taken.append((answer, sender))
    return taken


def _cameras(answer: bytes, sender: str) -> list[Found]:
    """What one answer names; anybody may send one, and what cannot be read is left out."""
    from wsdiscovery.message import parseSOAPMessage  # type: ignore[import-untyped]  # noqa: PLC0415 - likewise

    try:
        message = parseSOAPMessage(answer, sender)
        matches = [] if message is None else message.getProbeResolveMatches()
        return [one for match in matches if (one := _camera(match.getXAddrs(), match.getScopes())) is not None]
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        log.debug("an answer of %s cannot be read: %s", sender, error)
        return []


def _camera(addresses: list[str], scopes: list[object]) -> Found | None:
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"} and parts.hostname and ":" not in parts.hostname:
            words = [str(scope) for scope in scopes]
            location = f"onvif://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
            return Found(location, _word(words, _NAME), _word(words, _HARDWARE))
    return None


def _word(scopes: list[str], prefix: str) -> str:
    return next((unquote(one.removeprefix(prefix)) for one in scopes if one.startswith(prefix)), "")
