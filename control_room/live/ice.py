"""Servers that find a way through: STUN as the settings name them, TURN with a name and password that soon end.

The scheme is TURN REST's, which coturn knows as `use-auth-secret`: the name is the time of its end and who it is for,
the password an HMAC-SHA1 of it under the secret that room and server share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from control_room.live.schemas import IceServerItem, IceServers

if TYPE_CHECKING:
    from control_room import config


def servers(settings: config.Live, whom: str, now: datetime) -> IceServers:
    """For one person or device."""
    found = [IceServerItem(urls=[url]) for url in settings.ice_servers]
    if not settings.turn_servers:
        return IceServers(ice_servers=found, expires_at=None)
    ends = now + timedelta(minutes=settings.turn_minutes)
    name = f"{int(ends.timestamp())}:{hashlib.sha256(whom.encode()).hexdigest()[:12]}"
    secret = settings.turn_secret.get_secret_value().encode()
    password = base64.b64encode(hmac.new(secret, name.encode(), hashlib.sha1).digest()).decode()
    found.append(IceServerItem(urls=list(settings.turn_servers), username=name, credential=password))
    return IceServers(ice_servers=found, expires_at=ends)


def links(given: IceServers) -> list[str]:
    """As values of `Link` headers, which WHIP and WHEP clients read."""
    return [
        f'<{url}>; rel="ice-server"'
        + (
            f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
            if server.username
            else ""
        )
        for server in given.ice_servers
        for url in server.urls
    ]
