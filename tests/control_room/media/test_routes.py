"""The process's own HTTP interface, as the room's processes use it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import av
import httpx
import pytest

from benchmarks.live import stubs
from control_room.media import routes
from control_room.media.hub import Hub
from control_room.media.streams import Clock
from tests.control_room.media.media_process import SECRET, STREAM, Holding, clip, hub, offer, until

pytestmark = pytest.mark.timeout(240)
SDP = {"Content-Type": "application/sdp"}


@asynccontextmanager
async def door(
    secret: str = SECRET, clock: Clock | None = None, **limits: object
) -> AsyncIterator[tuple[httpx.AsyncClient, Hub]]:
    async with hub(clock, **limits) as media:
        app = httpx.ASGITransport(routes.make_app(media, SECRET))
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(transport=app, base_url="http://media", headers=headers) as client:
            yield client, media


def signal_to(client: httpx.AsyncClient, path: str) -> stubs.Signal:
    async def signal(sdp: str) -> str:
        answer = await client.post(path, content=sdp, headers=SDP)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"].startswith("/sessions/")
        assert answer.headers["content-type"].startswith("application/sdp")
        return answer.text

    return signal


@asynccontextmanager
async def published(client: httpx.AsyncClient, media: Hub) -> AsyncIterator[stubs.Publisher]:
    publisher = stubs.Publisher(clip())
    await publisher.publish(signal_to(client, f"/{STREAM}/whip"))
    await until(lambda: media.streams[STREAM].frames > 30, "pictures come in")
    yield publisher
    await publisher.close()


def test_who_does_not_know_the_secret_learns_only_that_it_is_there() -> None:
    async def all_of_it() -> None:
        async with door("another") as (client, _):
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            for path in ("/streams", "/sessions", "/metrics"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["type"]) == (401, "urn:talaia:problem:not-signed-in")

    asyncio.run(all_of_it())


def test_what_is_there_is_told() -> None:
    async def all_of_it() -> None:
        time = Holding()
        async with door(clock=time.clock()) as (client, media), published(client, media):
            viewer = stubs.Viewer()
            await viewer.watch(signal_to(client, f"/{STREAM}/whep"))
            await until(lambda: viewer.pictures > 20, "pictures go out")
            time.hold()
            before = media.streams[STREAM].frames
            await until(lambda: media.streams[STREAM].frames > before, "one comes now")
            (stream,) = (await client.get("/streams")).json()
            assert stream == (await client.get(f"/streams/{STREAM}")).json() | {
                key: stream[key] for key in ("fps", "bits_s", "last_packet_age_s", "held_bytes", "key_every_s")
            }
            wanted = {"stream": STREAM, "kind": "whip", "codec": "h264", "width_px": 1280, "height_px": 720}
            assert stream.items() >= {**wanted, "transcoded": False, "viewers": 1, "dropped": 0}.items()
            assert stream["last_packet_age_s"] == 0.0 < stream["fps"]
            sessions = {each["role"]: each for each in (await client.get("/sessions")).json()}
            assert {each["state"] for each in sessions.values()} == {"connected"}
            assert sessions["viewer"]["frames"] > 20
            text = (await client.get("/metrics")).text
            assert "talaia_media_viewers 1.0" in text
            assert f'talaia_media_stream_viewers{{stream="{STREAM}"}} 1.0' in text
            ended = await client.delete(f"/sessions/{sessions['viewer']['session_id']}")
            assert ended.status_code == 204
            assert [each["role"] for each in (await client.get("/sessions")).json()] == ["publisher"]
            assert (await client.delete(f"/sessions/{sessions['viewer']['session_id']}")).status_code == 404
            await viewer.close()

    asyncio.run(all_of_it())


def test_a_span_is_a_film_of_the_pictures_as_they_came_and_the_last_one_is_a_jpeg() -> None:
    async def all_of_it() -> None:
        async with door() as (client, media), published(client, media):
            answer = await client.get(f"/streams/{STREAM}/span.mp4", params={"seconds": 30})
            assert answer.status_code == 200
            with av.open(io.BytesIO(answer.content), "r") as film:
                video = film.streams.video[0]
                frames = [frame.pts for frame in film.decode(video)]
            assert (video.codec_context.name, video.codec_context.width) == ("h264", 1280)
            assert len(frames) == int(answer.headers["x-span-frames"]) > 25
            assert answer.headers["x-span-from"] < answer.headers["x-span-to"]
            still = await client.get(f"/streams/{STREAM}/picture.jpg")
            assert still.content[:2] == b"\xff\xd8", still.text
            assert (await client.get(f"/streams/{STREAM}/picture.jpg")).content == still.content
            for wrong in ({"seconds": "-1"}, {"seconds": "x"}, {"from": "2026-01-01"}, {"seconds": "1e300"}):
                assert (await client.get(f"/streams/{STREAM}/span.mp4", params=wrong)).status_code == 422
            past = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
            assert (await client.get(f"/streams/{STREAM}/span.mp4", params=past)).status_code == 404

    asyncio.run(all_of_it())


def test_what_cannot_be_done_is_a_problem_with_its_name() -> None:
    async def all_of_it() -> None:
        time = Holding()
        time.hold()
        async with door(clock=time.clock(), offers_s=1) as (client, media):
            sdp = await offer()

            async def asked(path: str, content: str = sdp, kind: str = "application/sdp") -> tuple[int, str]:
                answer = await client.post(path, content=content, headers={"Content-Type": kind})
                assert answer.headers["content-type"] == "application/problem+json"
                return answer.status_code, answer.json()["type"].rpartition(":")[2]

            assert await asked(f"/{STREAM}/whep") == (404, "no-such-stream")
            assert await asked(f"/{STREAM}/whip", "hello") == (400, "malformed-sdp")
            assert await asked(f"/{STREAM}/whep", sdp, "text/plain") == (415, "blank")
            assert await asked(f"/{STREAM}/whep", "v=0\n" * 20_000) == (413, "blank")
            assert await asked("/elsewhere/whep") == (404, "blank")
            assert await asked(f"/{STREAM}/whip") == (429, "too-many-offers")
            assert media.sessions == {}

    asyncio.run(all_of_it())


def test_candidates_that_come_later_are_taken_and_those_of_no_use_are_not() -> None:
    async def all_of_it() -> None:
        async with door() as (client, media), published(client, media):
            answer = await client.post(f"/{STREAM}/whep", content=await offer(), headers=SDP)
            path = answer.headers["location"]
            lines = [
                "a=ice-ufrag:abcd",
                "a=mid:0",
                "a=candidate:1 1 udp 1 127.0.0.1 9 typ host",
                "a=candidate:1 1 udp 1 hidden.local 9 typ host",
                "a=candidate:nonsense",
                "a=end-of-candidates",
            ]
            fragment = "\r\n".join(lines)
            kind = {"Content-Type": "application/trickle-ice-sdpfrag"}
            assert (await client.patch(path, content=fragment, headers=kind)).status_code == 204
            assert (await client.patch(path, content=fragment, headers=SDP)).status_code == 415
            assert (await client.patch("/sessions/nobody", content=fragment, headers=kind)).status_code == 404
            peer = media.session(path.rpartition("/")[2]).peer
            assert await peer.add_candidates(["1 1 udp 1 127.0.0.1 9 typ host"] * 100) == 63
            assert (await client.delete(path)).status_code == 204

    asyncio.run(all_of_it())
