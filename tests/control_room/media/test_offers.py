"""Offers of browsers, of others, and of nobody."""

from __future__ import annotations

import random

import pytest

from control_room.media import offers

BROWSER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 109 127
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 0b6e3c0e-1111.local 50000 typ host generation 0
a=candidate:2 1 udp 2113937151 192.0.2.7 50001 typ host generation 0
a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active
a=end-of-candidates
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 {}
a=setup:actpass
a=mid:0
a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay
a=recvonly
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f
a=rtpmap:109 H264/90000
a=rtcp-fb:109 nack
a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:127 H264/90000
a=fmtp:127 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f
""".format(":".join(["AB"] * 32))


def read(text: str = BROWSER, profile: str = "", *, is_viewer: bool = True) -> offers.Offer:
    return offers.read(text.encode(), wanted_profile=profile, is_viewer=is_viewer)


@pytest.mark.parametrize(("profile", "chosen"), [("", 109), ("42c01f", 109), ("4d401f", 127), ("640028", 109)])
def test_the_form_of_h264_nearest_to_the_stream_is_chosen_and_all_others_are_left_out(
    profile: str, chosen: int
) -> None:
    found = read(profile=profile)
    assert found.payload_type == chosen
    (media,) = [line for line in found.sdp.splitlines() if line.startswith("m=")]
    assert media == f"m=video 9 UDP/TLS/RTP/SAVPF {chosen}"
    assert "VP8" not in found.sdp
    assert "rtx" not in found.sdp


def test_the_answer_repeats_what_was_offered() -> None:
    found = read(profile="4d401f")
    answer = found.answer("v=0\r\na=fmtp:127 packetization-mode=1;profile-level-id=42e01f\r\n")
    assert answer.splitlines()[1] == (
        "a=fmtp:127 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"
    )


def test_only_addresses_by_number_over_udp_are_kept_and_more_may_come() -> None:
    lines = [line for line in read().sdp.splitlines() if "candidate" in line]
    assert lines == ["a=candidate:2 1 udp 2113937151 192.0.2.7 50001 typ host generation 0"]
    assert read().extensions == {"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": 5}


def test_who_has_no_h264_is_told_what_is_needed() -> None:
    with pytest.raises(offers.NoCodecError, match=r"packetization-mode=1 .*VP8"):
        read(BROWSER.replace("H264", "H265"))
    only_whole = BROWSER.replace("packetization-mode=1", "packetization-mode=0")
    with pytest.raises(offers.NoCodecError):
        read(only_whole)
    assert read(only_whole, is_viewer=False).payload_type in {103, 107, 109, 127}


@pytest.mark.parametrize(
    ("gone", "instead", "said"),
    [
        ("v=0", "", "v=0"),
        ("a=ice-ufrag:abcd", "a=x:1", "ice-ufrag"),
        ("a=fingerprint", "a=nothing", "fingerprint"),
        ("a=rtcp-mux", "a=x:1", "rtcp-mux"),
        ("a=mid:0", "a=x:1", "mid"),
        ("a=setup:actpass", "a=setup:nobody", "cannot be read"),
        ("m=video", "m=text", "m=video"),
        ("a=recvonly", "a=recvonly\nm=video 9 UDP/TLS/RTP/SAVPF 96\na=mid:1", "one m=video"),
        ("s=-", "s", "line 3"),
        ("s=-", "s=\N{SNOWMAN}", "ASCII"),
    ],
)
def test_what_is_wrong_is_named(gone: str, instead: str, said: str) -> None:
    with pytest.raises(offers.OfferError, match=said):
        read(BROWSER.replace(gone, instead, 1))


def test_noise_in_an_offer_is_refused_and_nothing_else() -> None:
    noise = random.Random(3)
    outcomes = {"read": 0, "refused": 0}
    for _ in range(400):
        content = bytearray(BROWSER.encode())
        for _ in range(noise.randrange(1, 12)):
            at = noise.randrange(len(content))
            content[at : at + noise.randrange(3)] = noise.randbytes(noise.randrange(3))
        try:
            offers.read(bytes(content), is_viewer=True)
        except (offers.OfferError, offers.NoCodecError):
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
    assert min(outcomes.values()) > 0
