"""What an SDP offer asks for, cut down to the one H.264 form that is agreed to.

aiortc takes the first codec of the offer that it knows (silently VP8), knows two profiles of H.264 and resolves names
of candidates by multicast. So an offer is read here first, and aiortc sees of it what it is to answer: one payload
type, addresses that are numbers, an open end of the candidates (a viewer behind a hidden name finds us, not we it).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from aiortc.sdp import SessionDescription, candidate_from_sdp

OFFER_BYTES_MAX = 64 * 1024
_SECTIONS_MAX = 8
_CANDIDATES_MAX = 16
_KNOWN_PROFILE = "42e01f"
_EXTENSION = re.compile(r"^a=extmap:(\d+)(?:/\w+)? (\S+)$")


class OfferError(ValueError):
    """It cannot be read; says where."""


class NoCodecError(ValueError):
    """It has no H.264 in a form that could be agreed to."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One that can be answered."""

    sdp: str
    """For aiortc."""
    kinds: tuple[str, ...]
    """Of its media, in order: audio, video, application."""
    payload_type: int
    parameters: str
    """The H.264 parameters that were offered, which the answer repeats."""
    extensions: dict[str, int]
    """RTP header extensions of the video, by their URI."""

    def answer(self, sdp: str) -> str:
        """The answer of aiortc as the offerer expects it."""
        known = f"a=fmtp:{self.payload_type} "
        mine = [f"{known}{self.parameters}"] if self.parameters else []
        lines: list[str] = []
        for line in sdp.splitlines():
            lines += mine if line.startswith(known) else [line]
        return "\r\n".join(lines) + "\r\n"


def read(content: bytes, *, wanted_profile: str = "", is_viewer: bool) -> Offer:
    """Of a publisher or a viewer.

    Args:
        content: as it came.
        wanted_profile: of the stream, six hexadecimal digits; the nearest that is offered is chosen.
        is_viewer: who wants to receive.

    Raises:
        OfferError: it cannot be read.
        NoCodecError: it has no H.264.
    """
    lines = _lines(content)
    head, sections = _sections(lines)
    kinds = tuple(section[0][2:].partition(" ")[0] for section in sections)
    if kinds.count("video") != 1 or any(kind not in {"audio", "video", "application"} for kind in kinds):
        raise OfferError("one m=video section, and beside it audio or application sections at most")
    if kinds.count("application") > 1:
        raise OfferError("one m=application section at most")
    video = sections[kinds.index("video")]
    payload_type, parameters = _choose(video, wanted_profile, is_viewer=is_viewer)
    plain = map(_without_hidden_candidates, sections)
    cut = [_only(section, payload_type) if section[0].startswith("m=video") else section for section in plain]
    text = "\r\n".join([*head, *(line for section in cut for line in section)]) + "\r\n"
    _check(text)
    extensions = {found[2]: int(found[1]) for line in video if (found := _EXTENSION.match(line))}
    return Offer(text, kinds, payload_type, parameters, extensions)


def _lines(content: bytes) -> list[str]:
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise OfferError("SDP is ASCII here") from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != "v=0":
        raise OfferError("it does not begin with v=0")
    for number, line in enumerate(lines, 1):
        if not re.match(r"^[a-z]=", line):
            raise OfferError(f"line {number} is not of the form x=...")
    return lines


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    head: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append([line])
        elif sections:
            sections[-1].append(line)
        elif not line.startswith("a=end-of-candidates"):
            head.append(line)
    if not sections:
        raise OfferError("it has no m= section")
    if len(sections) > _SECTIONS_MAX:
        raise OfferError(f"{len(sections)} m= sections; allowed: {_SECTIONS_MAX}")
    return head, sections


def _choose(video: list[str], wanted_profile: str, *, is_viewer: bool) -> tuple[int, str]:
    """Payload type and parameters."""
    offered = _h264(video)
    usable = {
        number: text
        for number, text in offered.items()
        if not is_viewer or _parameter(text, "packetization-mode") == "1"
    }
    if not usable:
        named = ", ".join(sorted({line.partition(" ")[2].partition("/")[0] for line in video if "rtpmap" in line}))
        raise NoCodecError(f"H.264 with packetization-mode=1 is sent here; offered: {named or 'nothing'}")

    def distance(number: int) -> tuple[bool, bool, bool, int]:
        profile = _parameter(usable[number], "profile-level-id").lower()
        fragmented = _parameter(usable[number], "packetization-mode") == "1"
        return (
            not fragmented,
            profile[:2] != wanted_profile[:2],
            profile[:4] != _KNOWN_PROFILE[:4],
            list(usable).index(number),
        )

    chosen = min(usable, key=distance)
    return chosen, usable[chosen]


def _h264(video: list[str]) -> dict[int, str]:
    words = video[0].split()
    listed = {int(word) for word in words[3:] if word.isdecimal() and int(word) < 128}  # noqa: PLR2004 - seven bits
    parameters: dict[int, str] = {}
    found: list[int] = []
    for line in video:
        name, _, value = line.partition(":")
        number, _, text = value.partition(" ")
        if not number.isdecimal() or int(number) not in listed:
            continue
        if name == "a=rtpmap" and text.upper() == "H264/90000":
            found.append(int(number))
        elif name == "a=fmtp":
            parameters[int(number)] = text
    return {number: parameters.get(number, "") for number in found}


def _parameter(text: str, name: str) -> str:
    for part in text.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return {"packetization-mode": "0", "profile-level-id": _KNOWN_PROFILE}.get(name, "")


def _only(video: list[str], payload_type: int) -> list[str]:
    """The section with one payload type, of the profile that aiortc knows: nothing is decoded, so any will do."""
    words = video[0].split()
    lines = [" ".join([*words[:3], str(payload_type)])]
    for line in video[1:]:
        name, _, value = line.partition(":")
        number = value.partition(" ")[0]
        is_of_codec = name in {"a=rtpmap", "a=fmtp", "a=rtcp-fb"} and number != "*"
        if not is_of_codec or (number == str(payload_type) and name != "a=fmtp"):
            lines.append(line)
    known = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={_KNOWN_PROFILE}"
    return [*lines, f"a=fmtp:{payload_type} {known}"]


def _without_hidden_candidates(section: list[str]) -> list[str]:
    candidates = [line for line in section if line.startswith("a=candidate:")]
    kept = set([line for line in candidates if is_plain(line.removeprefix("a=candidate:"))][:_CANDIDATES_MAX])
    return [
        line
        for line in section
        if line != "a=end-of-candidates" and (not line.startswith("a=candidate:") or line in kept)
    ]


def is_plain(candidate: str) -> bool:
    """Whether it names an address by number, to be reached by UDP."""
    words = candidate.split()
    try:
        found = candidate_from_sdp(candidate)
        ipaddress.ip_address(found.ip)
    except (AssertionError, ValueError, IndexError):
        return False
    return len(words) > 7 and found.protocol.lower() == "udp" and 0 < found.port < 65536 and found.component == 1  # noqa: PLR2004


def _check(text: str) -> None:
    """What aiortc takes for granted, and fails on later, in a task that nobody looks after."""
    try:
        description = SessionDescription.parse(text)
    except Exception as error:  # noqa: BLE001 - its parser asserts, indexes and converts without saying what it raises
        raise OfferError(f"it cannot be read ({type(error).__name__})") from None
    mids = [media.rtp.muxId for media in description.media]
    if len(set(mids)) != len(mids) or not all(mids):
        raise OfferError("each m= section needs an a=mid of its own")
    for media in description.media:
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise OfferError("a=ice-ufrag or a=ice-pwd is missing")
        if media.dtls is None or not media.dtls.fingerprints:
            raise OfferError("a=fingerprint or a=setup is missing")
        if media.kind != "application" and not media.rtcp_mux:
            raise OfferError("a=rtcp-mux is missing")
        if media.kind == "application" and media.sctp_port is None and media.profile != "DTLS/SCTP":
            raise OfferError("a=sctp-port is missing")
    bundle = next((group for group in description.group if group.semantic == "BUNDLE"), None)
    if len(mids) > 1 and (bundle is None or set(bundle.items) != set(mids)):
        raise OfferError("all m= sections must be in one a=group:BUNDLE")
