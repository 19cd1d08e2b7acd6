"""A room on a machine of its own, and the sending half of an agent."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import uuid_utils.compat

from control_room import config
from control_room.backup import making, restoring
from control_room.backup.progress import Progress
from control_room.database import pool
from control_room.store.local import LocalStore
from control_room.store.staging import Incoming
from edge.clock import Clock
from edge.commands.handlers import Handlers
from edge.commands.inbox import Inbox
from edge.commands.keys import RoomKey
from edge.commands.ledger import Ledger
from edge.commands.mutes import Mutes
from edge.evidence import Folder
from edge.health.alarms import Alarms
from edge.health.pulse import Pulse
from edge.outbox import Outbox
from edge.publish import BrokerSettings, Publisher
from edge.upload import Uploader
from edge.uploaded import Limits
from tests.control_room import services
from tests.edge.written import maker
from wire.device import MetricsMessage, StatusMessage

ROOM = Path(sys.executable).parent / "talaia-room"
DEVICE = "dev-1"  # of tests/edge/written.py


class Machine:
    """Settings in a folder, and the commands of the room on them."""

    def __init__(
        self, folder: Path, database_url: str, broker_url: str = "mqtt://127.0.0.1:1", http_port: int = 8080
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database_url = database_url
        self.store = folder / "store"
        self.url = f"http://127.0.0.1:{http_port}"
        self._worker: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self.name = f"backup-{folder.name}-{folder.parent.name}"
        self.file = folder / "room.toml"
        self.file.write_text(
            f'[http]\nlisten = "127.0.0.1:{http_port}"\n'
            f'[database]\nurl = "{database_url}"\n'
            f'[mqtt]\nurl = "{broker_url}"\nclient_id = "{self.name}"\n'
            f'[store]\ndirectory = "{self.store}"\n[ingest]\nbatch_ms = 20\n'
            f'[commands]\nkey_file = "{folder / "keys" / "room.key"}"\n'
            f'[enrolment]\ndirectory = "{folder / "keys"}"\n',
            encoding="utf-8",
        )

    def command(self, *arguments: str) -> list[str]:
        return [str(ROOM), arguments[0], "-c", str(self.file), *arguments[1:]]

    def room(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=200, check=False)

    def well(self, *arguments: str) -> str:
        done = self.room(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def backup(self, copies: Path, at: datetime) -> making.Made:
        """As the command does, without keys."""
        settings = config.load(self.file, {})
        wanted = making.Wanted(copies, None, keep_days=14)
        return making.make(settings, LocalStore(self.store), wanted, lambda: at, Progress(None))

    def restore(self, copies: Path, at: datetime) -> restoring.Restored:
        settings = config.load(self.file, {})
        wanted = restoring.Wanted(copies, None, None)
        return restoring.restore(settings, LocalStore(self.store), wanted, at, Progress(None))

    def make_keys(self) -> str:
        """The public key that commands are signed with."""
        self.well("town-keys")
        return self.well("command-key").strip()

    def add_file(self, content: bytes) -> str:
        """As if a device had sent it: in the store, and in a row."""
        sha256 = hashlib.sha256(content).hexdigest()
        with Incoming(LocalStore(self.store)) as incoming:
            incoming.write(content)
            incoming.keep()
        with pool.connect(self.database_url) as connection:
            connection.execute(
                "INSERT INTO evidence (evidence_id, device_id, kind, media_type, sha256, bytes, received_at)"
                " VALUES (%s, %s, 'snapshot', 'image/jpeg', %s, %s, now())",
                (uuid_utils.compat.uuid7(), DEVICE, sha256, len(content)),
            )
        return sha256

    def path_of(self, sha256: str) -> Path:
        return self.store / "sha256" / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        return self.path_of(sha256).exists()

    def count(self, query: str) -> int:
        with pool.connect(self.database_url) as connection:
            return int(connection.execute(query).fetchall()[0][0])

    def start_worker(self) -> None:
        log = self.folder / "worker.log"
        with log.open("ab") as output:
            self._worker = subprocess.Popen(self.command("worker"), stdin=subprocess.DEVNULL, stderr=output)
        leader_hears = f"{self.name}: hears the broker"
        services.wait_until(lambda: leader_hears in log.read_text(encoding="utf-8"), 180, "a leading worker")

    def start_server(self) -> None:
        with (self.folder / "server.log").open("ab") as output:
            self._server = subprocess.Popen(self.command("serve"), stdin=subprocess.DEVNULL, stderr=output)
        services.wait_until(self._serves, 180, "a server")

    def _serves(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=60).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        for process in (self._worker, self._server):
            if process is not None:
                process.kill()
                process.wait(timeout=60)
        self._worker = self._server = None


class Agent:
    """The agent's own outbox, publisher, uploader and obedience, without cameras."""

    def __init__(self, folder: Path, broker_port: int, command_key: str, room_url: str, token: str) -> None:
        folder.mkdir()
        self.folder = Folder(folder / "evidence")
        self.clock = Clock()
        self.outbox = Outbox(folder / "outbox.sqlite3", self.clock)
        self._ledger = Ledger(folder / "commands.sqlite3", self.clock)
        self._stop = threading.Event()
        handlers = Handlers(
            camera=lambda _: None,
            picture=lambda _: None,
            recordings=None,
            outbox=self.outbox,
            folder=self.folder,
            detector=cast("Any", None),  # no camera, so nothing to look at
            mutes=Mutes(self._ledger, self.clock),
            clock=self.clock,
            free_bytes_min=0,
            written=self._wake,
        )
        inbox = Inbox(
            device_id=DEVICE,
            key=RoomKey.read(command_key),
            ledger=self._ledger,
            handlers=handlers.by_kind(),
            clock=self.clock,
            stop=self._stop,
            wake=self._wake,
        )
        self.publisher = Publisher(
            BrokerSettings(host="127.0.0.1", port=broker_port, device_id=DEVICE),
            outbox=self.outbox,
            clock=self.clock,
            stop=self._stop,
            status=self._status,
            metrics=self._metrics,
            commands=inbox,
            pulse=Pulse("publish", 60.0, self.clock),
        )
        uploader = Uploader(
            url=room_url,
            token=token,
            trust=ssl.create_default_context(),
            outbox=self.outbox,
            folder=self.folder,
            alarms=Alarms(self.clock, lambda: None),
            clock=self.clock,
            stop=self._stop,
            pulse=Pulse("upload", 60.0, self.clock),
            limits=Limits(bytes=1024**3, free_bytes=0),
        )
        self._threads = [
            threading.Thread(target=uploader.run, daemon=True),
            threading.Thread(target=self.publisher.run, daemon=True),
            threading.Thread(target=inbox.run_at_once, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _wake(self) -> None:
        self.publisher.wake()

    def write(self, events: int) -> None:
        """And wait until the room has them."""
        for _ in range(events):
            self.outbox.append(maker(self.clock))
        self.publisher.wake()
        services.wait_until(lambda: self.outbox.counts().pending == 0, 180, "an empty outbox")

    def write_with_clip(self, content: bytes) -> str:
        """An event with a file, which the room may have later; its SHA-256."""
        evidence_id, now = uuid_utils.compat.uuid7(), self.clock.now()
        part = self.folder.part(evidence_id)
        part.write_bytes(content)
        kept = self.folder.take(part, evidence_id, "clip", "video/mp4", now, now)
        make = maker(self.clock)
        self.outbox.append(
            lambda place: make(place).model_copy(update={"evidence": [kept.reference]}), evidence=[kept.file]
        )
        self.write(0)
        return kept.reference.sha256

    def wait_for_uploads(self) -> None:
        services.wait_until(lambda: self.outbox.evidence_count() == 0, 180, "all files uploaded")

    def written(self) -> list[tuple[str, int]]:
        return [(str(self.outbox.outbox_id), n) for n in range(1, self.outbox.counts().written + 1)]

    def end(self) -> None:
        self._stop.set()
        self.publisher.wake()
        for thread in self._threads:
            thread.join(60)
        self.outbox.close()
        self._ledger.close()

    def _status(self, online: bool, reason: str) -> StatusMessage:  # noqa: FBT001 - as the agent's
        return StatusMessage(
            message_id=uuid_utils.compat.uuid7(),
            device_id=DEVICE,
            sent_at=datetime.now(UTC),
            online=online,
            version="test",
            reason=reason,
        )

    def _metrics(self) -> MetricsMessage:
        return MetricsMessage(
            device_id=DEVICE, sent_at=datetime.now(UTC), outbox_pending=0, evidence_pending=0, disk_free_bytes=1
        )
