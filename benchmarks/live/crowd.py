"""Many viewers of one stream in a process of their own: `python -m benchmarks.live.crowd URL STREAM COUNT`.

The secret comes first on standard input. Prints one JSON line when all of them see pictures, and one for
each line of standard input then: what they have got.
"""

from __future__ import annotations

import asyncio
import json
import sys

import httpx

from benchmarks.live import stubs

_TELL_EVERY_S = 1.0
_AT_ONCE = 4


def _said(viewers: list[stubs.Viewer]) -> dict[str, object]:
    return {
        "pictures": [viewer.pictures for viewer in viewers],
        "packets": sum(viewer.packets for viewer in viewers),
        "missing": sum(viewer.missing for viewer in viewers),
    }


async def main(url: str, stream: str, count: str) -> int:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    secret = (await reader.readline()).decode().strip()
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:

        async def signal(sdp: str) -> str:
            answer = await client.post(f"/{stream}/whep", content=sdp, headers={"Content-Type": "application/sdp"})
            return answer.raise_for_status().text

        viewers = [stubs.Viewer() for _ in range(int(count))]
        slots = asyncio.Semaphore(_AT_ONCE)

        async def watch(viewer: stubs.Viewer) -> None:
            async with slots:
                await viewer.watch(signal)

        async def tell() -> None:
            while True:
                await asyncio.sleep(_TELL_EVERY_S)
                for viewer in viewers:
                    await viewer.tell()

        telling = asyncio.create_task(tell())
        await asyncio.gather(*map(watch, viewers))
        while not all(viewer.pictures for viewer in viewers):  # noqa: ASYNC110 - a count, not an event
            await asyncio.sleep(0.05)
        while True:
            sys.stdout.write(json.dumps(_said(viewers)) + "\n")
            sys.stdout.flush()
            if not await reader.readline():
                break
        telling.cancel()
        await asyncio.gather(*(viewer.close() for viewer in viewers), return_exceptions=True)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
