"""RTMP: FFmpeg as the sender, wrong keys, and what is no RTMP."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from control_room.media import amf, rtmp, rtmp_chunks
from control_room.media.flv import NoUsableCodecError, Tags
from control_room.media.rtmp import Listener
from control_room.media.rtmp_chunks import Chunks, GarbageError
from tests.control_room.media.taken import DEADLINE_S, Streams, decoded, until

KEY = "a-key-that-nobody-guesses"
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def key_of(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


async def send(
    port: int, key: str, *, codec: str = "libx264", path: str = "live", seconds: float = 1, pace: str = ""
) -> int:
    """With FFmpeg, as fast as it can or, by `-re`, as a camera would; its exit status."""
    process = await _ffmpeg(port, key, codec=codec, path=path, seconds=seconds, pace=pace)
    return await asyncio.wait_for(process.wait(), DEADLINE_S)


@asynccontextmanager
async def sending(port: int, key: str) -> AsyncIterator[None]:
    """A camera's pictures; at the end of the block it stops as one does that is told to."""
    process = await _ffmpeg(port, key, codec="libx264", path="live", seconds=3000, pace="-re")
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), DEADLINE_S)


async def _ffmpeg(
    port: int, key: str, *, codec: str, path: str, seconds: float, pace: str
) -> asyncio.subprocess.Process:
    words = f"-v error {pace} -f lavfi -i testsrc=size=320x240:rate=25 -t {seconds} -pix_fmt yuv420p -c:v {codec} -g 10"
    words += " -preset ultrafast -threads 1" if codec == "libx264" else " -threads 1"
    address = f"rtmp://127.0.0.1:{port}/{path}/{key}"
    return await asyncio.create_subprocess_exec(
        "ffmpeg", *words.split(), "-f", "flv", address, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )


def listening(streams: Streams, silent_s: float = DEADLINE_S) -> Listener:
    """Which waits for a publisher that stands still for a while."""
    return Listener(streams, silent_s=silent_s)


async def test_ffmpegs_pictures_come_whole_and_in_time_and_the_stream_ends_with_it() -> None:
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/1", key_of("another"))
    listener.allow("source/2", key_of(KEY))
    assert await send(port, KEY) == 0
    await until(lambda: streams.taken and streams.taken[0].ended is not None)
    await listener.close()
    [taken] = streams.taken
    assert (taken.stream, taken.codec, taken.ended) == ("source/2", "h264", "")
    assert taken.units[0][2]
    assert [key for _, _, key in taken.units].count(True) == 3  # of 25 pictures, one in ten
    assert decoded(taken.units, "h264") == 25
    shown = sorted(ticks for _, ticks, _ in taken.units)
    assert shown[-1] - shown[0] == pytest.approx(24 * 3600, abs=90)
    assert not listener.connections


async def test_a_wrong_key_is_refused_and_counted_and_a_wrong_path_too() -> None:
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    assert await send(port, "guessed") != 0
    assert await send(port, KEY, path="other") != 0
    await listener.close()
    assert not streams.taken
    assert listener.refused == {"wrong-key": 1, "wrong-path": 1}
    assert not listener.connections


async def test_a_codec_that_browsers_cannot_take_is_refused() -> None:
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    await send(port, KEY, codec="flv")
    await until(lambda: listener.refused["no-usable-codec"])
    await listener.close()
    assert not streams.taken


async def test_a_stream_that_is_not_taken_cuts_its_publisher_off() -> None:
    streams = Streams(full=True)
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    await send(port, KEY)
    await until(lambda: listener.refused["refused"])
    await until(lambda: not listener.connections)
    await listener.close()
    assert (listener.refused, streams.taken) == ({"refused": 1}, [])


async def test_a_key_that_is_taken_back_cuts_its_publisher_off() -> None:
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    sending = asyncio.create_task(send(port, KEY, seconds=3000))
    await until(lambda: streams.taken and len(streams.taken[0].units) > 3)
    listener.allow("source/2", key_of("a new one"))
    assert await sending != 0
    await listener.close()
    assert streams.taken[0].ended == "its key is not valid any more"


async def test_who_says_nothing_is_ended() -> None:
    streams = Streams()
    listener = listening(streams, silent_s=0.2)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(published(KEY))
    answered = await asyncio.wait_for(reader.read(), DEADLINE_S)  # to the end
    assert b"NetStream.Publish.Start" in answered
    writer.close()
    await until(lambda: not listener.connections)
    await listener.close()
    assert not streams.taken


def published(key: str) -> bytes:
    """A handshake and the command to publish, as a publisher sends them."""
    connect = amf.write("connect", 1.0, {"app": "live"})
    publish = amf.write("publish", 2.0, None, key, "live")
    greeting = b"\x03" + bytes(1536) + bytes(1536)
    return greeting + b"".join(rtmp_chunks.written(20, body, number=3) for body in (connect, publish))


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x03" + bytes(3072) + b"\xff" * 64,
        b"\x03" + bytes(3072) + rtmp_chunks.written(20, b"\x09\x09\x09", number=3),
        b"\x03" + bytes(3072) + b"\x03" + bytes(3) + b"\xff\xff\xff" + b"\x14" + bytes(4),
        published(KEY) + rtmp_chunks.written(9, b"\x17\x01\0\0\0" + b"\xff" * 20, number=4),
        published(KEY) + rtmp_chunks.written(9, b"\x17\x00\0\0\0" + b"\x01\x64\0\x1f\xff\xe1\xff\xff", number=4),
        published(KEY) + rtmp_chunks.written(1, bytes(4), number=2),
        rtmp_chunks.written(9, b"\x17\x01\0\0\0", number=4),
    ],
    ids=["http", "chunk", "command", "large", "nal", "sets", "size", "no-greeting"],
)
async def test_garbage_ends_its_connection_and_nothing_else(sent: bytes) -> None:
    streams = Streams()
    listener = listening(streams, silent_s=0.5)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await asyncio.wait_for(reader.read(), DEADLINE_S)
    writer.close()
    await until(lambda: not listener.connections)
    listener.silent_s = DEADLINE_S
    assert await send(port, KEY, seconds=0.2) == 0
    await listener.close()
    assert len(streams.taken) == 1


async def test_strangers_who_show_no_key_do_not_take_the_places_of_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp, "_SHOWS_ITS_KEY_WITHIN_S", DEADLINE_S)
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    strangers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
    await until(lambda: listener.refused["full"] >= 40 - 16)
    for _, writer in strangers:
        writer.close()
    await until(lambda: not listener.connections)
    assert await send(port, KEY, seconds=0.2) == 0
    await listener.close()
    assert [each.stream for each in streams.taken] == ["source/2"]


async def test_a_hundred_publishers_who_come_and_go_leave_nothing_behind() -> None:
    streams = Streams()
    listener = listening(streams)
    port = await listener.listen("127.0.0.1", 0)
    listener.allow("source/2", key_of(KEY))
    before = open_files()
    for number in range(50):
        for key, has_come in (
            (KEY, lambda: any(each.stream for each in listener.connections)),
            ("guessed", lambda: listener.refused["wrong-key"] > number),  # noqa: B023 - asked at once
        ):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(published(key))
            await until(has_come)
            writer.close()
            await until(lambda: not listener.connections)
    await until(lambda: open_files() <= before)
    assert listener.refused == {"wrong-key": 50}
    await listener.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("step", [1, 7, 100, 5000])
def test_chunks_come_to_the_same_messages_however_the_network_cuts_them(step: int) -> None:
    bodies = [bytes([kind]) * size for kind, size in ((8, 1), (9, 128), (9, 129), (9, 5000), (18, 0))]
    sent = b"".join(rtmp_chunks.written(9, body, number=3 + at % 2) for at, body in enumerate(bodies))
    parser = Chunks(10_000)
    found = [message for at in range(0, len(sent), step) for message in parser.feed(sent[at : at + step])]
    assert [message.body for message in found] == bodies


@pytest.mark.parametrize("number", [b"\x00\x09", b"\x01\x09\x00"])
def test_a_chunk_stream_may_have_a_long_number(number: bytes) -> None:
    sent = number + bytes(5) + b"\x02\x09" + bytes(4) + b"ab"
    parser = Chunks()
    assert [message.body for byte in sent for message in parser.feed(bytes([byte]))] == [b"ab"]


def test_a_time_goes_on_from_the_last_one() -> None:
    body = b"\0"
    first = b"\x04" + (1000).to_bytes(3) + b"\0\0\x01\x09" + bytes(4) + body
    later = b"\x44" + (40).to_bytes(3) + b"\0\0\x01\x09" + body
    same = b"\xc4" + body
    far = b"\x04" + b"\xff\xff\xff\0\0\x01\x09" + bytes(4) + (0x0100_0000).to_bytes(4) + body
    times = [message.time_ms for message in Chunks().feed(first + later + same + same + far)]
    assert times == [1000, 1040, 1080, 1120, 0x0100_0000]


def test_h265_by_name_is_taken_with_its_parameter_sets() -> None:
    record = bytes(21) + b"\x03\x03"
    for kind in (32, 33, 34):
        record += bytes([kind, 0, 1, 0, 2, kind << 1, 1])
    tags = Tags()
    assert tags.take(b"\x90hvc1" + record) is None
    unit = tags.take(b"\x91hvc1\0\0\x28" + (3).to_bytes(4) + bytes([19 << 1, 1, 7]))
    assert tags.codec == "hevc"
    assert unit is not None
    assert (unit.key, unit.delay_ms) == (True, 40)
    start = b"\0\0\0\1"
    assert unit.data == start.join([b"", b"\x40\1", b"\x42\1", b"\x44\1", bytes([38, 1, 7])])


def test_av1_by_name_is_refused() -> None:
    with pytest.raises(NoUsableCodecError, match="av01"):
        Tags().take(b"\x90av01" + bytes(8))


def test_notation_is_read_with_limits() -> None:
    body = amf.write("publish", 4.0, None, {"a": "b", "c": 2.0})
    assert amf.read(body) == ["publish", 4.0, None, {"a": "b", "c": 2.0}]
    with pytest.raises(amf.NotationError):
        amf.read(b"\x03" + b"\0\x01a\x03" * 20)
    with pytest.raises(amf.NotationError):
        amf.read(b"\x0a\xff\xff\xff\xff" + b"\x05" * 600)
    with pytest.raises(amf.NotationError):
        amf.read(body[:-2])


def test_a_message_that_is_too_large_before_a_key_is_shown_is_garbage() -> None:
    with pytest.raises(GarbageError, match="70000"):
        Chunks().feed(rtmp_chunks.written(20, bytes(70_000), number=3))
