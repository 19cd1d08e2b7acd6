"""What comes by RTMP is a stream like any other, is recorded as it came, and survives a kill."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import sys
import textwrap
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import av
import pytest

from control_room.config import Media
from control_room.media import recording
from control_room.media.hub import Hub, NoSuchStreamError
from control_room.media.inputs import Inputs, Wanted, WantedClip, is_source
from control_room.media.recording import Ground, Segment
from control_room.media.streams import Clock
from control_room.media.telemetry import Telemetry
from tests.control_room.media.taken import DEADLINE_S, coded, until
from tests.control_room.media.test_rtmp import KEY, send, sending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from control_room.media.streams import Stream

SOURCE = "source/01990000-0000-7000-8000-000000000001"
SHA256 = hashlib.sha256(KEY.encode()).hexdigest()
FLIGHT = uuid.UUID("01990000-0000-7000-8000-00000000000f")
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Later:
    """The server's clock, which can be moved on."""

    by: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
async def inputs(tmp_path: Path, later: Later) -> AsyncIterator[Inputs]:
    limits = Media(rtmp_listen="127.0.0.1:0", segment_s=3600, silent_publisher_s=300)
    made = Inputs(Hub(limits, [], Clock(now=later.now)), limits, tmp_path / "live")
    await made.start()
    yield made
    await made.close()


def port_of(inputs: Inputs) -> int:
    server = inputs.rtmp._server
    assert server is not None
    port: int = server.sockets[0].getsockname()[1]
    return port


def kind_of(stream: Stream) -> str | None:
    return None if stream.publisher is None else stream.publisher.kind


def found(directory: Path, pattern: str) -> list[Path]:
    return list(directory.glob(pattern))


def pictures_in(path: Path) -> int:
    return len(times_in(path))


def times_in(path: Path) -> list[float]:
    """When each picture is shown, in seconds."""
    with av.open(str(path)) as container:
        return [frame.time or 0.0 for frame in container.decode(video=0)]


async def test_rtmp_becomes_a_stream_that_is_recorded_as_it_came(inputs: Inputs, tmp_path: Path) -> None:
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256, record=Ground(flight_id=FLIGHT)))
    async with sending(port_of(inputs), KEY):
        await until(lambda: SOURCE in inputs.hub.streams and inputs.hub.streams[SOURCE].frames > 25)
        stream = inputs.hub.streams[SOURCE]
        assert kind_of(stream) == "rtmp"
        assert inputs.state(SOURCE)["recording_id"] is not None
    await until(lambda: list(tmp_path.glob("live/*/*.mp4")))
    assert stream.picture is not None
    assert (stream.picture.width_px, stream.picture.height_px) == (320, 240)
    assert kind_of(stream) is None
    [path] = found(tmp_path, "live/*/*.mp4")
    segment = Segment.model_validate_json(path.with_suffix(".json").read_bytes())
    assert (segment.stream, segment.part, segment.ground.flight_id) == (SOURCE, 1, FLIGHT)
    assert segment.pictures == pictures_in(path) == stream.frames, "none is left out"
    assert inputs.state(SOURCE)["recording_id"] is None


async def test_what_begins_and_ends_between_two_looks_is_recorded_whole(inputs: Inputs, tmp_path: Path) -> None:
    inputs.want(SOURCE, Wanted(record=Ground(flight_id=FLIGHT)))
    pictures = coded("libx264", 20)
    for _ in range(2):
        publisher = inputs.hub.publish_directly(SOURCE, "rtsp")
        for data, ticks, _ in pictures:
            publisher.take(data, ticks)
        publisher.end()
        inputs.tend()
    await until(lambda: len(found(tmp_path, "live/*/*.mp4")) == 2)
    assert [pictures_in(path) for path in found(tmp_path, "live/*/*.mp4")] == [20, 20]


async def test_what_loses_its_ground_is_recorded_no_more_and_goes_on_live(inputs: Inputs, tmp_path: Path) -> None:
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256, record=Ground(flight_id=FLIGHT)))
    sent = asyncio.create_task(send(port_of(inputs), KEY, seconds=3000, pace="-re"))
    await until(lambda: SOURCE in inputs.recordings)
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256))
    await until(lambda: list(tmp_path.glob("live/*/*.mp4")))
    assert SOURCE not in inputs.recordings
    frames = inputs.hub.streams[SOURCE].frames
    await until(lambda: inputs.hub.streams[SOURCE].frames > frames + 5)
    inputs.forget(SOURCE)
    assert await sent != 0


async def test_a_permission_ends_a_recording_also_while_the_room_is_away(inputs: Inputs, later: Later) -> None:
    wanted = Wanted(rtmp_key_sha256=SHA256, record=Ground(flight_id=FLIGHT))
    inputs.want(SOURCE, wanted.model_copy(update={"record_until_s": time.time() + 600}))
    sent = asyncio.create_task(send(port_of(inputs), KEY, seconds=3000, pace="-re"))
    await until(lambda: SOURCE in inputs.recordings)
    later.by = timedelta(seconds=600)
    await until(lambda: SOURCE not in inputs.recordings)
    frames = inputs.hub.streams[SOURCE].frames
    await until(lambda: inputs.hub.streams[SOURCE].frames > frames + 5)
    assert SOURCE not in inputs.recordings
    inputs.forget(SOURCE)
    assert await sent != 0


async def test_a_clip_is_what_was_in_memory_and_what_followed(inputs: Inputs, tmp_path: Path, later: Later) -> None:
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256))
    sent = asyncio.create_task(send(port_of(inputs), KEY, seconds=3000, pace="-re"))
    await until(lambda: SOURCE in inputs.hub.streams and inputs.hub.streams[SOURCE].frames > 30)
    now, clip_id = inputs.hub.clock.now(), uuid.UUID(int=7)
    wanted = WantedClip(stream=SOURCE, begin=now - timedelta(seconds=60), end=now + timedelta(seconds=600))
    inputs.keep_clip(clip_id, wanted)
    inputs.keep_clip(clip_id, wanted)
    frames = inputs.hub.streams[SOURCE].frames
    await until(lambda: inputs.hub.streams[SOURCE].frames > frames + 20)
    later.by = timedelta(seconds=600)
    await until(lambda: list(tmp_path.glob("live/*/*.mp4")))
    inputs.forget(SOURCE)
    await sent
    [path] = found(tmp_path, "live/*/*.mp4")
    segment = Segment.model_validate_json(path.with_suffix(".json").read_bytes())
    assert (segment.is_clip, segment.recording_id) == (True, clip_id)
    assert segment.pictures == pictures_in(path) > 50
    assert segment.captured_to > now > segment.captured_from
    with pytest.raises(NoSuchStreamError):
        inputs.keep_clip(uuid.UUID(int=8), wanted.model_copy(update={"stream": "camera/a/b"}))


async def test_a_stream_that_another_publishes_is_not_taken(inputs: Inputs) -> None:
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256))
    first = inputs.hub.publish_directly(SOURCE, "rtsp")
    await send(port_of(inputs), KEY)
    await until(lambda: inputs.rtmp.refused["refused"])
    assert not first.is_cut_off


async def test_a_stream_that_is_cut_off_ends_its_publisher(inputs: Inputs) -> None:
    inputs.want(SOURCE, Wanted(rtmp_key_sha256=SHA256))
    sent = asyncio.create_task(send(port_of(inputs), KEY, seconds=3000, pace="-re"))
    await until(lambda: SOURCE in inputs.hub.streams and inputs.hub.streams[SOURCE].frames)
    await inputs.hub.cut_off(SOURCE)
    assert await asyncio.wait_for(sent, DEADLINE_S) != 0


RECORDS_FOR_EVER = textwrap.dedent(
    """
    import asyncio, pathlib, sys
    from control_room.config import Media
    from control_room.media.hub import Hub
    from control_room.media.inputs import Inputs, Wanted
    from control_room.media.recording import Ground

    async def main():
        limits = Media(rtmp_listen="127.0.0.1:0", silent_publisher_s=300)
        inputs = Inputs(Hub(limits, []), limits, pathlib.Path(sys.argv[1]))
        await inputs.start()
        inputs.want(sys.argv[2], Wanted(rtmp_key_sha256=sys.argv[3], record=Ground()))
        print(inputs.rtmp._server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(600)

    asyncio.run(main())
    """
)


async def test_a_kill_loses_what_came_since_the_last_key_picture_and_no_more(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RECORDS_FOR_EVER, str(tmp_path), SOURCE, SHA256, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    sent = asyncio.create_task(send(port, KEY, seconds=3000, pace="-re"))
    await until(lambda: any(recording._whole_bytes(path) > 15_000 for path in tmp_path.glob("*/*.part")))
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await sent
    [part] = found(tmp_path, "*/*.part")
    with part.open("ab") as file:
        file.write(b"\0\0\1\0moof" + bytes(100))  # as a kill in the middle of a write leaves it
    assert recording.salvage(tmp_path) == 1
    [path] = found(tmp_path, "*/*.mp4")
    segment = Segment.model_validate_json(path.with_suffix(".json").read_bytes())
    assert segment.pictures == pictures_in(path) >= 10
    assert segment.pictures % 10 == 0
    lasts_s = (segment.captured_to - segment.captured_from).total_seconds()
    assert lasts_s == pytest.approx(times_in(path)[-1], abs=0.001)
    assert recording.salvage(tmp_path) == 0


async def test_a_file_without_a_whole_picture_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "00001.part").write_bytes(b"\0\0\0\x10ftypisom")
    assert recording.salvage(tmp_path) == 0
    assert not found(tmp_path, "one/*")


@pytest.mark.parametrize(
    "given",
    [
        {"rtmp_key_sha256": "short"},
        {"rtsp_url": "http://127.0.0.1/"},
        {"rtsp_url": "rtsp:///live"},
        {"rtsp_url": "rtsp://camera/live\nfile:///etc"},
        {"record": {"flight_id": "none"}},
        {"other": 1},
    ],
)
def test_what_is_wanted_is_checked(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Wanted.model_validate(given)


@pytest.mark.parametrize(
    ("name", "is_one"), [(SOURCE, True), ("camera/a/b", False), ("source/x", False), (SOURCE.upper(), False)]
)
def test_only_sources_have_inputs(name: str, is_one: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_source(name) is is_one


def test_lines_beside_the_video_are_bounded_and_fetched_once(tmp_path: Path) -> None:
    del tmp_path
    hub = Hub(Media(), [])
    at = hub.clock.now()
    told = Telemetry(lambda: at)
    told.take(SOURCE, b'{"lat": 1}\n\n{"lat": 2}\n')
    lines = told.waiting(10)["lines"]
    assert [each["line"] for each in lines] == ['{"lat": 1}', '{"lat": 2}']
    assert told.waiting(1)["lines"] == lines[:1]
    told.taken(lines[0]["number"], {SOURCE: 1})
    assert told.waiting(10) == {"lines": lines[1:], "refused": {SOURCE: 1}}
    told.take(SOURCE, b"x" * 5000)
    told.take(SOURCE, b"\n".join([b"{}"] * 100))
    assert told.refused[SOURCE] == 1 + 1 + 100 - 38
