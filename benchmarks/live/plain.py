"""The least there is, the same bytes to as many readers over plain TCP.

`python -m benchmarks.live.plain serve PORT BITS_S`, or `read PORT COUNT`.
"""

from __future__ import annotations

import asyncio
import sys

FPS = 25
READ_BYTES = 65_536


async def serve(port: int, bits_s: int) -> None:
    """Reads one stream from standard input, as it would come from a camera, and sends each picture to all readers."""
    readers: set[asyncio.StreamWriter] = set()

    async def come(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        readers.add(writer)

    server = await asyncio.start_server(come, "127.0.0.1", port)
    source = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(source), sys.stdin)
    size = bits_s // 8 // FPS
    while True:
        try:
            picture = await source.readexactly(size)
        except asyncio.IncompleteReadError:
            break
        for writer in tuple(readers):
            writer.write(picture)
    server.close()


async def read(port: int, count: int) -> None:
    """So many readers."""

    async def one() -> None:
        reader, _ = await asyncio.open_connection("127.0.0.1", port)
        while await reader.read(READ_BYTES):
            pass

    await asyncio.gather(*(one() for _ in range(count)))


if __name__ == "__main__":
    kind, first, second = sys.argv[1:]
    asyncio.run(serve(int(first), int(second)) if kind == "serve" else read(int(first), int(second)))
