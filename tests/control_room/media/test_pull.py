"""Streams that are fetched from an RTSP server, and H.265 that is coded again."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from control_room.media.arriving import RefusedError
from control_room.media.h265 import Transcoders
from control_room.media.pull import Pulls
from launch import rtsp
from tests.control_room.media.taken import Streams, Taken, coded, decoded, until, write_clip

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).parents[2] / "edge" / "rtsp_camera.py"
pytestmark = pytest.mark.anyio
needs_server = pytest.mark.skipif(not rtsp.available(), reason="the system's python3 has no RTSP server")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@contextmanager
def served(clip: Path, codec: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen([rtsp.SYSTEM_PYTHON, str(SERVER), str(port), str(clip), codec])
    try:
        yield port, server
    finally:
        server.kill()
        server.wait()


def children() -> list[str]:
    """Python's, of this process: the event loop begins them in its own thread."""
    found = [Path(f"/proc/{pid}/cmdline") for pid in Path("/proc/thread-self/children").read_text().split()]
    return [line for line in (each.read_text() for each in found if each.exists()) if "control_room.media" in line]


@needs_server
async def test_a_ground_stations_stream_is_read_again_after_its_end_and_no_process_stays(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", "libx264", 30)
    streams = Streams()
    pulls = Pulls(streams, again_after_s=0.05)
    with served(tmp_path / "clip.mp4", "h264") as (port, _):
        pulls.want("source/1", f"rtsp://someone:secret@127.0.0.1:{port}/live")
        await until(lambda: streams.taken and _read_to_its_end(streams.taken[:-1]) and streams.taken[-1].units)
    first = _read_to_its_end(streams.taken)[0]
    assert first.units[0][2]
    assert decoded(first.units, "h264") >= 20
    assert first.units[1][1] - first.units[0][1] == pytest.approx(3600, abs=2)
    await until(lambda: pulls.wanted["source/1"].fault and pulls.wanted["source/1"].tries > 2)
    assert "secret" not in pulls.wanted["source/1"].fault
    await pulls.close()
    assert not children()


def _read_to_its_end(taken: list[Taken]) -> list[Taken]:
    """But for those of which nothing came in time: the server of a busy machine may stand still."""
    return [each for each in taken if each.ended == "the stream ended"]


async def test_a_server_that_is_not_there_is_tried_again_and_said(tmp_path: Path) -> None:
    del tmp_path
    pulls = Pulls(Streams(), again_after_s=0.01)
    pulls.want("source/1", "rtsp://127.0.0.1:9/live")
    await until(lambda: pulls.wanted["source/1"].tries > 0)
    assert "refused" in pulls.wanted["source/1"].fault
    pulls.forget("source/1")
    await until(lambda: not children())
    await pulls.close()


async def test_what_is_no_video_server_does_no_harm() -> None:
    """As would anything that listens at the address: it answers, and not as RTSP."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff\xfe garbage \r\n\r\n" * 50)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    pulls = Pulls(Streams(), again_after_s=0.01)
    pulls.want("source/1", f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/live")
    await until(lambda: pulls.wanted["source/1"].tries > 0)
    await pulls.close()
    server.close()
    assert not children()


async def test_h265_comes_out_as_h264_with_a_key_picture_each_second() -> None:
    streams = Streams()
    transcoders = Transcoders(streams, most=1)
    taker = transcoders.open("source/1")
    units = coded("libx265", 60)
    for data, ticks, key in units:
        taker.take(data, shown_ticks=ticks, key=key)
    await until(lambda: streams.taken and len(streams.taken[0].units) >= 60)
    [taken] = streams.taken
    assert taken.codec == "h264"
    assert decoded(taken.units, "h264") == 60
    assert [ticks for _, ticks, _ in taken.units] == [ticks for _, ticks, _ in units]
    assert [at for at, (_, _, key) in enumerate(taken.units) if key] == [0, 25, 50]
    taker.end("")
    await until(lambda: not transcoders.working)
    assert taken.ended == ""
    assert not children()


async def test_no_more_streams_are_coded_again_than_may_be() -> None:
    transcoders = Transcoders(Streams(), most=1)
    taker = transcoders.open("source/1")
    with pytest.raises(RefusedError, match="as many streams are coded again as may be"):
        transcoders.open("source/2")
    assert transcoders.refused == 1
    taker.end("")
    await until(lambda: not transcoders.working)
    transcoders.open("source/2")
    await transcoders.close()
    assert not children()


async def test_a_stream_that_cannot_be_decoded_ends_and_leaves_no_process() -> None:
    streams = Streams()
    transcoders = Transcoders(streams, most=1)
    taker = transcoders.open("source/1")
    for at in range(1000):
        taker.take(b"\0\0\0\1\x26\x01" + bytes([at % 251]) * 50, shown_ticks=at, key=True)
    await until(lambda: not transcoders.working)
    with pytest.raises(RefusedError, match="cannot be decoded"):
        taker.take(b"\0\0\0\1\x26\x01", shown_ticks=2000, key=True)
    assert not streams.taken
    assert not children()
