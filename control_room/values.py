"""What addresses and names in the settings may be; each function gives the value back or says what is allowed."""

from __future__ import annotations

import ipaddress
import urllib.parse
import zoneinfo

from pydantic_core import PydanticCustomError

_PORT_MIN, _PORT_MAX = 1024, 65535


def wrong(got: object, allowed: str, key: str = "") -> PydanticCustomError:
    """`key`: what must be added to the place where it is raised to name the setting."""
    context = {"got": repr(got), "allowed": allowed, "key": key}
    return PydanticCustomError("setting", "{key}: got {got}; allowed: {allowed}", context)


def address(listen: str) -> str:
    url = urllib.parse.urlsplit(f"//{listen}")
    try:
        sound = url.hostname is not None and url.port is not None and url.netloc == listen and not url.username
    except ValueError:
        sound = False
    if not sound:
        raise wrong(listen, "HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080, port 0 to 65535")
    return listen


def optional_address(listen: str) -> str:
    return address(listen) if listen else ""


def network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise wrong(text, "an address or a network, such as 10.0.0.5 or 10.0.0.0/24") from None
    return text


def time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(name, "an IANA name, such as Europe/Madrid") from None
    return name


def database_url(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise wrong(without_password(url), "postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    return url


def broker_url(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    try:
        sound = parts.scheme in {"mqtt", "mqtts"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise wrong(without_password(url), "mqtt://USER:PASSWORD@HOST:PORT or mqtts://...")
    return url


def s3_endpoint(url: str) -> str:
    """Not in the open: evidence goes over it, and the key signs for it."""
    parts = urllib.parse.urlsplit(url)
    allowed = "https://HOST[:PORT], http:// on a loopback address only, or nothing"
    try:
        sound = bool(parts.hostname) and parts.path in {"", "/"} and not parts.query and parts.port != 0
        loopback = parts.hostname == "localhost" or (sound and ipaddress.ip_address(parts.hostname or "").is_loopback)
    except ValueError:
        loopback = False
        sound = parts.scheme == "https" and bool(parts.hostname) and parts.path in {"", "/"}
    if url and (parts.username or not sound or parts.scheme not in ({"http", "https"} if loopback else {"https"})):
        raise wrong(without_password(url), allowed)
    return url.removesuffix("/")


def ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise wrong(text, "an IP address, such as 192.168.1.10") from None


def optional_ip_address(text: str) -> str:
    return ip_address(text) if text else text


def ports(text: str) -> str:
    """A range of them."""
    first, dash, last = text.partition("-")
    sound = dash and first.isdecimal() and last.isdecimal() and _PORT_MIN <= int(first) <= int(last) <= _PORT_MAX
    if text and not sound:
        raise wrong(text, "FIRST-LAST from 1024 to 65535, such as 50000-50999, or nothing")
    return text


def inner_url(url: str) -> str:
    """Of a program on this machine or on a network of the room's own: what goes there is not ciphered."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        sound = parts.scheme == "http" and parts.path in {"", "/"} and not parts.query and parts.port != 0
        inner = _is_inner(host)
    except ValueError:
        sound = inner = False
    if not (sound and inner) or parts.username:
        raise wrong(
            without_password(url),
            "http://127.0.0.1:PORT: a loopback or private address, or a name without a dot, as containers have",
        )
    return url.removesuffix("/")


def _is_inner(host: str) -> bool:
    if host and "." not in host and ":" not in host:
        return True
    address = ipaddress.ip_address(host)
    return address.is_loopback or address.is_private


def optional_http_url(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username):
        raise wrong(without_password(url), "http://HOST[:PORT] or https://HOST[:PORT], or nothing")
    return url.removesuffix("/")


def stun_url(url: str) -> str:
    return _ice_url(url, ("stun:", "stuns:"))


def turn_url(url: str) -> str:
    return _ice_url(url, ("turn:", "turns:"))


def _ice_url(url: str, schemes: tuple[str, str]) -> str:
    place = url.partition(":")[2].partition("?")[0]
    if not url.startswith(schemes) or not place or any(letter in url for letter in " /@#"):
        raise wrong(url, f"{schemes[0]}HOST[:PORT] or {schemes[1]}HOST[:PORT]")
    return url


def optional_broker_url(url: str) -> str:
    return broker_url(url) if url else url


def public_url(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}):
        raise wrong(url, "http://HOST or https://HOST without a path, or nothing")
    return url.removesuffix("/")


def without_password(url: str) -> str:
    """A URL that may be shown."""
    parts = urllib.parse.urlsplit(url)
    if parts.password is None:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
