"""A large file goes through tus over a network that is cut and to a server that is killed, again and again."""

from __future__ import annotations

import base64
import hashlib
import random
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import httpx
import numpy as np

from benchmarks import town as towns
from benchmarks.endurance.tcp_proxy import TcpProxy

PIECE_BYTES = 4 * 1024 * 1024
_STEP_BYTES = 256 * 1024
_BLOCK_BYTES = 1024 * 1024
_CUT_S = 1.0
_BACK_WITHIN_S = 240
_ROOT = "/api/v1/uploads"
_TUS = {"Tus-Resumable": "1.0.0"}


def film(path: Path, size_bytes: int, seed: int) -> str:
    """A film that can be played, and behind it as much noise as it takes; its SHA-256."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for shade in range(10):
            picture = np.full((48, 64, 3), shade * 20, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    noise = random.Random(seed).randbytes(_BLOCK_BYTES - 8)
    left = size_bytes - path.stat().st_size - 16
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", left + 16))
        while left > 0:
            left -= file.write((left.to_bytes(8) + noise)[:left])  # no block like another
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class _Sending:
    """One upload, as its sender sees it."""

    client: httpx.Client
    file: Path
    troubles: list[tuple[int, str]]
    """From which byte on, and what happens there; in order."""
    trouble: Callable[[str], None]
    address: str = ""
    handed: int = 0
    """Up to which byte pieces were given to the network."""
    resent: list[int] = field(default_factory=list)
    """Bytes that were handed over before and had to be again, one number for each interruption."""
    lost: int = 0
    """Bytes that the room had acknowledged and did not have any more: none."""

    def run(self) -> None:
        size_bytes = self.file.stat().st_size
        self.address = self._begin(size_bytes)
        offset = 0
        with self.file.open("rb") as file:
            while offset < size_bytes:
                file.seek(offset)
                piece = file.read(PIECE_BYTES)
                try:
                    answer = self._add(offset, piece)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.is_success:
                    offset = int(answer.headers["Upload-Offset"])
                    continue
                if answer is not None and answer.status_code not in {409, 423, 502, 503}:
                    raise towns.NotInTimeError(f"the room refuses a piece: {answer.status_code} {answer.text[:200]}")
                found = self._ask()
                self.lost += max(0, offset - found)
                if answer is None:
                    self.resent.append(max(0, self.handed - found))
                offset = found

    def _begin(self, size_bytes: int) -> str:
        name = base64.b64encode(self.file.name.encode()).decode()
        headers = {"Upload-Length": str(size_bytes), "Upload-Metadata": f"filename {name}"}
        answer = self.client.post(_ROOT, headers=_TUS | headers)
        answer.raise_for_status()
        return str(answer.headers["Location"])

    def _add(self, offset: int, piece: bytes) -> httpx.Response:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        headers["Content-Length"] = str(len(piece))
        return self.client.patch(self.address, headers=_TUS | headers, content=self._handed_over(offset, piece))

    def _handed_over(self, offset: int, piece: bytes) -> Iterator[bytes]:
        for at in range(0, len(piece), _STEP_BYTES):
            if self.troubles and offset + at >= self.troubles[0][0]:
                self.trouble(self.troubles.pop(0)[1])
            step = piece[at : at + _STEP_BYTES]
            self.handed = offset + at + len(step)
            yield step

    def _ask(self) -> int:
        """How much the room has, as soon as it can be asked."""

        def asked() -> httpx.Response | None:
            try:
                answer = self.client.head(self.address, headers=_TUS)
            except httpx.TransportError:
                return None
            return answer if answer.is_success else None

        answer: httpx.Response = towns.wait_for(asked, _BACK_WITHIN_S, "an answer of the room")
        return int(answer.headers["Upload-Offset"])


def prove(town: towns.Town, folder: Path, *, size_bytes: int, cuts: int, kills: int, seed: int = 1) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "flight.mp4"
    sha256 = film(file, size_bytes, seed)
    chance = random.Random(seed)
    places = chance.sample(range(1, size_bytes // PIECE_BYTES), cuts + kills)
    kinds = ["cut"] * cuts + ["kill"] * kills
    chance.shuffle(kinds)
    within = (place * PIECE_BYTES + chance.randrange(PIECE_BYTES) for place in sorted(places))
    began_s = time.monotonic()
    room = urlsplit(town.run["url"])
    with TcpProxy(("127.0.0.1", room.port or 80)) as network, town.client() as person:
        credentials = {"X-CSRF-Token": person.headers["X-CSRF-Token"]}
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{network.port}", headers=credentials, cookies=person.cookies, timeout=60
        )
        with client:
            sending = _Sending(client, file, list(zip(within, kinds, strict=True)), _trouble(town, network))
            sending.run()
            found = client.get(sending.address).json()
            client.delete(sending.address, headers=_TUS)
    file.unlink()
    return {
        "proof": "uploads",
        "bytes": size_bytes,
        "cuts": cuts,
        "kills": kills,
        "not_tried": len(sending.troubles),
        "interrupted": len(sending.resent),
        "resent_bytes_max": max(sending.resent, default=0),
        "piece_bytes": PIECE_BYTES,
        "acknowledged_and_lost_bytes": sending.lost,
        "same_hash": found.get("sha256") == sha256,
        "state": found.get("state"),
        "took_s": round(time.monotonic() - began_s, 1),
    }


def _trouble(town: towns.Town, network: TcpProxy) -> Callable[[str], None]:
    def happens(kind: str) -> None:
        if kind == "cut":
            network.cut()
            threading.Timer(_CUT_S, network.mend).start()
            return
        towns.kill_part(town, "room", _BACK_WITHIN_S)

    return happens


def holds(result: dict[str, Any]) -> bool:
    return bool(
        result["same_hash"]
        and result["state"] == "finished"
        and result["acknowledged_and_lost_bytes"] == 0
        and result["resent_bytes_max"] <= result["piece_bytes"]
        and result["not_tried"] == 0
        and result["interrupted"] > 0
    )
