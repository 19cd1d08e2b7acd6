"""A clip published in a process of its own: `python -m benchmarks.live.street URL STREAM BITS_S` (secret on stdin)."""

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
            answer = await client.post(f"/{stream}/whip", content=sdp, headers={"Content-Type": "application/sdp"})
            return answer.raise_for_status().text

        publisher = stubs.Publisher(pictures)
        await publisher.publish(signal)
        sys.stdout.write("publishing\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        await publisher.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
