"""The parts of the long proofs that need no running system, in small."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from benchmarks.endurance import day, month
from benchmarks.endurance.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_month_in_small_is_written_kept_and_emptied(tmp_path: Path) -> None:
    result = month.prove(tmp_path, days=2, events_a_day=30)
    assert month.holds(result), result
    assert (result["written"], result["evidence_waited"]) == (180, 180)
    assert result["kib_written_an_event"] < 400


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(100):
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.close()


def test_a_cut_network_swallows_and_a_mended_one_carries_again(echo: tuple[str, int]) -> None:
    with TcpProxy(echo) as proxy:
        before = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
        before.sendall(b"here")
        assert before.recv(100) == b"here"
        proxy.cut()
        before.sendall(b"lost")
        before.settimeout(0.5)
        with pytest.raises(TimeoutError):
            before.recv(100)
        proxy.mend()
        after = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
        after.sendall(b"again")
        assert after.recv(100) == b"again"
        before.close()
        after.close()


def test_memory_is_judged_by_its_quarters() -> None:
    steady = day.memory_of([100, 180, 200, 202, 201, 199, 203, 200])
    growing = day.memory_of([100, 180, 200, 220, 240, 260, 280, 300])
    assert steady["rss_mib_by_quarter"] == [140.0, 201.0, 200.0, 201.5]
    assert steady["growth"] < day.GROWTH_MAX < growing["growth"]
