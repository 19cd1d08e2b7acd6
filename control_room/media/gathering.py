"""Which addresses and ports of this machine a connection offers: those of the settings, not all that it has."""

from __future__ import annotations

import asyncio
import random
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, get_host_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioice import Connection

_BUFFER_BYTES = 2 * 1024 * 1024
"""A whole group of pictures comes at once."""
_TRIES = 50


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of the settings."""

    local: tuple[str, ...] = ()
    """Empty: all but loopback."""
    ports: range | None = None
    """Of UDP; None: any."""
    announced: str = ""
    """What the others are told in the place of a local one, where a router or a container stands between."""


async def gathered(connection: Connection, addresses: Addresses) -> list[Candidate]:
    """Opens a socket on each; those that cannot be opened are left out."""
    local: Sequence[str] = addresses.local or get_host_addresses(use_ipv4=True, use_ipv6=True)
    found: list[Candidate] = []
    for address in local:
        protocol = await _opened(connection, address, addresses.ports)
        if protocol is None:
            continue
        port: int = protocol.transport.get_extra_info("sockname")[1]
        host = addresses.announced or address
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=1,
            transport="udp",
            priority=candidate_priority(1, "host"),
            host=host,
            port=port,
            type="host",
        )
        connection._protocols.append(protocol)
        found.append(protocol.local_candidate)
    return found


async def _opened(connection: Connection, address: str, ports: range | None) -> StunProtocol | None:
    tried = [0] if ports is None else random.sample(ports, min(_TRIES, len(ports)))
    loop = asyncio.get_running_loop()
    for port in tried:
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: StunProtocol(connection), local_addr=(address, port)
            )
        except OSError:
            continue
        opened = transport.get_extra_info("socket")
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        return protocol
    return None
