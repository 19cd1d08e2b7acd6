"""A clip published in a process of its own: `python -m benchmarks.live.street URL STREAM BITS_S`.

The secret comes first on standard input; for each further line the source begins anew: by turns it says goodbye first,
or is replaced while it still sends. A line is printed whenever it is published.
"""

from __future__ import annotations

import asyncio
import sys

import httpx

from benchmarks.live import camera, stubs

_CLIP_S = 4.0


async def main(url: str, stream: str, bits_s: str) -> int:
    secret = sys.stdin.readline().strip()
    pictures = camera.clip(_CLIP_S, int(bits_s))
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=60) as client:

        async def signal(sdp: str) -> str:
            answer = await client.post(
                f"/{stream}/whip", content=sdp, params={"replace": "true"}, headers={"Content-Type": "application/sdp"}
            )
            return answer.raise_for_status().text

        publisher, count = stubs.Publisher(pictures), 0
        await publisher.publish(signal)
        while True:
            sys.stdout.write("publishing\n")
            sys.stdout.flush()
            if not await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
                break
            count += 1
            if count % 2:
                await publisher.close()
            following = stubs.Publisher(pictures)
            await following.publish(signal)
            await publisher.close()
            publisher = following
        await publisher.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
