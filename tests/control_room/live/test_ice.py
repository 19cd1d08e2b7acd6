"""TURN names and passwords as TURN REST has them: a server that shares the secret can check them by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac

from control_room import config
from control_room.live import ice
from tests.control_room import messages

TURN = {
    "ice_servers": ["stun:stun.example.org:3478"],
    "turn_servers": ["turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:5349"],
    "turn_secret": "shared",
    "turn_minutes": 30,
}


def test_without_servers_there_are_none() -> None:
    given = ice.servers(config.Live(), "marta", messages.NOON)
    assert (given.ice_servers, given.expires_at, ice.links(given)) == ([], None, [])


def test_a_turn_server_can_check_what_a_browser_shows() -> None:
    given = ice.servers(config.Live.model_validate(TURN), "marta", messages.NOON)
    stun, turn = given.ice_servers
    assert (stun.urls, stun.username) == (["stun:stun.example.org:3478"], None)
    ends, _, whom = (turn.username or "").partition(":")
    assert int(ends) == int(messages.NOON.timestamp()) + 30 * 60
    assert given.expires_at is not None
    assert int(given.expires_at.timestamp()) == int(ends)
    assert "marta" not in whom
    expected = hmac.new(b"shared", (turn.username or "").encode(), hashlib.sha1).digest()
    assert turn.credential == base64.b64encode(expected).decode()
    other = ice.servers(config.Live.model_validate(TURN), "anna", messages.NOON).ice_servers[1]
    assert other.username != turn.username


def test_links_name_each_address_with_its_password() -> None:
    stun, udp, tls = ice.links(ice.servers(config.Live.model_validate(TURN), "marta", messages.NOON))
    assert stun == '<stun:stun.example.org:3478>; rel="ice-server"'
    assert udp.startswith('<turn:turn.example.org:3478?transport=udp>; rel="ice-server"; username="')
    assert tls.endswith('; credential-type="password"')
